"""Crops and scales pictures to the size of a film, portraits around their face."""

from __future__ import annotations

import numpy as np
from PIL import Image

from engines.contract.faces import SeenFace
from media.video.read import Picture

_FACE_AT = 0.42
"""Where the middle of a face lies in the height of a presenter's picture."""
_FACE_HEIGHT = 0.46
"""The height of a face, forehead to chin, in that of the picture, where the portrait is large enough around it."""


def filled(picture: Picture, size: tuple[int, int]) -> Picture:
    """Return the centre of a picture, cropped to the aspect ratio of `size` and scaled to it."""
    height, width = picture.shape[:2]
    scale = max(size[0] / width, size[1] / height)
    wide, high = size[0] / scale, size[1] / scale
    return _cut(picture, (width - wide) / 2, (height - high) / 2, wide, high, size)


def portrait_framed(picture: Picture, face: SeenFace | None, size: tuple[int, int]) -> Picture:
    """Return a portrait framed as a presenter: the face slightly above the centre and not too large, as far as the picture
    allows.
    """
    if face is None:
        return filled(picture, size)
    height, width = picture.shape[:2]
    ratio = size[0] / size[1]
    high = min(face.height * height / _FACE_HEIGHT, height, width / ratio)
    wide = high * ratio
    left = min(max(0.0, face.x * width - wide / 2), width - wide)
    top = min(max(0.0, face.y * height - high * _FACE_AT), height - high)
    return _cut(picture, left, top, wide, high, size)


def _cut(picture: Picture, left: float, top: float, wide: float, high: float, size: tuple[int, int]) -> Picture:
    box = (left, top, left + wide, top + high)
    image = Image.fromarray(picture).resize(size, Image.Resampling.LANCZOS, box=box)
    return np.asarray(image)


class CornerPainter:
    """Draws a square picture with rounded corners into the upper right of others.

    Args:
        size: of the pictures.
        side: of the square.
    """

    def __init__(self, size: tuple[int, int], side: int) -> None:
        margin = round(min(size) * 0.04)
        self._rows = slice(margin, margin + side)
        self._columns = slice(size[0] - margin - side, size[0] - margin)
        self._kept = _rounded(side)[..., None]

    def lay(self, picture: Picture, square: Picture) -> None:
        """Draw the square into `picture` in place."""
        side = self._kept.shape[0]
        if square.shape[0] != side:
            square = np.asarray(Image.fromarray(square).resize((side, side), Image.Resampling.LANCZOS))
        under = picture[self._rows, self._columns].astype(np.float32)
        picture[self._rows, self._columns] = (under + (square - under) * self._kept + 0.5).astype(np.uint8)


def _rounded(side: int) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    """Return a mask of a square with rounded corners: 1 inside, 0 outside, soft in between."""
    radius = side * 0.12
    middle = np.abs(np.arange(side) + 0.5 - side / 2) - (side / 2 - radius)
    away = np.hypot(np.maximum(middle, 0)[:, None], np.maximum(middle, 0)[None, :])
    return np.clip(radius - away, 0, 1).astype(np.float32)
