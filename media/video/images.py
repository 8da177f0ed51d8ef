"""Still pictures: reading them upright, opaque and in sRGB, and distinguishing them from videos."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from media.errors import MediaError
from media.file_kinds import file_kind
from media.video.animations import flattened, is_animation
from media.video.colour_profiles import in_srgb
from media.video.picture_formats import UNREADABLE, opened
from media.video.read import LARGEST_SIDE, Picture

_MOST_PIXELS = 100_000_000
_OTHER_PICTURES = (
    "a JPEG XL picture",
    "a JPEG 2000 picture",
    "a camera's raw picture",
    "a Photoshop document",
    "a GIMP document",
)


def is_image(path: Path) -> bool:
    """Return whether a file is a still picture by its content, whatever its name.

    A file of several pictures that are shown one after the other (GIF, WebP, APNG, AVIF) is a clip; one that has further pictures
    beside its own (a phone's JPEG with its depth, pages of a TIFF) is a picture.
    """
    try:
        with opened(path) as image:
            return not is_animation(image)
    except UNREADABLE:
        return False


def read_image(path: Path | str) -> Picture:
    """Read a still picture as RGB: rotated as its EXIF data says, its colour profile converted to sRGB, transparency laid on
    white, 16-bit depths reduced to 8. Of an animation the first picture.

    Raises:
        MediaError: the file is missing, damaged, no picture or too large.
    """
    path = Path(path)
    try:
        with opened(path) as image:
            _check_size(image, path)
            upright = ImageOps.exif_transpose(image)
            if upright.mode in ("I;16", "I", "F"):
                upright = Image.fromarray(_eight_bits(np.asarray(upright, np.float32)))
            return flattened(in_srgb(upright))
    except FileNotFoundError:
        raise MediaError("picture.file-missing", file=path.name) from None
    except UNREADABLE:
        raise _refusal(path) from None


def write_picture(path: Path | str, picture: Picture, longest_side: int = 0) -> None:
    """Write a picture as PNG or JPEG, by the file's extension; reduced if it is longer than `longest_side` (0 keeps it)."""
    image = Image.fromarray(picture)
    if longest_side:
        image.thumbnail((longest_side, longest_side), Image.Resampling.LANCZOS)
    image.save(path)


def _check_size(image: Image.Image, path: Path) -> None:
    width, height = image.size
    if max(width, height) > LARGEST_SIDE or width * height > _MOST_PIXELS:
        raise MediaError("picture.too-large", file=path.name, width=width, height=height, largest=LARGEST_SIDE)


def _eight_bits(values: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Convert greys of a greater depth, the brightest to white; values that are fractions of white (0 to 1) keep their
    fraction."""
    most = float(values.max(initial=0.0))
    return np.clip(values * (255 if 0 < most <= 1 else 255 / max(255.0, most)), 0, 255).astype(np.uint8)


def _refusal(path: Path) -> MediaError:
    kind = file_kind(path)
    if kind in _OTHER_PICTURES:
        return MediaError("picture.kind-not-read", file=path.name, kind=kind)
    if kind and not kind.endswith("picture"):
        return MediaError("picture.of-another-kind", file=path.name, kind=kind)
    return MediaError("picture.file-damaged", file=path.name)
