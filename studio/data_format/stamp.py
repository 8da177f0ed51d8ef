"""`format.json` of a data folder: the format of each kind of file, and the version of the studio that wrote it last."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from studio.data_format.kinds import KINDS
from studio.errors import StorageError, storage_error_of
from studio.files import write_json
from studio.version import studio_version

log = logging.getLogger(__name__)

FORMAT_FILE = "format.json"
FIRST = 1
"""The format of every kind in a folder without a stamp: those were written before there was one."""
LARGEST_BYTES = 64 * 1024


@dataclass(frozen=True)
class DataFormats:
    """The formats of a data folder, by the name of the kind. `written_by`: the version of the studio, "" if unknown."""

    formats: Mapping[str, int]
    written_by: str = ""

    def of(self, name: str) -> int:
        return self.formats.get(name, FIRST)


class _Stamp(BaseModel):
    model_config = ConfigDict(extra="ignore")

    written_by: str = Field("", max_length=40)
    formats: dict[str, int] = Field({}, max_length=200)


def read_formats(folder: Path) -> DataFormats:
    """Return the formats of a data folder; without a stamp, or with a damaged one, those from before there were stamps.

    A damaged stamp is not an error: it is written again, and migrations detect what they have to convert.

    Raises:
        StorageError: it cannot be read.
    """
    try:
        with (folder / FORMAT_FILE).open("rb") as file:
            stamp = _Stamp.model_validate_json(file.read(LARGEST_BYTES))
    except FileNotFoundError:
        return DataFormats({})
    except ValidationError:
        log.warning("The file %s of the data folder is damaged; it is written anew.", FORMAT_FILE)
        return DataFormats({})
    except OSError as error:
        raise StorageError("storage.folder-unusable") from error
    return DataFormats(stamp.formats, stamp.written_by)


def refuse_newer(found: DataFormats) -> None:
    """Check that this version can read a data folder. Kinds that it does not know are ignored and left unchanged.

    Raises:
        StorageError: a kind has a format of a later version of the studio.
    """
    for kind in KINDS:
        if found.of(kind.name) > kind.format:
            raise StorageError(
                "storage.newer", what=kind.name, format=found.of(kind.name), known=kind.format, version=found.written_by
            )


def bring_forward(folder: Path) -> None:
    """Migrate earlier formats step by step, and stamp the folder. The caller must hold the folder's lock.

    The stamp is written after each kind, so that a completed step is not repeated.

    Raises:
        StorageError: a later version wrote the folder, which is then unchanged; or the disk failed.
    """
    found = read_formats(folder)
    refuse_newer(found)
    formats, version = dict(found.formats), studio_version()
    for kind in KINDS:
        before = found.of(kind.name)
        try:
            for number, step in enumerate(kind.steps[before - FIRST :], before):
                log.info("The %s of the data folder are brought from format %d to %d.", kind.name, number, number + 1)
                step(folder)
            if formats.get(kind.name) != kind.format:
                formats[kind.name] = kind.format
                if kind.steps[before - FIRST :]:
                    _write(folder, formats, version)
        except OSError as error:
            raise storage_error_of(error) or StorageError("storage.not-writable") from error
    if formats != found.formats or version != found.written_by:
        try:
            _write(folder, formats, version)
        except OSError as error:
            raise storage_error_of(error) or StorageError("storage.not-writable") from error


def _write(folder: Path, formats: Mapping[str, int], version: str) -> None:
    write_json(folder / FORMAT_FILE, {"written_by": version, "formats": dict(formats)})
