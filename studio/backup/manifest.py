"""What a backup says about itself: `backup.json`, the last entry of the ZIP."""

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
    """One file: its path in the data folder with "/" between the parts, its size in bytes, and SHA-256 in hexadecimal."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    path: str = Field(min_length=1, max_length=4_096)
    size: int = Field(ge=0)
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")


class BackupManifest(BaseModel):
    """
    Args:
        studio: the version that wrote it. made: seconds since the epoch. folder: where the data lay; paths in jobs begin with it.
        formats: of the data, as in `format.json`. jobs_schema: of jobs.db, 0 where there was none.
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
        """Bytes of all files."""
        return sum(one.size for one in self.files)


def read_manifest(path: Path) -> BackupManifest:
    """What a backup says about itself.

    Raises:
        NotFound: there is no such file. InvalidInput: it is no backup, is cut off, or is of a later format.
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
    """
    Raises:
        InvalidInput: the ZIP is no backup, or of a later format. Those in `BROKEN`: it is damaged.
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
