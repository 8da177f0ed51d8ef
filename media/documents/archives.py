"""Safe access to documents that are ZIP archives.

Members are read into memory and never written under their own names. Limits apply to the unpacked data, whatever sizes the
archive declares.
"""

from __future__ import annotations

import posixpath
import struct
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import unquote

from media.broken_zip import BROKEN_ZIP
from media.errors import MediaError

LARGEST_TEXT = 64 << 20
"""Bytes of all members of one document together that are read as text."""

LARGEST_PICTURE = 32 << 20
_MOST_MEMBERS = 20_000
_LARGEST_DIRECTORY = 8 << 20
_END, _END_BYTES, _LONGEST_COMMENT = b"PK\x05\x06", 22, 1 << 16
_KNOWN_PACKING = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


class DocumentArchive:
    """The members of an archive by name, within limits. Used within `opened`."""

    def __init__(self, archive: zipfile.ZipFile, name: str) -> None:
        self.name = name
        self._archive = archive
        self._members = {_plain(member.filename): member for member in archive.infolist()}
        self._left = LARGEST_TEXT

    def __contains__(self, member: str) -> bool:
        return _plain(member) in self._members

    def names(self) -> list[str]:
        return list(self._members)

    def text(self, member: str) -> bytes:
        """Return the bytes of a text member.

        Raises:
            MediaError: it is missing, encrypted, damaged, compressed by an unusual method, or too large.
        """
        data = self._read(member, self._left)
        self._left -= len(data)
        return data

    def picture(self, member: str) -> bytes | None:
        """Return the bytes of a picture; None if it is missing, damaged or too large, because the document can be read without
        it.
        """
        try:
            return self._read(member, LARGEST_PICTURE)
        except MediaError:
            return None

    def _read(self, name: str, most: int) -> bytes:
        member = self._members.get(_plain(name))
        if member is None:
            raise MediaError("document.part-missing", file=self.name, part=name)
        if member.flag_bits & 1:
            raise MediaError("document.locked", file=self.name)
        if member.compress_type not in _KNOWN_PACKING:
            raise MediaError("document.packed-otherwise", file=self.name)
        with self._archive.open(member) as file:
            data = file.read(most + 1)
        if len(data) > most:
            raise MediaError("document.unpacks-too-large", file=self.name, most=LARGEST_TEXT >> 20)
        return data


@contextmanager
def opened(path: Path) -> Iterator[DocumentArchive]:
    """Open an archive.

    Raises:
        MediaError: it is no archive, damaged, or has too many members.
    """
    try:
        if _directory_bytes(path) > _LARGEST_DIRECTORY:
            raise MediaError("document.too-many-parts", file=path.name, most=_MOST_MEMBERS)
        with zipfile.ZipFile(path) as archive:
            if len(archive.infolist()) > _MOST_MEMBERS:
                raise MediaError("document.too-many-parts", file=path.name, most=_MOST_MEMBERS)
            yield DocumentArchive(archive, path.name)
    except BROKEN_ZIP:
        raise MediaError("document.damaged", file=path.name) from None


def _directory_bytes(path: Path) -> int:
    """Return the declared length of the central directory, because reading a long one would take gigabytes of memory."""
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - _END_BYTES - _LONGEST_COMMENT))
        tail = file.read()
    at = tail.rfind(_END)
    return int(struct.unpack_from("<L", tail, at + 12)[0]) if 0 <= at <= len(tail) - _END_BYTES else 0


def resolved(base: str, reference: str) -> tuple[str, str]:
    """Return the member that a reference in another member points to, and the fragment after `#`, both decoded.

    A reference outside of the archive gives a name that no member has.
    """
    path, _, fragment = reference.partition("#")
    if not path:
        return _plain(base), unquote(fragment)
    return _plain(posixpath.join(posixpath.dirname(base), unquote(path))), unquote(fragment)


def _plain(name: str) -> str:
    return posixpath.normpath(name.replace("\\", "/")).lstrip("/")
