"""Cover pictures: any still picture as a JPEG of a size that players show."""

from __future__ import annotations

import io
from pathlib import Path

from PIL import Image

from media.audio.audiobook.book_file import CoverJpeg
from media.video.images import read_image

LARGEST_COVER = 1_400
_QUALITY = 90


def cover_jpeg(path: Path) -> CoverJpeg:
    """Return a picture as the cover of a file: upright, opaque, at most 1,400 pixels on its longer side.

    Raises:
        MediaError: it is missing, damaged, no picture or too large.
    """
    image = Image.fromarray(read_image(path))
    image.thumbnail((LARGEST_COVER, LARGEST_COVER), Image.Resampling.LANCZOS)
    held = io.BytesIO()
    image.save(held, "JPEG", quality=_QUALITY, subsampling="4:2:0")
    return CoverJpeg(held.getvalue(), image.width, image.height)
