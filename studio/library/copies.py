"""Finds the output that a file came from, so that its licences are known if it is used again."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import file_digest
from pathlib import Path

from studio.library.library import Library
from studio.library.model import LibraryOutput
from studio.licences import UNKNOWN, LicenceTerms


def source_of(library: Library, path: Path) -> LibraryOutput | None:
    """Return the output that a file is, belongs to, or has the same bytes as; None for any other file.

    A browser uploads copies of files of the page, so the path of a file is not enough. Only files with the same extension and
    size are read.
    """
    try:
        size, digest = path.stat().st_size, None
        for output, file in _files(library, path.suffix.lower()):
            if file == path:
                return output
            if file.stat().st_size == size:
                digest = digest or _digest(path)
                if _digest(file) == digest:
                    return output
    except OSError:
        return None
    return None


def terms_of_file(library: Library, path: Path) -> LicenceTerms:
    """Return the licences of the output that a file came from; unknown for any other file."""
    output = source_of(library, path)
    return UNKNOWN if output is None else output.terms


def _files(library: Library, ending: str) -> Iterator[tuple[LibraryOutput, Path]]:
    for output in library.list(limit=None):
        for file in (output.path, *output.companions):
            if file.suffix.lower() == ending and file.is_file():
                yield output, file


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()
