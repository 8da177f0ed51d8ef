"""A real hog of memory in a real worker is ended at the kill limit, its job says why, and the studio goes on."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html import unescape
from pathlib import Path, PurePosixPath
from typing import Any

import psutil
import pytest

from capabilities.registry import all_capabilities
from studio.jobs.model import JobState
from studio.memory.machine.gpu import NoGpu
from studio.memory.machine.readings import MachineFiles
from studio.memory.manager import MemoryManager
from studio.services import Services
from studio.settings import MemorySettings, load_settings
from studio.units import GIB
from tabs.system.jobs import jobs_panel
from tabs.system.memory import memory_panel
from tests.servers import wait_until

TOTAL, OTHERS = 2 * GIB, 0.4 * GIB


def descendants() -> list[psutil.Process]:
    return psutil.Process().children(recursive=True)


@dataclass(frozen=True)
class SmallMachine(MachineFiles):
    """A machine of 2 GiB in which the children that this process gets from now on hold what they really hold."""

    strangers: frozenset[int] = field(default_factory=lambda: frozenset(child.pid for child in descendants()))

    def text(self, path: str | PurePosixPath) -> str | None:
        if str(path) != "/proc/meminfo":
            return super().text(path) if str(path).endswith("/status") else None
        held = 0
        for child in descendants():
            if child.pid in self.strangers:
                continue  # servers of other tests
            try:
                held += child.memory_info().rss
            except psutil.Error:
                continue
        available = max(0, int(TOTAL - OTHERS - held))
        return f"MemTotal: {TOTAL // 1024} kB\nMemFree: {available // 1024} kB\nMemAvailable: {available // 1024} kB\n"


@pytest.fixture
def studio(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Services]:
    def watched(settings: MemorySettings, root: Path) -> MemoryManager:
        keeper = MemoryManager(settings, root, files=SmallMachine(), gpu=NoGpu())
        keeper.sampler._slow_seconds = 3600.0  # the watch has to wake up with the load and not at its next turn
        return keeper

    monkeypatch.setattr("studio.services.MemoryManager", watched)
    wishes: dict[str, Any] = {
        "data": {"folder": tmp_path / "data"},
        "engines": {"extra": ["tests.tabs.system.hog_engine:HeavyHog"]},
        "memory": {"sample_seconds": 0.1},
        "voiceover": {"check": "off"},
    }
    studio = Services.open(load_settings(**wishes), all_capabilities)
    yield studio
    studio.close()


@pytest.mark.slow
def test_the_hog_is_ended_and_the_studio_is_unharmed(studio: Services) -> None:
    hog = {"script": "Hungry.", "engine": "hog", "voice": "", "options": {"behaviour": "hog", "hog_gib": 1.9}}
    job = studio.jobs.wait(studio.jobs.submit("voiceover", hog).id, 150)
    assert job.state is JobState.FAILED and job.error is not None, job.note
    assert re.search(r"Heavy hog was ended because \d+% of .* the limit is 92%", job.error.reason), job.error.reason
    assert job.peak_gib > 1.0
    assert job.error.reason in unescape(jobs_panel([job]))
    events = [event.as_dict() for event in studio.memory.events.newest()]
    assert "ended" in {event["kind"] for event in events}
    assert "Heavy hog was ended because" in memory_panel(studio.memory.report(), events=events)
    wait_until(lambda: [entry.engine_id for entry in studio.memory.ledger.ended()] == ["hog"], 60)
    (life,) = studio.memory.ledger.ended()
    assert "Heavy hog was ended" in life.death and life.returned is not None
    after = studio.jobs.wait(studio.jobs.submit("voiceover", {"script": "All is well.", "engine": "hibari"}).id, 150)
    assert after.state is JobState.DONE, after.error
