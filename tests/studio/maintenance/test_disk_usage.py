"""What lies where, what can go, and that nothing goes which a job still needs."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from studio.artifacts.segments import SegmentStore
from studio.errors import InvalidInput
from studio.jobs.model import Job, JobState
from studio.jobs.store import JobStore
from studio.library import Library
from studio.maintenance.disk_usage import DiskUsage
from studio.paths import DataPaths
from studio.settings import LibrarySettings


class Jobs:
    def __init__(self, store: JobStore) -> None:
        self._store = store

    def list(self, states: tuple[JobState, ...] = (), *, limit: int = 50) -> list[Job]:
        return self._store.find(states, limit=limit)


class Place:
    """A data folder with a disk over it."""

    def __init__(self, root: Path, quota_gib: float = 50.0) -> None:
        self.paths = DataPaths(root)
        root.mkdir()
        settings = LibrarySettings(quota_gib=quota_gib)
        self.store = JobStore(self.paths.jobs)
        self.library = Library(self.paths.outputs, settings)
        self.at_work = False
        self.disk = DiskUsage(
            self.paths, self.library, SegmentStore(self.paths.segments, 10**9), Jobs(self.store), settings,
            engines_at_work=lambda: self.at_work,
        )  # fmt: skip

    def file(self, name: str, size: int = 8192, age: float = 0.0) -> Path:
        path = self.paths.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(os.urandom(size))
        os.utime(path, (time.time() - age,) * 2)
        return path

    def room(self, name: str) -> int:
        return next(room.bytes for room in self.disk.report(fresh=True).rooms if room.name == name)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path / "data")


def test_every_part_is_measured_and_links_count_once(place: Place) -> None:
    weights = place.file("weights/hub/model.safetensors", 100_000)
    os.link(weights, place.paths.weights / "again.safetensors")
    (place.paths.weights / "far").symlink_to("/usr/lib")
    place.file("logs/greenroom.log")
    report = place.disk.report()
    sizes = {room.name: room.bytes for room in report.rooms}
    assert 100_000 <= sizes["weights"] < 130_000 and sizes["logs"] >= 8192 and sizes["databases"] > 0
    assert 0 < report.free <= report.total
    place.file("cache/new", 50_000)
    assert place.disk.report() is report, "a report is kept for a while"
    assert {one["name"] for one in place.disk.report(fresh=True).as_dict()["rooms"]} == set(sizes)
    assert place.room("cache") >= 50_000


def test_uploads_go_but_for_new_ones_and_those_of_waiting_jobs(place: Place) -> None:
    old = place.file("uploads/aa/old.wav", age=7200)
    new = place.file("uploads/bb/new.wav")
    needed = place.file("uploads/cc/needed.wav", age=7200)
    place.store.add("lip_sync", "A face", "cpu", {"face": {"deep": [str(needed)]}})
    assert place.disk.clear("uploads") >= 8192
    assert (old.exists(), new.exists(), needed.exists()) == (False, True, True)


def test_pieces_and_caches_wait_for_those_who_use_them(place: Place) -> None:
    piece, cached = place.file("segments/ab/abc.wav"), place.file("cache/engine/kernel.bin")
    job = place.store.add("voiceover", "Long", "cpu", {})
    with pytest.raises(InvalidInput, match="have not ended"):
        place.disk.clear("segments")
    place.at_work = True
    with pytest.raises(InvalidInput, match="Unload"):
        place.disk.clear("cache")
    assert piece.exists() and cached.exists()
    place.store.request_cancel(job.id)
    place.at_work = False
    assert place.disk.clear("segments") >= 8192 and place.disk.clear("cache") >= 8192
    assert not piece.exists() and not cached.exists() and place.paths.segments.is_dir()


def test_rotated_logs_go_and_the_present_one_stays(place: Place) -> None:
    present, old = place.file("logs/greenroom.log"), place.file("logs/greenroom.log.2")
    assert place.disk.clear("logs") >= 8192
    assert present.exists() and not old.exists()


def test_the_quota_spares_what_a_queued_job_is_made_from(tmp_path: Path) -> None:
    place = Place(tmp_path / "data", quota_gib=1e-9)
    paths = [place.file(f"outputs/{name}.txt", age=age) for name, age in (("needed", 900), ("old", 800), ("newest", 1))]
    place.store.add("lip_sync", "A face", "cpu", {"audio": str(paths[0])})
    assert place.disk.outputs_in_use() == {"needed.txt"}
    assert "outputs" in {one.name for one in place.disk.report().disposable}
    assert place.disk.enforce_quota() == 1
    assert [path.exists() for path in paths] == [True, False, True]


@pytest.mark.parametrize("name", ["", "weights", "../outputs", "voices"])
def test_nothing_else_can_be_cleared(place: Place, name: str) -> None:
    with pytest.raises(InvalidInput, match="can go"):
        place.disk.clear(name)
