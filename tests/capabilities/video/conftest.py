from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from capabilities.registry import all_capabilities
from capabilities.video.capability import TextToVideo
from studio.jobs.model import Job, JobState
from studio.services import Services
from studio.settings import load_settings
from tests.engines.video.wan.conftest import environments, model_python, wan_weights

__all__ = ["environments", "maker", "model_python", "wan_weights"]

SMALL = "192x108"


class ClipMaker:
    """A studio of its own, and the few calls that tests of clips need."""

    def __init__(self, folder: Path) -> None:
        self.studio = Services.open(load_settings(data={"folder": folder}), all_capabilities)
        production = self.studio.capability(TextToVideo)
        self.clips = production

    def run(self, kind: str = "text_to_video", **spec: Any) -> Job:
        submitted = self.studio.jobs.submit(kind, {"size": SMALL, "seed": 7, **spec})
        return self.studio.jobs.wait(submitted.id, 120)

    def make(self, kind: str = "text_to_video", **spec: Any) -> Job:
        job = self.run(kind, **spec)
        assert job.state is JobState.DONE, job.error
        return job

    def rendered(self, job: Job) -> list[int]:
        """Numbers of the shots that this job rendered itself."""
        return [event.data["index"] for event in self.studio.jobs.events(job.id) if event.kind == "shot"]

    def upload(self, name: str, data: bytes) -> str:
        folder = self.studio.paths.root / "uploads"
        folder.mkdir(exist_ok=True)
        (folder / name).write_bytes(data)
        return str(folder / name)


@pytest.fixture(scope="session")
def maker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClipMaker]:
    made = ClipMaker(tmp_path_factory.mktemp("clips") / "data")
    yield made
    made.studio.close()
