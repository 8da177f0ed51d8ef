"""A film that is stored oddly, through a whole job: what comes out looks and sounds as it did in a player."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from capabilities.registry import all_capabilities
from media.audio.audio import Audio
from media.audio.decode import decode_audio
from media.video.read import probe_video, read_frames
from studio.jobs.model import JobState
from studio.preprocessing import prepare_video
from studio.services import Services
from studio.settings import load_settings
from tests.media.samples import sine
from tests.media.video.odd_files import film, with_matrix
from tests.media.video.test_odd_films import CORNERS, quarters

RATE = 48_000


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
    made = Services.open(load_settings(data={"folder": tmp_path_factory.mktemp("films") / "data"}), all_capabilities)
    yield made
    made.close()


def odd_film(folder: Path) -> Path:
    """A mirrored film with pixels twice as wide as high and 5.1 sound, the voice in its centre, that begins 0.68 s late."""
    folder.mkdir(parents=True, exist_ok=True)
    six = np.zeros((RATE, 6), np.float32)
    six[:, 2] = sine(440, 1.0, RATE).samples[:, 0]
    path = film(folder / "odd.mp4", [CORNERS] * 50, sound=Audio(six, RATE), layout="5.1", late=0.68, aspect=Fraction(2))
    return with_matrix(path, -1, 0, 0, 1)


def check(result: Path, size: tuple[int, int]) -> None:
    info = probe_video(result)
    assert (info.width, info.height) == size
    assert quarters(next(read_frames(result)).picture) == [1, 0, 3, 2]
    heard = np.abs(decode_audio(result).samples).max(axis=1)
    loud = np.flatnonzero(heard > 0.1) / RATE
    assert loud[0] == pytest.approx(0.68, abs=0.03) and loud[-1] == pytest.approx(1.68, abs=0.03)


def test_a_film_made_larger_keeps_its_side_its_shape_its_voice_and_its_time(studio: Services) -> None:
    path = odd_film(studio.paths.root / "uploads")
    job = studio.jobs.wait(studio.jobs.submit("upscale", {"video": str(path), "engine": "basic-upscale"}).id, 120)
    assert job.state is JobState.DONE, job.error
    check(studio.library.get(job.outputs[0].id).path, (384, 128))


def test_a_film_made_fit_for_a_server_does_so_too(tmp_path: Path) -> None:
    check(prepare_video(odd_film(tmp_path / "in"), {"multiple": 2}, tmp_path / "out"), (192, 64))
    trimmed = prepare_video(odd_film(tmp_path / "in"), {"multiple": 2}, tmp_path / "out", (0.4, 1.4))
    loud = np.flatnonzero(np.abs(decode_audio(trimmed).samples).max(axis=1) > 0.1) / RATE
    assert loud[0] == pytest.approx(0.28, abs=0.03)
    silent = prepare_video(odd_film(tmp_path / "in"), {"multiple": 2}, tmp_path / "out", (0.0, 0.4))
    assert np.abs(decode_audio(silent).samples).max() < 0.01
