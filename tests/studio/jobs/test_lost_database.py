"""The list of jobs outlives the deletion of its file under a running server."""

from __future__ import annotations

import errno
import shutil
from pathlib import Path
from typing import Any

import httpx
import pytest

from studio.errors import StorageError, storage_error_of
from studio.jobs.store import JobStore
from studio.maintenance.disk_usage import DiskUsage
from studio.paths import DataPaths
from tests.servers import running_studio


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "jobs.db"


def titles(path: Path) -> list[str]:
    """What the next server finds."""
    store = JobStore(path)
    found = sorted(job.title for job in store.find(limit=100))
    store.close()
    return found


def test_the_next_write_brings_the_whole_list_back(path: Path) -> None:
    told: list[int] = []
    store = JobStore(path, lambda: told.append(1))
    store.add("speak", "first", "cpu", {})
    for part in path.parent.glob("jobs.db*"):
        part.unlink()
    store.add("speak", "second", "cpu", {})
    assert path.exists() and told == [1]
    assert [job.title for job in store.find()] == ["second", "first"], "readers see the file that is there"
    store.close()
    assert titles(path) == ["first", "second"]


def test_the_file_alone_or_another_in_its_place(path: Path) -> None:
    """Its log may be left behind, which belongs to no other file; or something else has taken the name."""
    store = JobStore(path)
    store.add("speak", "first", "cpu", {})
    path.unlink()
    store.ensure_stored()
    store.add("speak", "second", "cpu", {})
    path.unlink()
    path.write_bytes(b"no database")
    store.add("speak", "third", "cpu", {})
    store.close()
    (kept,) = path.parent.glob("jobs.replaced-*.db")
    assert kept.read_bytes() == b"no database", "what lay there is somebody's"
    assert titles(path) == ["first", "second", "third"]


def test_the_whole_folder_is_gone(tmp_path: Path) -> None:
    path = tmp_path / "data" / "jobs.db"
    store = JobStore(path)
    store.add("speak", "only", "cpu", {})
    shutil.rmtree(path.parent)
    store.ensure_stored()
    store.close()
    assert titles(path) == ["only"]


def test_a_clean_end_leaves_the_list(path: Path) -> None:
    store = JobStore(path)
    store.add("speak", "only", "cpu", {})
    path.unlink()
    store.close()
    store.close()
    assert titles(path) == ["only"]


@pytest.mark.slow
def test_a_server_says_that_it_was_lost(tmp_path: Path) -> None:
    with running_studio(tmp_path / "data") as studio:
        (tmp_path / "data" / "jobs.db").unlink()
        assert httpx.get(f"{studio.url}/readyz", timeout=30).json() == {"ready": True}
        assert (tmp_path / "data" / "jobs.db").is_file()
        (event,) = [one for one in studio.client().predict(50, api_name="/machine_events") if one["kind"] == "storage"]
        assert "written anew" in event["sentence"]


def test_a_full_disk_is_no_readiness(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    disk = DiskUsage(DataPaths(tmp_path), None, None, None, None, engines_at_work=lambda: False)  # type: ignore[arg-type]
    disk.check_writable()
    assert not list(DataPaths(tmp_path).scratch.iterdir())

    def full(path: Path, data: bytes) -> Any:
        raise OSError(errno.ENOSPC, "No space left on device", str(path))

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(StorageError, match="full") as refused:
        disk.check_writable()
    assert str(tmp_path) not in str(refused.value)


def test_a_full_disk_is_known_as_the_cause_of_another_error() -> None:
    try:
        try:
            raise OSError(errno.ENOSPC, "No space left on device", "/a/folder")
        except OSError as error:
            raise RuntimeError("could not be encoded") from error
    except RuntimeError as error:
        told = storage_error_of(error)
    assert told is not None and "full" in told.reason and "/a/folder" not in str(told)
    assert storage_error_of(ValueError("no disk")) is None
