"""Creation of a backup: one ZIP that is complete and verified, or does not exist."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
import time
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from studio.backup.contents import KeptFile, copy_database, kept_files, schema_of
from studio.backup.manifest import BROKEN, MANIFEST, BackedUpFile, BackupManifest
from studio.callbacks import no_op
from studio.data_format import read_formats
from studio.errors import InvalidInput, NotFound, StorageError, storage_error_of
from studio.files import staging_path, sync_folder
from studio.version import studio_version

BLOCK = 1024 * 1024
MARGIN_BYTES = 64 * 1024**2
_PACKED_ALREADY = frozenset({".mp3", ".opus", ".flac", ".m4a", ".m4b", ".mp4", ".webm", ".png", ".jpg", ".jpeg", ".webp", ".zip"})
Progress = Callable[[float, str], object]
"""Called with the share that is done, 0 to 1, and the file at hand."""


@dataclass(frozen=True)
class WrittenBackup:
    """The result. `missing`: names of files that were deleted during the backup."""

    path: Path
    manifest: BackupManifest
    missing: tuple[str, ...] = ()


def default_path(folder: Path) -> Path:
    """Return the default path of a backup: `backups/` of the data folder, named by the time."""
    stem = time.strftime("greenroom-%Y-%m-%d-%H%M%S")
    names = (f"{stem}{extra}.zip" for extra in ("", *(f"-{number}" for number in range(2, 1000))))
    return next(path for name in names if not (path := folder / "backups" / name).exists())


def write_backup(
    folder: Path, target: Path, progress: Progress = no_op, *, pieces: bool = True, keys: bool = True
) -> WrittenBackup:
    """Back up a data folder into `target`, which only its owner may read, because it contains keys.

    A server may be running. Databases are copied first, by SQLite's backup API; every file that their rows name was complete
    before the row, and is copied later. Of growing files (an ongoing conversation) the part at the beginning of the backup is
    copied. At the end the whole file is read again.

    Args:
        pieces: include rendered pieces; without them the file is smaller.
        keys: include the token and other secrets.

    Raises:
        NotFound: there is no data folder.
        InvalidInput: `target` exists already.
        StorageError: too little space, a damaged database, or a failing disk.
    """
    if not folder.is_dir():
        raise NotFound("backup.no-data", folder=folder.name)
    if target.exists():
        raise InvalidInput("backup.exists", file=target.name)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        files = kept_files(folder, pieces=pieces, keys=keys)
        _refuse_full_disk(target.parent, sum(one.size for one in files))
        return _written(folder, target, files, progress)
    except OSError as error:
        raise storage_error_of(error) or StorageError("backup.not-written") from error


def _refuse_full_disk(folder: Path, size: int) -> None:
    free, needed = shutil.disk_usage(folder).free, size + MARGIN_BYTES
    if free < needed:
        raise StorageError("backup.no-room", needed=_mib(needed), free=_mib(free))


def _written(folder: Path, target: Path, files: list[KeptFile], progress: Progress) -> WrittenBackup:
    staged = staging_path(target.parent, ".zip")
    try:
        with os.fdopen(os.open(staged, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600), "w+b") as file:
            with zipfile.ZipFile(file, "w", allowZip64=True) as archive:
                manifest, missing = _fill(archive, folder, files, progress)
            file.flush()
            os.fsync(file.fileno())
        _read_again(staged, target.name)
        _publish(staged, target)
    finally:
        staged.unlink(missing_ok=True)
    sync_folder(target.parent)
    return WrittenBackup(target, manifest, missing)


def _publish(staged: Path, target: Path) -> None:
    """Rename a complete file to its name, without overwriting another one."""
    try:
        os.link(staged, target)
    except FileExistsError:
        raise InvalidInput("backup.exists", file=target.name) from None
    except OSError:  # a file system without hard links, such as that of a memory stick
        if target.exists():
            raise InvalidInput("backup.exists", file=target.name) from None
        staged.rename(target)


def _fill(
    archive: zipfile.ZipFile, folder: Path, files: list[KeptFile], progress: Progress
) -> tuple[BackupManifest, tuple[str, ...]]:
    total, done = sum(one.size for one in files) or 1, 0
    kept: list[BackedUpFile] = []
    missing: list[str] = []
    formats, schema, made = read_formats(folder), 0, time.time()
    with tempfile.TemporaryDirectory(prefix="greenroom-backup-") as beside:
        for one in files:
            progress(min(done / total, 1.0), one.name)
            if one.is_database:
                copy = Path(beside) / one.name
                copy_database(one.path, copy)
                schema = schema_of(copy) if one.name == "jobs.db" else schema
                added = _add(archive, KeptFile(one.name, copy, copy.stat().st_size))
            else:
                added = _add(archive, one)
            if added is None:
                missing.append(one.name)
            else:
                kept.append(added)
            done += one.size
    manifest = BackupManifest(
        studio=studio_version(), made=made, folder=str(folder.resolve()), formats=dict(formats.formats), jobs_schema=schema,
        files=tuple(kept),
    )  # fmt: skip
    archive.writestr(MANIFEST, manifest.model_dump_json(indent=1), zipfile.ZIP_DEFLATED)
    progress(1.0, "")
    return manifest, tuple(missing)


def _add(archive: zipfile.ZipFile, file: KeptFile) -> BackedUpFile | None:
    """Copy at most the listed size of a file; return None if it was deleted."""
    try:
        source = file.path.open("rb")
    except FileNotFoundError:
        return None
    with source:
        facts = os.fstat(source.fileno())
        date = time.localtime(max(facts.st_mtime, 315_619_200))[:6]  # a ZIP knows no time before 1980
        entry = zipfile.ZipInfo(file.name, date)
        entry.external_attr = (facts.st_mode & 0o777) << 16
        entry.compress_type = zipfile.ZIP_STORED if file.path.suffix.lower() in _PACKED_ALREADY else zipfile.ZIP_DEFLATED
        digest, left = hashlib.sha256(), file.size
        with archive.open(entry, "w", force_zip64=file.size > 2**31 - 1) as target:
            while left and (block := source.read(min(BLOCK, left))):
                digest.update(block)
                target.write(block)
                left -= len(block)
    return BackedUpFile(path=file.name, size=file.size - left, sha256=digest.hexdigest())


def _read_again(path: Path, name: str) -> None:
    try:
        with zipfile.ZipFile(path) as archive:
            damaged = archive.testzip()
    except BROKEN:
        damaged = name
    if damaged is not None:
        raise StorageError("backup.not-as-written")


def _mib(size: int) -> int:
    return size // 1024**2
