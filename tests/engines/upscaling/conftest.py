from __future__ import annotations

import io
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from capabilities.registry import all_capabilities
from media.audio.audio import Audio
from media.video.write import VideoWriter, join_video
from studio.jobs.model import Job, JobState
from studio.services import Services
from studio.settings import load_settings
from tests.engines.speech.torch_engines.conftest import environments, model_python

__all__ = ["environments", "model_python"]

SIZE, FRAMES, FPS = (48, 32), 30, Fraction(10)


class Enlarging:
    """A studio, a small video with a tone in its library, and the few calls that tests of upscaling need."""

    def __init__(self, folder: Path, **settings: Any) -> None:
        self.studio = Services.open(
            load_settings(data={"folder": folder, **settings.pop("data", {})}, **settings), all_capabilities
        )
        self.source = self.studio.library.add(moving(folder / "source.mp4"), "video", "A moving square", {"spec": {}}).id

    def run(self, **spec: Any) -> Job:
        return self.studio.jobs.wait(self.studio.jobs.submit("upscale", {"video": self.source, **spec}).id, 120)

    def make(self, **spec: Any) -> Job:
        job = self.run(**spec)
        assert job.state is JobState.DONE, job.error
        return job


def moving(path: Path) -> Path:
    """Three seconds of a bright square that goes to the right, with a tone."""
    silent = path.with_name("silent.mp4")
    with VideoWriter(silent, SIZE, FPS, 95) as writer:
        for number in range(FRAMES):
            picture = np.full((SIZE[1], SIZE[0], 3), (40, 60, 80), np.uint8)
            picture[8:24, number : number + 12] = (230, 220, 120)
            writer.write(picture)
    tone = Audio((0.2 * np.sin(np.arange(round(48_000 * FRAMES / float(FPS))) * 0.06)).astype(np.float32), 48_000)
    join_video(path, [silent], FPS, iter([tone]))
    silent.unlink()
    return path


def png(picture: np.ndarray) -> bytes:
    from PIL import Image

    made = io.BytesIO()
    Image.fromarray(picture).save(made, "PNG")
    return made.getvalue()


@pytest.fixture(scope="module")
def enlarging(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Enlarging]:
    folder = tmp_path_factory.mktemp("upscaling") / "data"
    folder.mkdir()
    made = Enlarging(folder)
    yield made
    made.studio.close()
