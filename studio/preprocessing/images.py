"""Preparation of still pictures: rotated by their EXIF data, opaque, at a size that the workflow accepts."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import BaseModel

from media.video.images import read_image, write_picture
from media.video.read import Picture
from studio.preprocessing.constraints import Constraints, constraints_of


def prepare_image(path: Path, constraints: Constraints | Mapping[str, Any] | BaseModel | None, folder: Path) -> Path:
    """Write a picture as an RGB PNG to `folder`, named by its content, and return its path.

    It is rotated upright, blended onto white, and scaled to the limits.

    Raises:
        MediaError: the file is no picture, damaged or too large.
        InvalidInput: contradictory constraints.
    """
    limits = constraints_of(constraints)
    picture = read_image(path)
    fitted = resized(picture, limits.size_for(picture.shape[1], picture.shape[0]))
    folder.mkdir(parents=True, exist_ok=True)
    name = sha256(np.array(fitted.shape, np.int64).tobytes() + fitted.tobytes()).hexdigest()[:16]
    target = folder / f"{name}.png"
    if not target.is_file():
        staged = folder / f".{name}.png"
        write_picture(staged, fitted)
        staged.replace(target)
    return target


def resized(picture: Picture, size: tuple[int, int]) -> Picture:
    """Return a picture that fills `size` (width, height) without distortion, cropped evenly."""
    width, height = size
    if (picture.shape[1], picture.shape[0]) == size:
        return picture
    scale = max(width / picture.shape[1], height / picture.shape[0])
    wide, high = max(width, round(picture.shape[1] * scale)), max(height, round(picture.shape[0] * scale))
    import cv2

    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    scaled = np.asarray(picture if scale == 1 else cv2.resize(picture, (wide, high), interpolation=method), np.uint8)
    left, top = (scaled.shape[1] - width) // 2, (scaled.shape[0] - height) // 2
    return np.ascontiguousarray(scaled[top : top + height, left : left + width])
