"""Moving a repository's folder to another disk: whole there before it is gone here."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

from media.refusals import refusal
from studio.errors import Cancelled, StorageError

CHUNK = 1 << 22


def move_folder(source: Path, target: Path, progress: Callable[[float, str], None], cancelled: Callable[[], bool]) -> None:
    """Move every file of `source` into `target`: by renames on one file system, else by synced copies.

    Existing files of the same length are not copied again, so that an interrupted move continues.

    Raises:
        StorageError: not enough space.
        Cancelled: the files are where they were; copies remain for the next attempt.
    """
    files = [path for path in sorted(source.rglob("*")) if path.is_file()]
    target.mkdir(parents=True, exist_ok=True)
    if source.stat().st_dev != target.stat().st_dev:
        _refuse_full_disk(files, source, target)
    total, done = sum(path.stat().st_size for path in files), 0
    renaming = source.stat().st_dev == target.stat().st_dev
    for path in files:
        goal = target / path.relative_to(source)
        goal.parent.mkdir(parents=True, exist_ok=True)
        if renaming:
            path.replace(goal)
        elif not (goal.is_file() and goal.stat().st_size == path.stat().st_size):
            _copy(path, goal, _Part(progress, done, total, path.name), cancelled)
        done += goal.stat().st_size
        progress(done / max(1, total), f"Moved {path.name}")
    shutil.rmtree(source)


class _Part:
    """One file's share of the whole, as its bytes go over."""

    def __init__(self, progress: Callable[[float, str], None], before: int, total: int, name: str) -> None:
        self._progress, self._before, self._total, self._name = progress, before, max(1, total), name

    def __call__(self, count: int) -> None:
        self._progress((self._before + count) / self._total, f"Copying {self._name}")


def _copy(path: Path, goal: Path, copied: Callable[[int], None], cancelled: Callable[[], bool]) -> None:
    staged, count = goal.with_name(f"{goal.name}.moving"), 0
    try:
        with path.open("rb") as reading, staged.open("wb") as writing:
            while data := reading.read(CHUNK):
                if cancelled():
                    raise Cancelled
                writing.write(data)
                count += len(data)
                copied(count)
            writing.flush()
            os.fsync(writing.fileno())
        staged.replace(goal)
    except OSError as error:
        raise StorageError("weights.not-copied", cause=refusal(error)) from error
    finally:
        staged.unlink(missing_ok=True)


def _refuse_full_disk(files: list[Path], source: Path, target: Path) -> None:
    needed = sum(path.stat().st_size for path in files if not (target / path.relative_to(source)).is_file())
    free = shutil.disk_usage(target).free
    if needed > free:
        raise StorageError("weights.no-room-to-move", needed=needed / 1000000000.0, free=free / 1000000000.0)
