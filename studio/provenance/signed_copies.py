"""Signed copies of outputs, made on request, while the output in the library is not changed.

Resuming, caches and later jobs compare the bytes of an output, and no two signatures are equal. So the statement is written into
a copy, which is stored in the cache and may be deleted at any time. Outputs that it was made from are included as their own
signed copies, so that the last copy contains the statements of the whole chain.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import threading
import time
import zipfile
from collections.abc import Collection
from hashlib import sha256
from pathlib import Path

from media.refusals import refusal
from studio.errors import InvalidInput, NotFound
from studio.files import staging_path
from studio.library import Library, LibraryOutput
from studio.provenance.formats import MARKED_SUFFIXES, SIDECAR_SUFFIX
from studio.provenance.manifest import ParentFile
from studio.provenance.process import SigningFailed
from studio.provenance.provenance import Provenance

KEPT_SECONDS = 86_400.0
MOST_ANCESTORS = 64
"""How many outputs of a chain get signed copies of their own; further ones go in as they are, by their hash."""


class SignedCopies:
    """Makes and caches signed copies. Any thread may call any method; one copy is made at a time, because the next may need
    it.

    Args:
        folder: of the cache; made with the first copy.
    """

    def __init__(self, provenance: Provenance, library: Library, folder: Path) -> None:
        self._provenance, self._library, self._folder = provenance, library, folder
        self._making = threading.Lock()

    def get(self, output: str) -> Path:
        """The signed copy of an output under its own name; for a format that holds no statement a ZIP of file and statement.

        Raises:
            NotFound: no such output.
            InvalidInput: a plain text, which is not signed.
            SigningFailed, StorageError, NotEnoughSpace: it could not be signed.
        """
        found = self._library.get(output)
        if found.path.suffix.lower() not in MARKED_SUFFIXES:
            raise InvalidInput("provenance.not-signed", ending=found.path.suffix)
        with self._making:
            self._prune(time.time() - KEPT_SECONDS)
            return self._copy(found, {found.id}, [MOST_ANCESTORS])

    def _copy(self, output: LibraryOutput, on_the_way: Collection[str], left: list[int]) -> Path:
        """`on_the_way`: outputs whose copies wait for this one; a recipe changed by hand may lead round in a circle."""
        folder = self._folder / self._key(output)
        kept = next(iter(folder.glob("*")), None) if folder.is_dir() else None
        if kept is not None:
            with contextlib.suppress(OSError):
                os.utime(folder)
            return kept
        self._library.ensure_space(2 * output.size, "the signed copy")
        parents = [self._parent(one, on_the_way, left) for one in output.parents]
        try:
            return self._made(output, folder, [one for one in parents if one is not None])
        except OSError as error:
            raise SigningFailed("provenance.copy-unwritable", why=refusal(error), retryable=True) from None

    def _parent(self, output: str, on_the_way: Collection[str], left: list[int]) -> ParentFile | None:
        try:
            found = self._library.get(output)
        except NotFound:
            return None
        left[0] -= 1
        signed = found.path.suffix.lower() in MARKED_SUFFIXES and found.id not in on_the_way and left[0] >= 0
        copy = self._copy(found, {*on_the_way, found.id}, left) if signed else found.path
        # A ZIP of file and statement is for people; as an ingredient the file itself goes in.
        return ParentFile(copy if copy.suffix == found.path.suffix else found.path, found.kind)

    def _made(self, output: LibraryOutput, folder: Path, parents: list[ParentFile]) -> Path:
        self._folder.mkdir(parents=True, exist_ok=True)
        making = staging_path(self._folder)
        making.mkdir()
        try:
            target = making / output.path.name
            signed = self._provenance.sign(output.path, target, output.recipe, output.kind, parents)
            if not signed.embedded:
                target = _packed(output.path, target)
            making.rename(folder)
        finally:
            shutil.rmtree(making, ignore_errors=True)
        return folder / target.name

    def _key(self, output: LibraryOutput) -> str:
        """Of the file, its recipe and the certificate as they are now."""
        file = output.path.stat()
        parts = (
            output.id,
            file.st_size,
            file.st_mtime_ns,
            sorted(output.recipe.items(), key=str),
            self._provenance.identity().fingerprint,
        )
        return sha256(repr(parts).encode("utf-8", "replace")).hexdigest()

    def _prune(self, older_than: float) -> None:
        with contextlib.suppress(OSError):
            for entry in list(os.scandir(self._folder)):
                if entry.stat(follow_symlinks=False).st_mtime < older_than:
                    shutil.rmtree(entry.path, ignore_errors=True)


def _packed(file: Path, statement: Path) -> Path:
    """A ZIP of a file and the statement about it, in place of the statement."""
    target = statement.with_name(f"{file.stem}.zip")
    apart = statement.rename(statement.with_name(f".{file.name}{SIDECAR_SUFFIX}"))
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        archive.write(file, file.name)
        archive.write(apart, file.name + SIDECAR_SUFFIX)
    apart.unlink()
    return target
