"""The supported formats of still and animated pictures, each recognised by its content."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from PIL import Image

PICTURE_FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "TIFF", "GIF", "AVIF", "HEIF")
UNREADABLE = (OSError, Image.DecompressionBombError, ValueError, SyntaxError, EOFError)
"""What Pillow raises for a file that is damaged or no picture."""

_HEIF_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1", b"msf1")
"""ISO 23008-12."""


@contextmanager
def opened(path: Path) -> Iterator[Image.Image]:
    """Open a picture file; its pixels are not read yet.

    Raises:
        UNREADABLE: it is damaged, or of an unsupported format.
    """
    with Image.open(path, formats=PICTURE_FORMATS) as image:
        yield image


def _is_heif(start: bytes) -> bool:
    return start[4:8] == b"ftyp" and start[8:12] in _HEIF_BRANDS


def _heif(file: Any, name: str | bytes) -> Any:
    from pi_heif import HeifImageFile  # imported with the first such picture, so that a start does not load the library

    return HeifImageFile(file, name)


Image.register_open("HEIF", _heif, _is_heif)
