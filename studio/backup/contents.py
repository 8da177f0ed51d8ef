"""Selection of the files for a backup, and reading them while a server writes."""

from __future__ import annotations

import os
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

from studio.errors import StorageError
from studio.files import STAGING_PREFIX, TRASH_PREFIX

LEFT_OUT = frozenset(
    {
        "weights", "environments", "cache", "logs", "scratch", "backups",
        "studio.lock", "server.json", "running.json",
    }
)  # fmt: skip
"""Of the data folder: what is downloaded again, what a running server needs alone, and backups themselves."""
PIECES = frozenset({"segments", "transcripts", "clips"})
"""Rendered pieces and transcripts by hash. Without them a narration is whole, but a sentence changed later has the others made
again, by engines that may never say it the same way twice."""
KEYS = frozenset({"door.json", "page.secret", "certificate", "provenance", "settings.local.yaml"})
"""The token, the keys of the certificates for HTTPS and for signing, and the key of a language server."""
REPLACED_PREFIX = "replaced-"
"""Folders in which a restore keeps what was there before."""
_DATABASES = ("jobs.db", "memory.db")
_BESIDE_DATABASES = ("*.db-wal", "*.db-shm", "*.db-journal", "*.db.new*")


@dataclass(frozen=True)
class KeptFile:
    """A file of the data folder. `name`: its relative path with "/"; `size`: in bytes when it was listed."""

    name: str
    path: Path
    size: int

    @property
    def is_database(self) -> bool:
        return self.name in _DATABASES


def kept_files(folder: Path, *, pieces: bool = True, keys: bool = True) -> list[KeptFile]:
    """Return the files to back up: databases first, so that every file that their rows name is copied later and exists.

    Top-level links (outputs on another disk) are followed; deeper ones are not.
    """
    unwanted = LEFT_OUT | (frozenset() if pieces else PIECES) | (frozenset() if keys else KEYS)
    found: list[KeptFile] = []
    for entry in sorted(os.scandir(folder), key=lambda one: one.name):
        if entry.name in unwanted or _passing(entry.name) or entry.name.startswith(REPLACED_PREFIX):
            continue
        if entry.is_dir():
            found += _files_below(Path(entry.path), entry.name)
        elif entry.is_file() and not any(fnmatch(entry.name, pattern) for pattern in _BESIDE_DATABASES):
            found.append(KeptFile(entry.name, Path(entry.path), entry.stat().st_size))
    return sorted(found, key=lambda one: not one.is_database)


def _files_below(folder: Path, name: str) -> Iterator[KeptFile]:
    for entry in sorted(_entries(folder), key=lambda one: one.name):
        if _passing(entry.name):
            continue
        below = f"{name}/{entry.name}"
        try:
            facts = entry.stat(follow_symlinks=False)
        except FileNotFoundError:  # deleted meanwhile
            continue
        if stat.S_ISDIR(facts.st_mode):
            yield from _files_below(Path(entry.path), below)
        elif stat.S_ISREG(facts.st_mode):
            yield KeptFile(below, Path(entry.path), facts.st_size)


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    try:
        return list(os.scandir(folder))
    except FileNotFoundError:
        return []


def _passing(name: str) -> bool:
    """Return whether a file is being written, or is in the undo bin."""
    return name.startswith((STAGING_PREFIX, TRASH_PREFIX))


def copy_database(source: Path, target: Path) -> None:
    """Copy an SQLite file consistently, by SQLite's backup API, even while a server writes to it.

    Raises:
        StorageError: it is damaged, or locked for a minute.
    """
    try:
        with (
            closing(sqlite3.connect(f"{source.absolute().as_uri()}?mode=ro", uri=True, timeout=60)) as original,
            closing(sqlite3.connect(target)) as copy,
        ):
            original.backup(copy)
            copy.execute("PRAGMA journal_mode=DELETE")  # one file, which needs no second beside it
            if copy.execute("PRAGMA quick_check(1)").fetchone()[0] != "ok":
                raise StorageError("backup.database-damaged", file=source.name)
    except sqlite3.DatabaseError as error:
        raise StorageError("backup.database-damaged", file=source.name) from error


def schema_of(database: Path) -> int:
    """Return the schema number of an SQLite file; 0 if there is none."""
    if not database.is_file():
        return 0
    with closing(sqlite3.connect(f"{database.absolute().as_uri()}?mode=ro", uri=True)) as connection:
        return int(connection.execute("PRAGMA user_version").fetchone()[0])
