"""The manifest of a backup: `backup.json`, the last entry of the ZIP."""

from __future__ import annotations

import zipfile
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from media.broken_zip import BROKEN_ZIP
from studio.errors import InvalidInput, NotFound, storage_error_of

MANIFEST = "backup.json"
FORMAT = 1
LARGEST_BYTES = 256 * 1024 * 1024
BROKEN = (*BROKEN_ZIP, ValueError)
"""What reading a damaged backup raises: of the ZIP, and of names and sizes that no backup has."""


class BackedUpFile(BaseModel):
    """One file: its relative path with "/", its size in bytes, and its SHA-256 in hexadecimal."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    path: str = Field(min_length=1, max_length=4_096)
    size: int = Field(ge=0)
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")


class BackupManifest(BaseModel):
    """The manifest.

    Args:
        studio: version that wrote it.
        made: seconds since the epoch.
        folder: original data folder; paths in jobs begin with it.
        formats: of the data, as in `format.json`.
        jobs_schema: of jobs.db, 0 if there was none.
    """

    model_config = ConfigDict(extra="ignore", frozen=True)

    format: int = FORMAT
    studio: str
    made: float = Field(ge=0, allow_inf_nan=False)
    folder: str = ""
    formats: dict[str, int] = {}
    jobs_schema: int = 0
    files: tuple[BackedUpFile, ...] = ()

    @property
    def size(self) -> int:
        """The size of all files in bytes."""
        return sum(one.size for one in self.files)


def read_manifest(path: Path) -> BackupManifest:
    """Return the manifest of a backup.

    Raises:
        NotFound: there is no such file.
        InvalidInput: it is no backup, is cut off, or has a later format.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            return manifest_of(archive)
    except (FileNotFoundError, IsADirectoryError):
        raise NotFound("backup.not-found", file=path.name) from None
    except BROKEN:
        raise InvalidInput("backup.damaged", file=path.name) from None
    except OSError as error:
        raise storage_error_of(error) or InvalidInput("backup.unreadable", file=path.name) from error


def manifest_of(archive: zipfile.ZipFile) -> BackupManifest:
    """Return the manifest of an open archive.

    Raises:
        InvalidInput: the ZIP is no backup, or has a later format. Errors in `BROKEN`: it is damaged.
    """
    try:
        entry = archive.getinfo(MANIFEST)
    except KeyError:
        raise InvalidInput("backup.no-backup") from None
    if entry.file_size > LARGEST_BYTES:
        raise InvalidInput("backup.no-backup")
    try:
        manifest = BackupManifest.model_validate_json(archive.read(entry))
    except ValidationError:
        raise InvalidInput("backup.no-backup") from None
    if manifest.format > FORMAT:
        raise InvalidInput("backup.newer", version=manifest.studio)
    return manifest
