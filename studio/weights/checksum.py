"""Checksums as the hub tells them: SHA-256 of large files, the SHA-1 of git's blob for small ones."""

from __future__ import annotations

import hashlib
import os
from contextlib import suppress
from pathlib import Path

CHUNK = 1 << 20
_SHA256_DIGITS, _SHA1_DIGITS = 64, 40


class Checksum:
    """Of data that comes in pieces. An etag of neither form cannot be checked and is taken as right."""

    def __init__(self, etag: str, size: int) -> None:
        self._etag, self._size = etag, size
        self.restart()

    def restart(self) -> None:
        if len(self._etag) == _SHA1_DIGITS:
            self._hash = hashlib.sha1(f"blob {self._size}\0".encode(), usedforsecurity=False)
        else:
            self._hash = hashlib.sha256()

    def add(self, data: bytes) -> None:
        self._hash.update(data)

    def add_file(self, path: Path) -> int:
        """Add what a file holds; returns its length in bytes."""
        length = 0
        with path.open("rb") as file:
            while data := file.read(CHUNK):
                self.add(data)
                length += len(data)
            drop_pages(file.fileno())
        return length

    def result(self) -> str:
        return self._hash.hexdigest() if len(self._etag) in (_SHA1_DIGITS, _SHA256_DIGITS) else self._etag


def drop_pages(descriptor: int) -> None:
    """Let the system forget the pages of a file that was just read or written.

    On memory that CPU and GPU share they would fill the pool, from which a GPU's allocations take them back slowly.
    """
    with suppress(OSError):
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)


def sum_of(path: Path, etag: str, size: int) -> str:
    """Return the checksum of a file, of the kind of `etag`."""
    checksum = Checksum(etag, size)
    checksum.add_file(path)
    return checksum.result()
