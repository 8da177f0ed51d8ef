"""Input files of face jobs: uploads and results of the studio, and no other path of this machine."""

from __future__ import annotations

import os
import shutil
from collections.abc import Collection
from hashlib import file_digest
from pathlib import Path

from studio.errors import InvalidInput, NotFound
from studio.files import file_within
from studio.library import Library, LibraryOutput
from studio.library.copies import source_of
from studio.services import Services


class InputResolver:
    """Finds inputs by path or library id.

    Args:
        folders: folders that may contain a path: uploads, outputs, and the samples that ship with the studio.
    """

    def __init__(self, library: Library, folders: Collection[Path]) -> None:
        self._library = library
        self._folders = tuple(folder.resolve() for folder in folders)

    def find(self, value: str, field: str) -> tuple[Path, LibraryOutput | None]:
        """Return the file of a path or an output's id, and the output that it is, belongs to, or is a copy of.

        Raises:
            InvalidInput: nothing was given, or the path is outside of the folders.
        """
        if not value.strip():
            raise InvalidInput("file.missing", field=field)
        try:
            output = self._library.get(value)
            return output.path, output
        except NotFound:
            pass
        path = Path(value)
        if not path.is_absolute():
            raise InvalidInput("file.output-unknown", output=value[:80], field=field)
        found = file_within(path, self._folders)
        if found is None:
            raise InvalidInput("file.not-uploaded", field=field)
        return found, source_of(self._library, found)

    def keep(self, value: str, field: str, folder: Path) -> tuple[Path, LibraryOutput | None]:
        """Find an input and keep its file in `folder` until the job has ended, because uploads are deleted after a day."""
        stem = folder / field.replace(" ", "-")
        kept = next(iter(folder.glob(f"{stem.name}.*")), None)
        if kept is not None:
            return kept, self._output(value) or source_of(self._library, kept)
        path, output = self.find(value, field)
        target = stem.with_suffix(path.suffix.lower() or ".bin")
        staged = target.with_name(f".{target.name}")
        staged.unlink(missing_ok=True)
        try:
            os.link(path, staged)
        except OSError:
            shutil.copyfile(path, staged)
        staged.replace(target)
        return target, output

    def _output(self, value: str) -> LibraryOutput | None:
        try:
            return self._library.get(value)
        except NotFound:
            return None


def fingerprint(path: Path) -> str:
    """Return the SHA-256 of a file."""
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()


def input_resolver(services: Services) -> InputResolver:
    """Return a resolver for uploads, results and the sample portraits and voices."""
    samples = (services.site.assets / "portraits", services.site.assets / "voices")
    return InputResolver(services.library, (services.paths.root / "uploads", services.paths.outputs, *samples))
