"""Disk usage by area, and removal of what is not needed."""

from __future__ import annotations

import contextlib
import shutil
import threading
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from media.messages.message import Message
from studio.artifacts.segments import SegmentStore
from studio.errors import InvalidInput, StorageError, storage_error_of
from studio.jobs.model import ACTIVE, Job, JobState
from studio.library import Library
from studio.maintenance.files_on_disk import disk_space, disk_space_of, entries, last_change, remove, texts_in
from studio.paths import DataPaths
from studio.settings import LibrarySettings

GIB = 2**30
ASSETS_FOLDER = "assets"
PROBE_BYTES = 65_536
FRESH_SECONDS = 300.0
UNUSED_UPLOAD_SECONDS = 86_400.0
"""After so long an upload that no job of the list names is removed by itself."""
YOUNG_SECONDS = 3600.0
"""Uploads younger than this may belong to a form that is being filled in."""


class JobList(Protocol):
    """The part of the job service that this module uses."""

    def list(self, states: Collection[JobState | str] = ..., *, limit: int = ...) -> Sequence[Job]: ...

    def specs_naming(self, text: str) -> Iterator[dict[str, Any]]: ...


@dataclass(frozen=True)
class StorageArea:
    """One part of the data folder. `bytes` is its size on the disk; `quota` is 0 for no limit."""

    name: str
    title: str
    bytes: int
    files: int
    quota: int = 0


@dataclass(frozen=True)
class ReclaimableSpace:
    """Data that can be removed: their size, and a sentence about the consequence."""

    name: str
    title: str
    bytes: int
    loss: str


@dataclass(frozen=True)
class DiskReport:
    """The data folder and its disk, as measured at `at` (seconds since the epoch)."""

    at: float
    total: int
    free: int
    rooms: tuple[StorageArea, ...]
    disposable: tuple[ReclaimableSpace, ...]

    def as_dict(self) -> dict[str, Any]:
        """Return the report for the API; sizes in bytes."""
        return {
            "at": self.at,
            "total": self.total,
            "free": self.free,
            "rooms": [dict(vars(room)) for room in self.rooms],
            "can_go": [dict(vars(one)) for one in self.disposable],
        }


class DiskUsage:
    """Measures and clears disk usage. A scan of the folders takes a second, so a report is cached for five minutes unless
    refreshed.

    Any thread may call any method; one lock serialises scans. Data that unfinished jobs need are never removed.
    """

    def __init__(
        self,
        paths: DataPaths,
        library: Library,
        segments: SegmentStore,
        jobs: JobList,
        settings: LibrarySettings,
        *,
        engines_at_work: Callable[[], bool],
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._paths, self._library, self._segments, self._jobs, self._settings = paths, library, segments, jobs, settings
        self._engines_at_work = engines_at_work
        self._clock = clock
        self._lock = threading.Lock()
        self._kept: DiskReport | None = None

    def adopt(self, settings: LibrarySettings) -> None:
        """Go by this quota from now on."""
        self._settings = settings

    def report(self, *, fresh: bool = False) -> DiskReport:
        with self._lock:
            kept = self._kept
            if kept is None or fresh or self._clock() - kept.at > FRESH_SECONDS:
                kept = self._kept = self._measure()
            return kept

    def clear(self, name: str) -> int:
        """Remove the data of a name and return the bytes that were freed.

        Raises:
            InvalidInput: the name is unknown, or the data are in use.
        """
        ways: dict[str, Callable[[], int]] = {
            "outputs": self._clear_outputs,
            "segments": self._clear_segments,
            "uploads": lambda: remove(self._old_uploads()),
            "cache": self._clear_cache,
            "logs": lambda: remove(self._old_logs()),
        }
        if name not in ways:
            raise InvalidInput("disk.unknown-part", name=str(name)[:40], known=sorted(ways))
        freed = ways[name]()
        with self._lock:
            self._kept = None
        return freed

    def outputs_in_use(self) -> set[str]:
        """Return ids of the outputs that are inputs of unfinished jobs."""
        needed = set(texts_in(job.spec for job in self._unended()))
        return {output.id for output in self._library.list(limit=None) if {output.id, str(output.path)} & needed}

    def enforce_quota(self) -> int:
        """Remove outputs by retention and quota, except those that a job needs, and return their number."""
        return len(self._library.enforce_quota(self.outputs_in_use()))

    def check_writable(self) -> None:
        """Write a few bytes into the data folder and remove them.

        Raises:
            StorageError: the disk is full, read-only or failing.
        """
        probe = self._paths.scratch / ".writable"
        try:
            self._paths.scratch.mkdir(parents=True, exist_ok=True)
            probe.write_bytes(b"\0" * PROBE_BYTES)
        except OSError as error:
            raise storage_error_of(error) or StorageError("storage.not-writable") from error
        finally:
            with contextlib.suppress(OSError):
                probe.unlink()

    def remove_unused_uploads(self) -> int:
        """Remove uploads older than a day that no listed job refers to, and return the bytes that were freed.

        Kept assets are listed on the Character Swap tab and remain until they are deleted there.
        """
        uploads = self._paths.root / "uploads"
        named = [text for spec in self._jobs.specs_naming(uploads.name) for text in texts_in(spec)]
        oldest = self._clock() - UNUSED_UPLOAD_SECONDS
        old = (path for path in entries(uploads) if path.name != ASSETS_FOLDER and last_change(path) < oldest)
        return remove(path for path in old if not any(text.startswith(str(path)) for text in named))

    # Inside

    def _unended(self) -> Sequence[Job]:
        return self._jobs.list(tuple(ACTIVE), limit=1000)

    def _measure(self) -> DiskReport:
        usage = shutil.disk_usage(self._paths.root)
        return DiskReport(self._clock(), usage.total, usage.free, tuple(self._rooms()), tuple(self._disposable()))

    def _rooms(self) -> Iterator[StorageArea]:
        paths, settings = self._paths, self._settings
        folders = (
            ("outputs", "Results", paths.outputs, settings.quota_gib),
            ("segments", "Rendered pieces", paths.segments, settings.segment_cache_gib),
            ("clips", "Rendered shots", paths.root / "clips", settings.segment_cache_gib),
            ("voices", "Voices", paths.voices, 0),
            ("conversations", "Conversations", paths.conversations, 0),
            ("projects", "Projects", paths.projects, 0),
            ("uploads", "Uploads", paths.root / "uploads", 0),
            ("scratch", "Unfinished work", paths.scratch, 0),
            ("weights", "Model weights", paths.weights, 0),
            ("environments", "Model environments", paths.environments, 0),
            ("cache", "Caches of engines", paths.cache, 0),
            ("logs", "Logs", paths.logs, 0),
        )
        for name, title, folder, quota_gib in folders:
            size, files = disk_space(folder)
            yield StorageArea(name, title, size, files, int(quota_gib * GIB))
        size, files = disk_space_of(path for path in paths.root.glob("*.db*") if path.is_file())
        yield StorageArea("databases", "Lists of jobs and sizes", size, files)

    def _disposable(self) -> Iterator[ReclaimableSpace]:
        outputs = self._outputs_that_may_go()
        excess = self._library.usage().total - int(self._settings.quota_gib * GIB)
        if excess > 0 and outputs:
            loss = Message.of("disk.loses-oldest").reason()
            yield ReclaimableSpace("outputs", "Results beyond the quota", min(excess, sum(outputs.values())), loss)
        yield ReclaimableSpace(
            "segments",
            "Rendered pieces",
            disk_space(self._paths.segments)[0],
            Message.of("disk.loses-pieces").reason(),
        )
        uploads = sum(disk_space(path)[0] for path in self._old_uploads())
        loss = Message.of("disk.loses-uploads").reason()
        yield ReclaimableSpace("uploads", "Uploads that no waiting job needs", uploads, loss)
        loss = Message.of("disk.loses-caches").reason()
        yield ReclaimableSpace("cache", "Caches of engines", disk_space(self._paths.cache)[0], loss)
        logs = sum(disk_space(path)[0] for path in self._old_logs())
        yield ReclaimableSpace("logs", "Older logs", logs, Message.of("disk.loses-logs").reason())

    def _outputs_that_may_go(self) -> dict[str, int]:
        in_use = self.outputs_in_use()
        return {
            output.id: output.total_size
            for output in self._library.list(limit=None)
            if not output.keep and output.id not in in_use
        }

    def _clear_outputs(self) -> int:
        return sum(removal.size for removal in self._library.enforce_quota(self.outputs_in_use()))

    def _clear_segments(self) -> int:
        if self._unended():
            raise InvalidInput("disk.pieces-in-use")
        return remove(path for folder in entries(self._paths.segments) for path in entries(folder))

    def _clear_cache(self) -> int:
        if self._engines_at_work():
            raise InvalidInput("disk.caches-in-use")
        return remove(entries(self._paths.cache))

    def _old_uploads(self) -> list[Path]:
        needed = set(texts_in(job.spec for job in self._unended()))
        oldest = self._clock() - YOUNG_SECONDS
        return [
            path
            for path in entries(self._paths.root / "uploads")
            if path.name != ASSETS_FOLDER
            and not any(text.startswith(str(path)) for text in needed)
            and last_change(path) < oldest
        ]

    def _old_logs(self) -> list[Path]:
        """Return rotated files: name.log.1 and so on."""
        return [path for path in self._paths.logs.rglob("*") if path.is_file() and path.suffix[1:].isdigit()]
