"""What files and folders take on the disk, when they last changed, and removing them."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any


def texts_in(values: Any) -> Iterator[str]:
    """Every text in nested dicts and lists."""
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
    """When it, or the newest file in it, last changed; an empty folder itself, 0 when it is gone."""
    times = [0.0]
    for one in list(walk(path)) or [path]:
        with contextlib.suppress(OSError):
            times.append(one.lstat().st_mtime)
    return max(times)


def disk_space(path: Path) -> tuple[int, int]:
    """(bytes on the disk, files) of a file or a folder; links are not followed, a file with several names counts once."""
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
    """Remove files and folders; the bytes that came back. What cannot be removed stays."""
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
