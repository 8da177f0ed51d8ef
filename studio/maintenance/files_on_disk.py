"""Size, age and removal of files and folders."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any


def texts_in(values: Any) -> Iterator[str]:
    """Yield every string in nested dicts and lists."""
    if isinstance(values, str):
        yield values
    elif isinstance(values, dict):
        yield from texts_in(iter(values.values()))
    elif not isinstance(values, int | float | type(None)):
        for value in values:
            yield from texts_in(value)


def entries(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError:
        return []


def last_change(path: Path) -> float:
    """Return the modification time of a file, or of the newest file in a folder (an empty one's own); 0 if it does not exist."""
    times = [0.0]
    for one in list(walk(path)) or [path]:
        with contextlib.suppress(OSError):
            times.append(one.lstat().st_mtime)
    return max(times)


def disk_space(path: Path) -> tuple[int, int]:
    """Return (bytes on the disk, number of files); links are not followed, hard links count once."""
    return disk_space_of(walk(path))


def walk(path: Path) -> Iterator[Path]:
    if path.is_file() or path.is_symlink():
        yield path
        return
    for folder, _, names in os.walk(path):
        for name in names:
            yield Path(folder, name)


def disk_space_of(paths: Any) -> tuple[int, int]:
    seen: set[tuple[int, int]] = set()
    size = 0
    for path in paths:
        with contextlib.suppress(OSError):
            facts = path.lstat()
            if (facts.st_dev, facts.st_ino) not in seen:
                seen.add((facts.st_dev, facts.st_ino))
                size += facts.st_blocks * 512
    return size, len(seen)


def remove(paths: Any) -> int:
    """Remove files and folders, and return the bytes that were freed. What cannot be removed remains."""
    freed = 0
    for path in list(paths):
        size = disk_space(path)[0]
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        else:
            with contextlib.suppress(OSError):
                path.unlink()
        freed += size if not os.path.lexists(path) else 0
    return freed
