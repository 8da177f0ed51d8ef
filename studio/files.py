"""Files that are written completely or not at all, and readable names for them."""

from __future__ import annotations

import contextlib
import errno
import json
import math
import os
import re
import shutil
import stat
import unicodedata
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any
from uuid import uuid4

from studio.errors import InvalidInput, NotFound
from studio.normal_forms import normalised

LONGEST_SLUG_BYTES = 96
_LONGEST_NAMED = 4_000
STAGING_PREFIX = ".incoming-"
TRASH_PREFIX = ".trash-"
KEPT_SECONDS = 1800.0
"""How long a deletion can be undone."""


def slug(text: str, fallback: str = "unnamed", longest_bytes: int = LONGEST_SLUG_BYTES) -> str:
    """Return `text` as one part of a file name: letters, marks and digits of any script in lower case, hyphens for the rest.

    Never empty, contains neither dot, slash, underscore nor space, at most `longest_bytes` long in UTF-8. Of a long text the
    first 4,000 characters are used.
    """
    lowered = normalised("NFC", normalised("NFKC", text[:_LONGEST_NAMED]).lower())
    kept = "".join(character if unicodedata.category(character)[0] in "LMN" else " " for character in lowered)
    cut = "-".join(kept.split()).encode("utf-8", "ignore")[:longest_bytes].decode("utf-8", "ignore")
    return cut.strip("-") or fallback


def file_within(path: str | Path, folders: Iterable[Path]) -> Path | None:
    """Return where `path` leads with every link followed, if that is a regular file in one of `folders`; None for anything
    else.

    Nothing is opened, so a device or a pipe is safe to check; a path that no file system supports leads nowhere.
    """
    if not str(path):
        return None
    try:
        found = Path(os.path.realpath(path))
        within = any(found.is_relative_to(os.path.realpath(folder)) for folder in folders)
        return found if within and stat.S_ISREG(found.stat().st_mode) else None
    except (OSError, ValueError):  # not there, going round in circles, too long, or with a zero byte
        return None


def write_atomic(path: Path, data: bytes) -> None:
    """Write `data` to `path` so that after a crash or a power cut either the old or the new file exists, never a mixture."""
    staged = staging_path(path.parent, path.suffix)
    try:
        with staged.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        staged.replace(path)
    except BaseException:
        staged.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def write_json(path: Path, value: Mapping[str, Any]) -> None:
    """Write `value` as readable JSON, atomically."""
    write_atomic(path, as_json(value))


def as_json(value: Mapping[str, Any]) -> bytes:
    return (json.dumps(value, ensure_ascii=False, indent=2) + "\n").encode("utf-8", "replace")


def move_atomic(source: Path, target: Path) -> None:
    """Move a finished file to `target`: by a rename, or between file systems by a synced copy and a rename."""
    with source.open("rb") as file:
        os.fsync(file.fileno())
    try:
        source.rename(target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        staged = staging_path(target.parent, target.suffix)
        try:
            shutil.copyfile(source, staged)
            with staged.open("rb") as file:
                os.fsync(file.fileno())
            staged.rename(target)
        except BaseException:
            staged.unlink(missing_ok=True)
            raise
        source.unlink(missing_ok=True)
    sync_folder(target.parent)


def staging_path(folder: Path, suffix: str = "") -> Path:
    """Return a unique hidden path in `folder`; files that a crash leaves there are removed by `remove_staging_files`."""
    return folder / f"{STAGING_PREFIX}{uuid4().hex}{suffix}"


def discard(folder: Path, *paths: Path) -> None:
    """Remove files or folders in `folder`: first all are hidden by renames, then they are deleted.

    After a crash in between, no listing shows anything half removed; `remove_staging_files` removes the rest.
    """
    trash = folder / f"{TRASH_PREFIX}{uuid4().hex}"
    trash.mkdir()
    for path in paths:
        with contextlib.suppress(FileNotFoundError):
            path.rename(trash / path.name)
    shutil.rmtree(trash, ignore_errors=True)
    sync_folder(folder)


_TRASH_KEY = re.compile(r"[0-9a-f]{32}")


def set_aside(folder: Path, *paths: Path) -> str:
    """Hide files or folders in `folder`; return the key that restores them.

    They stay on the disk until `empty_trash`, or until the folder's owner is opened again.
    """
    key = uuid4().hex
    trash = folder / f"{TRASH_PREFIX}{key}"
    trash.mkdir()
    for path in paths:
        with contextlib.suppress(FileNotFoundError):
            path.rename(trash / path.name)
    sync_folder(folder)
    return key


def take_back(folder: Path, key: str) -> None:
    """Undo `set_aside`.

    Raises:
        NotFound: it is no longer kept.
        InvalidInput: something else has its name now; nothing is moved then.
    """
    trash = folder / f"{TRASH_PREFIX}{key}"
    if not _TRASH_KEY.fullmatch(key) or not trash.is_dir():
        raise NotFound("storage.not-kept")
    kept = list(trash.iterdir())
    taken = next((path.name for path in kept if (folder / path.name).exists()), "")
    if taken:
        raise InvalidInput("storage.name-taken", name=taken)
    for path in kept:
        path.rename(folder / path.name)
    trash.rmdir()
    sync_folder(folder)


def empty_trash(folder: Path, older_than: float = math.inf) -> None:
    """Delete what was set aside in `folder` before `older_than` (epoch seconds)."""
    for entry in list(os.scandir(folder)):
        with contextlib.suppress(FileNotFoundError):
            if entry.name.startswith(TRASH_PREFIX) and entry.stat(follow_symlinks=False).st_mtime < older_than:
                shutil.rmtree(entry.path, ignore_errors=True)


def remove_staging_files(folder: Path, older_than: float) -> None:
    """Delete what a crash left in `folder`: trash, and staging files last changed before `older_than` (epoch seconds)."""
    for entry in list(os.scandir(folder)):
        left_trash = entry.name.startswith(TRASH_PREFIX)
        with contextlib.suppress(FileNotFoundError):
            left_staging = entry.name.startswith(STAGING_PREFIX) and entry.stat(follow_symlinks=False).st_mtime < older_than
            if not (left_trash or left_staging):
                continue
            if entry.is_dir(follow_symlinks=False):
                shutil.rmtree(entry.path, ignore_errors=True)
            else:
                Path(entry.path).unlink(missing_ok=True)


def sync_folder(folder: Path) -> None:
    """Make renames in `folder` survive a power cut, if the file system supports that."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
