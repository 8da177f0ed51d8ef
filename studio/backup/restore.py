"""Restore of a backup into a data folder."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sqlite3
import time
import zipfile
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from studio.backup.contents import KEYS, LEFT_OUT, REPLACED_PREFIX
from studio.backup.manifest import BROKEN, BackedUpFile, BackupManifest, manifest_of, read_manifest
from studio.backup.write import BLOCK, MARGIN_BYTES, Progress
from studio.callbacks import no_op
from studio.data_format import DataFormats, refuse_newer
from studio.errors import InvalidInput, StorageError, storage_error_of
from studio.files import STAGING_PREFIX, staging_path, sync_folder
from studio.paths import DataFolderLock, DataPaths

JOBS = "jobs.db"
STAGED = "-restore"
"""How the name of the folder ends in which a backup is unpacked."""


@dataclass(frozen=True)
class Restored:
    """The result. `set_aside`: the folder with the previous data, None without any."""

    manifest: BackupManifest
    set_aside: Path | None = None


def restore_backup(
    source: Path, folder: Path, jobs_schema: int, progress: Progress = no_op, *, replace: bool = False
) -> Restored:
    """Restore a backup. Everything is unpacked and compared with its checksums first, then put in place by renames.

    Downloaded weights, environments and the log are not changed, nor are the keys if the backup has none. Paths in jobs are
    rewritten to this folder.

    Args:
        jobs_schema: the newest schema of jobs.db that this version reads.
        replace: whether present data may be moved to `replaced-…` in the data folder; they are never deleted.

    Raises:
        NotFound: there is no such file.
        InvalidInput: it is no backup or is damaged; or there are data in the folder and `replace` is false.
        StorageError: the folder is in use, the backup is of a later version, or the disk failed.
    """
    manifest = read_manifest(source)
    refuse_newer(DataFormats(manifest.formats, manifest.studio))
    if manifest.jobs_schema > jobs_schema:
        raise StorageError("storage.newer", what="jobs", format=manifest.jobs_schema, known=jobs_schema, version=manifest.studio)
    files = _checked(manifest)
    lock = DataFolderLock(DataPaths(folder).lock)
    try:
        for left in folder.glob(f"{STAGING_PREFIX}*{STAGED}"):  # by a restore that was killed
            shutil.rmtree(left, ignore_errors=True)
        kept = KEYS - {one.path.partition("/")[0] for one in files}
        present = [name for name in _names(folder) if _in_the_way(name) and name not in kept]
        if present and not replace:
            raise InvalidInput("backup.in-the-way", first=present[0], others=len(present) - 1)
        if shutil.disk_usage(folder).free < manifest.size + MARGIN_BYTES:
            needed, free = (manifest.size + MARGIN_BYTES) // 1024**2, shutil.disk_usage(folder).free // 1024**2
            raise StorageError("backup.no-room", needed=needed, free=free)
        return Restored(manifest, _brought_back(source, folder, manifest, files, present, progress))
    except OSError as error:
        raise storage_error_of(error) or StorageError("storage.folder-unusable") from error
    finally:
        lock.release()


def _names(folder: Path) -> list[str]:
    return sorted(entry.name for entry in folder.iterdir())


def _in_the_way(name: str) -> bool:
    return name not in LEFT_OUT and not name.startswith(REPLACED_PREFIX)


def _checked(manifest: BackupManifest) -> tuple[BackedUpFile, ...]:
    """Return the files, after checks that every name is inside the folder and none is excluded from backups."""
    seen: set[str] = set()
    for one in manifest.files:
        parts = one.path.split("/")
        inside = not PurePosixPath(one.path).is_absolute() and not {"", ".", ".."} & set(parts)
        if not inside or "\\" in one.path or "\0" in one.path or not _in_the_way(parts[0]) or one.path in seen:
            raise InvalidInput("backup.no-backup")
        seen.add(one.path)
    return manifest.files


def _brought_back(
    source: Path, folder: Path, manifest: BackupManifest, files: tuple[BackedUpFile, ...], present: list[str], progress: Progress
) -> Path | None:
    staged = staging_path(folder, STAGED)
    staged.mkdir(mode=0o700)
    try:
        _unpack(source, staged, files, progress)
        _repoint(staged / JOBS, manifest.folder, str(folder.resolve()))
        aside = _set_aside(folder, present)
        _put_in_place(staged, folder, aside)
    finally:
        shutil.rmtree(staged, ignore_errors=True)
    sync_folder(folder)
    return aside


def _unpack(source: Path, staged: Path, files: tuple[BackedUpFile, ...], progress: Progress) -> None:
    total, done = sum(one.size for one in files) or 1, 0
    try:
        with zipfile.ZipFile(source) as archive:
            manifest_of(archive)
            for one in files:
                progress(done / total, one.path)
                _unpack_one(archive, one, staged)
                done += one.size
    except (*BROKEN, KeyError):
        raise InvalidInput("backup.damaged", file=source.name) from None
    progress(1.0, "")


def _unpack_one(archive: zipfile.ZipFile, file: BackedUpFile, staged: Path) -> None:
    """Unpack one file.

    Raises:
        ValueError: it differs from the manifest.
    """
    entry, target = archive.getinfo(file.path), staged / file.path
    target.parent.mkdir(parents=True, exist_ok=True)
    mode = (entry.external_attr >> 16) & 0o777 or 0o600
    digest, size = hashlib.sha256(), 0
    with archive.open(entry) as packed, os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as unpacked:
        while block := packed.read(BLOCK):
            size += len(block)
            if size > file.size:
                break
            digest.update(block)
            unpacked.write(block)
        unpacked.flush()
        os.fsync(unpacked.fileno())
    if size != file.size or digest.hexdigest() != file.sha256:
        raise ValueError("not the file that was backed up")
    when = time.mktime((*entry.date_time, 0, 0, -1))
    os.utime(target, (when, when))


def _set_aside(folder: Path, present: list[str]) -> Path | None:
    if not present:
        return None
    aside = folder / time.strftime(f"{REPLACED_PREFIX}%Y%m%d-%H%M%S")
    while aside.exists():
        aside = aside.with_name(f"{aside.name}-again")
    aside.mkdir()
    _move(present, folder, aside)
    return aside


def _put_in_place(staged: Path, folder: Path, aside: Path | None) -> None:
    """Move the unpacked files into the folder; after an error everything is moved back."""
    names = _names(staged)
    try:
        _move(names, staged, folder)
    except OSError:
        if aside is not None:
            with suppress(OSError):
                _move(_names(aside), aside, folder)
                aside.rmdir()
        raise


def _move(names: list[str], source: Path, target: Path) -> None:
    """Rename all or none."""
    moved: list[str] = []
    try:
        for name in names:
            (source / name).rename(target / name)
            moved.append(name)
    except OSError:
        for name in moved:
            with suppress(OSError):
                (target / name).rename(source / name)
        raise


def _repoint(database: Path, before: str, now: str) -> None:
    """Rewrite paths in jobs from the folder of the backup to the present one."""
    if not before or before == now or not database.is_file():
        return
    with closing(sqlite3.connect(database)) as connection, connection:
        for table, key, column in (("specs", "job_id", "spec"), ("jobs", "id", "outputs")):
            rows = connection.execute(f"SELECT {key}, {column} FROM {table}").fetchall()
            for identity, text in rows:
                with suppress(ValueError):
                    given = json.loads(text)
                    moved = _moved(given, before, now)
                    if moved != given:
                        words = json.dumps(moved, ensure_ascii=False)
                        connection.execute(f"UPDATE {table} SET {column} = ? WHERE {key} = ?", (words, identity))


def _moved(value: Any, before: str, now: str) -> Any:
    if isinstance(value, str):
        return now + value.removeprefix(before) if value == before or value.startswith(before.rstrip("/") + "/") else value
    if isinstance(value, list):
        return [_moved(one, before, now) for one in value]
    if isinstance(value, dict):
        return {key: _moved(one, before, now) for key, one in value.items()}
    return value
