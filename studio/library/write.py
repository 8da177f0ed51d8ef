"""Adding an output to the folder: the recipe first, the file last, and no name used twice."""

from __future__ import annotations

import contextlib
import errno
import os
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from media.audio.decode import probe
from media.refusals import refusal
from studio.errors import GreenroomError, InvalidInput, MediaError
from studio.files import as_json, move_atomic, slug, staging_path, sync_folder, write_atomic
from studio.library.model import (
    AUDIO,
    COMPANION_EXTENSIONS,
    KIND_OF_EXTENSION,
    PEAKS_SUFFIX,
    RECIPE_SUFFIX,
    VIDEO,
    NotEnoughSpace,
)

_PART_BYTES = 48
_NAME_BYTES = 120


def file_stem(recipe: Mapping[str, Any], kind: str, created: float, name: str = "") -> str:
    """Return `<engine>_<voice>_<date>_<time>` in local time, or `name` made valid; any script, no character that needs
    quoting."""
    if name:
        return slug(name, kind, _NAME_BYTES)
    parts = [slug(str(recipe[key]), "", _PART_BYTES) for key in ("engine", "voice") if recipe.get(key)]
    stamp = time.strftime("%Y-%m-%d_%H%M%S", time.localtime(created))
    return "_".join([*([part for part in parts if part] or [kind]), stamp])


@dataclass(frozen=True)
class OutputWriter:
    """Finished files to be added, checked for their type."""

    staged: Path
    kind: str
    companions: tuple[Path, ...] = ()

    def __post_init__(self) -> None:
        for path in (self.staged, *self.companions):
            if path.is_symlink() or not path.is_file() or path.stat().st_size == 0:
                raise InvalidInput("library.file-missing", file=path.name)
        expected = KIND_OF_EXTENSION.get(self.extension)
        if expected != self.kind:
            raise InvalidInput("library.ending-unknown", ending=self.extension, kind=self.kind)
        endings = [path.suffix.lower() for path in self.companions]
        wrong = [ending for ending in endings if ending not in COMPANION_EXTENSIONS or ending == self.extension]
        if wrong or len(set(endings)) != len(endings):
            raise InvalidInput("library.endings-wrong", endings=endings)

    @property
    def extension(self) -> str:
        return self.staged.suffix.lower()

    def duration(self, recipe: Mapping[str, Any]) -> float | None:
        """Return the length in seconds from the recipe or else the file; None if neither has it."""
        told = recipe.get("duration")
        if isinstance(told, (int, float)) and told >= 0:
            return float(told)
        if self.kind not in (AUDIO, VIDEO):
            return None
        try:
            return probe(self.staged).duration
        except MediaError:
            return None

    def shelve(self, folder: Path, base: str, head: Mapping[str, Any], recipe: Mapping[str, Any], peaks: bytes = b"") -> str:
        """Move everything into `folder` under one free stem, and return the name of the file.

        The file never exists there without its recipe and companions. If anything fails, nothing remains.

        Raises:
            NotEnoughSpace, GreenroomError: the disk is full or cannot be written.
        """
        placed: list[Path] = []
        try:
            stem = self._reserve(folder, base, head, recipe)
            placed.append(folder / (stem + RECIPE_SUFFIX))
            if peaks:
                placed.append(folder / (stem + self.extension + PEAKS_SUFFIX))
                write_atomic(placed[-1], peaks)
            for companion in self.companions:
                placed.append(folder / (stem + companion.suffix.lower()))
                move_atomic(companion, placed[-1])
            move_atomic(self.staged, folder / (stem + self.extension))
        except OSError as error:
            for path in placed:
                path.unlink(missing_ok=True)
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                raise NotEnoughSpace("library.disk-full") from None
            raise GreenroomError("library.not-shelved", why=refusal(error), retryable=True) from None
        return stem + self.extension

    def _reserve(self, folder: Path, base: str, head: Mapping[str, Any], recipe: Mapping[str, Any]) -> str:
        """Write the recipe under the first free stem. Creating its name reserves the stem, between processes too."""
        endings = [self.extension, *(companion.suffix.lower() for companion in self.companions)]
        for stem in _stems(base):
            if any(os.path.lexists(folder / (stem + ending)) for ending in endings):
                continue
            names = [stem + ending for ending in endings]
            fields = {**recipe, "output": {**head, "file": names[0], "kind": self.kind, "companions": names[1:]}}
            if _create(folder / (stem + RECIPE_SUFFIX), as_json(fields)):
                return stem
        raise AssertionError("unreachable: stems do not end")


def _stems(base: str) -> Iterator[str]:
    yield base
    number = 2
    while True:
        yield f"{base}-{number}"
        number += 1


def _create(path: Path, data: bytes) -> bool:
    """Create a complete file under a free name; False if the name is taken."""
    staged = staging_path(path.parent, path.suffix)
    try:
        with staged.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(staged, path)
        except FileExistsError:
            return False
        except OSError:  # a file system without hard links
            try:
                os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
            except FileExistsError:
                return False
            staged.replace(path)
    finally:
        with contextlib.suppress(FileNotFoundError):
            staged.unlink()
    sync_folder(path.parent)
    return True
