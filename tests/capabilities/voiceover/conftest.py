from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from capabilities.registry import all_capabilities
from capabilities.voiceover.capability import Voiceover
from studio.jobs.model import Job, JobState
from studio.services import Services
from studio.settings import load_settings
from tests.studio.verification.conftest import hearts, site, studio

__all__ = ["hearts", "narrator", "open_narrator", "site", "studio"]

MOODY = "tests.capabilities.voiceover.moody_engine:Moody"


class Narrator:
    """A studio of its own, and the few calls that tests of narrations need."""

    def __init__(self, folder: Path, **settings: Any) -> None:
        self.studio = Services.open(
            load_settings(data={"folder": folder}, engines={"extra": (MOODY,)}, **settings), all_capabilities
        )
        production = self.studio.capability(Voiceover)
        self.voiceover = production

    def speak(self, script: str, kind: str = "voiceover", **spec: Any) -> Job:
        """A finished narration."""
        job = self.run({"script": script, **spec}, kind)
        assert job.state is JobState.DONE, job.error
        return job

    def run(self, spec: dict[str, Any], kind: str = "voiceover") -> Job:
        return self.studio.jobs.wait(self.studio.jobs.submit(kind, spec).id, 120)

    def prepared(self, script: str, **spec: Any) -> Any:
        return self.voiceover.prepare(self.voiceover.Spec(script=script, **spec))

    def spoken(self, job: Job) -> list[str]:
        """Ids of the pieces that this job rendered itself."""
        return [event.data["id"] for event in self.studio.jobs.events(job.id) if event.kind == "segment"]


@pytest.fixture(scope="session")
def narrator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Narrator]:
    """A studio that all tests of narrations share; rendered pieces are shared too, so texts that count pieces must be new."""
    made = Narrator(tmp_path_factory.mktemp("narrations") / "data")
    yield made
    made.studio.close()


@pytest.fixture
def open_narrator() -> Iterator[Callable[..., Narrator]]:
    opened: list[Narrator] = []

    def make(folder: Path, **settings: Any) -> Narrator:
        opened.append(Narrator(folder, **settings))
        return opened[-1]

    yield make
    for one in opened:
        one.studio.close()
