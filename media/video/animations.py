"""Animated pictures (GIF, WebP, APNG, AVIF) as clips: the time of each picture, and the pictures in order."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from media.video.colour_profiles import in_srgb
from media.video.picture_formats import UNREADABLE, opened

_ANIMATED = ("GIF", "WEBP", "PNG", "AVIF")
"""Formats whose further pictures follow in time; those of others are pages, thumbnails or depths."""
_SHORTEST, _INSTEAD = 0.011, 0.1
"""Seconds: browsers show a picture that asks for no more than the first for the second, and animations are made for them."""


@dataclass(frozen=True)
class Animation:
    """An animated picture.

    Args:
        size: width and height.
        starts: seconds at which each picture appears, from the first.
        seconds: the length of one cycle.
    """

    codec: str
    size: tuple[int, int]
    starts: tuple[float, ...]
    seconds: float


def is_animation(image: Image.Image) -> bool:
    return image.format in _ANIMATED and bool(getattr(image, "is_animated", False))


def read_animation(path: Path) -> Animation | None:
    """Read the properties of an animated picture; None for any other file."""
    try:
        with opened(path) as image:
            if not is_animation(image):
                return None
            starts, at = [], 0.0
            for number in range(int(getattr(image, "n_frames", 1))):
                image.seek(number)
                image.load()
                starts.append(at)
                at += _shown_for(image)
            return Animation((image.format or "").lower(), image.size, tuple(starts), at)
    except UNREADABLE:
        return None


def animation_pictures(path: Path) -> Iterator[NDArray[np.uint8]]:
    """Yield RGB pictures [height, width, 3] in order, transparency laid on white; one in memory at a time.

    Raises:
        UNREADABLE: the file is damaged.
    """
    with opened(path) as image:
        for number in range(int(getattr(image, "n_frames", 1))):
            image.seek(number)
            yield flattened(in_srgb(image.copy()))


def flattened(image: Image.Image) -> NDArray[np.uint8]:
    """Return RGB values [height, width, 3], transparency laid on white."""
    if "A" in image.getbands() or "transparency" in image.info:
        ground = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(ground, image.convert("RGBA"))
    return np.ascontiguousarray(np.asarray(image.convert("RGB")))


def _shown_for(image: Image.Image) -> float:
    seconds = float(image.info.get("duration") or 0) / 1000
    return seconds if seconds > _SHORTEST else _INSTEAD
