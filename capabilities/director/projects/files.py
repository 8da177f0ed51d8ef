"""The files of a project: its own, samples that ship with the studio, and outputs of the library."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from capabilities.common.inputs import InputResolver, fingerprint
from capabilities.director.document.change import Change, Insert, Replace, SetField
from capabilities.director.document.model import Project
from studio.errors import NotFound
from studio.files import file_within, slug, staging_path
from studio.library import LibraryOutput

OWN, SAMPLE = "files/", "samples/"
FIELDS = frozenset({"file", "portrait", "cover"})
"""Fields whose values are files, in every part of the document."""


class ProjectFiles:
    """Finds and stores files. Has no state of a project; any thread may call any method.

    Args:
        resolver: finds uploads, outputs and samples, and no other file.
        samples: the folder of the pictures that ship.
    """

    def __init__(self, resolver: InputResolver, samples: Path) -> None:
        self._resolver, self._samples = resolver, samples

    def samples(self) -> list[str]:
        """Return the portraits that ship, as a document names them."""
        return [f"{SAMPLE}{path.name}" for path in sorted(self._samples.iterdir()) if path.suffix in (".jpg", ".png")]

    def find(self, folder: Path, value: str, field: str) -> tuple[Path, LibraryOutput | None]:
        """Return the path of a file of the project in `folder`, and its output if it is one.

        Raises:
            InvalidInput, NotFound: there is none; the error names `field`.
        """
        for word, place in ((OWN, folder / "files"), (SAMPLE, self._samples)):
            if value.startswith(word):
                found = file_within(place / value.removeprefix(word), (place,))
                if found is None:
                    raise NotFound("project.file-gone", file=value[:120], field=field)
                return found, None
        return self._resolver.find(value, field)

    def kept(self, folder: Path, value: str, field: str = "file") -> str:
        """Return the document's name for a file; an upload is copied into the project first.

        Raises:
            InvalidInput, NotFound: there is no such file.
        """
        if not value.strip():
            return ""
        path, output = self.find(folder, value, field)
        if value.startswith((OWN, SAMPLE)):
            return value
        if path.is_relative_to(self._samples.resolve()):
            return f"{SAMPLE}{path.name}"
        if output is not None and value == output.id:
            return value
        return self.taken(folder, path, path.name)

    def taken(self, folder: Path, path: Path, name: str) -> str:
        """Copy a file into the project in `folder`; equal content is stored once."""
        stem, suffix = Path(name).stem, Path(name).suffix.lower()[:10]
        ending = suffix if suffix[1:].isalnum() else ".bin"
        target = folder / "files" / f"{slug(stem, longest_bytes=60)}-{fingerprint(path)[:12]}{ending}"
        if not target.is_file():
            target.parent.mkdir(parents=True, exist_ok=True)
            staged = staging_path(target.parent, ending)
            try:
                try:
                    os.link(path, staged)
                except OSError:
                    shutil.copyfile(path, staged)
                staged.replace(target)
            finally:
                staged.unlink(missing_ok=True)
        return f"{OWN}{target.name}"

    def in_changes(self, folder: Path, changes: Sequence[Change]) -> tuple[Change, ...]:
        """Return the changes with every file in them stored.

        Raises:
            InvalidInput, NotFound: as `kept`.
        """
        return tuple(self._in_change(folder, change) for change in changes)

    def _in_change(self, folder: Path, change: Change) -> Change:
        if isinstance(change, SetField) and change.at.rpartition(".")[2] in FIELDS and isinstance(change.to, str):
            return change.model_copy(update={"to": self.kept(folder, change.to, change.at)})
        if isinstance(change, Insert | Replace):
            return change.model_copy(update={"item": self._in_value(folder, change.item)})
        return change

    def _in_value(self, folder: Path, value: Any) -> Any:
        if isinstance(value, dict):
            return {
                key: self.kept(folder, one, key) if key in FIELDS and isinstance(one, str) else self._in_value(folder, one)
                for key, one in value.items()
            }
        return [self._in_value(folder, one) for one in value] if isinstance(value, list | tuple) else value


def named_files(project: Project) -> list[str]:
    """Return every file that the document names, each once."""
    named = [
        *(one.portrait for one in project.cast.values()),
        project.music.file,
        project.book.cover,
        *(one.file for one in project.shots()),
    ]
    return list(dict.fromkeys(filter(None, named)))


def with_files(item: Any, names: dict[str, str]) -> Any:
    """Return a document's JSON values with files renamed."""
    if isinstance(item, dict):
        return {key: names.get(one, one) if key in FIELDS else with_files(one, names) for key, one in item.items()}
    return [with_files(one, names) for one in item] if isinstance(item, list) else item
