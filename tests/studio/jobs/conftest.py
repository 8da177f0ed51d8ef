from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from engines.catalog import Catalog
from studio.artifacts.segments import SegmentStore
from studio.jobs.capability import JobContext
from studio.jobs.lanes import JobLanes
from studio.jobs.runner import JobRunner
from studio.jobs.service import JobService
from studio.jobs.store import JobStore
from studio.settings import JobSettings, LaneSettings
from tests.studio.jobs.pieces import Pieces


class NoEngines:
    """Lends nothing: for jobs that use no engine."""

    def lease(self, engine_class, options, **callbacks):
        raise AssertionError("This job asked for an engine.")

    def release(self, engine_class):
        raise AssertionError("This job held no engine.")


class Workshop:
    """Jobs over a folder, with real lanes and the real runner, and the `Pieces` production."""

    def __init__(self, folder: Path, before_piece: Callable[[JobContext, int], None] | None = None, cpu_jobs: int = 2) -> None:
        self.folder = folder
        self.store = JobStore(folder / "jobs.db")
        self.segments = SegmentStore(folder / "segments", 10**9, self.store.earliest_start)
        self.pieces = Pieces(self.segments, folder / "outputs", before_piece)
        lanes = JobLanes(LaneSettings(cpu_jobs=cpu_jobs), folder)
        self.capabilities = {self.pieces.kind: self.pieces}
        self.runner = JobRunner(self.store, self.capabilities, lanes, NoEngines(), Catalog(), folder / "scratch")
        self.jobs = JobService(self.store, self.runner, self.capabilities, JobSettings(keep_days=90, keep_count=100), folder)

    def open(self) -> Workshop:
        self.runner.start()
        return self

    def close(self, timeout: float = 4.0) -> None:
        self.runner.close(timeout)
        self.store.close()


@pytest.fixture
def workshop(tmp_path: Path) -> Iterator[Callable[..., Workshop]]:
    opened: list[Workshop] = []

    def make(**options) -> Workshop:
        folder = options.pop("folder", tmp_path / "data")
        folder.mkdir(exist_ok=True)
        opened.append(Workshop(folder, **options))
        return opened[-1]

    yield make
    for one in opened:
        one.close()
