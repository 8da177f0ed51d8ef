"""Comparison of the framing of a reference picture and a driving clip, and reframing of the picture.

A workflow that replaces one person by another takes size and position from the reference: a close-up in place of a distant person
becomes a giant. The measure is the face, which is detected in both.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from media.messages.message import Message
from media.video.images import read_image, write_picture
from media.video.read import Picture

CLOSE_ENOUGH = 1.35
"""Factor between the two faces' sizes up to which there is no remark."""
_MOST_PAD = 3.0
"""Of its sides, by which a picture is completed at most."""
LONGEST_SIDE = 2048
"""Of what is made: more than any workflow takes, and a photo framed far away would be several times as large as it is."""
_BLURRED_AT = 256
"""The longer side at which the surroundings are blurred: they are soft, and a wide blur of millions of pixels takes minutes."""


class FacePosition(Protocol):
    """A face in fractions of its picture: centre, and height from forehead to chin."""

    @property
    def x(self) -> float: ...
    @property
    def y(self) -> float: ...
    @property
    def height(self) -> float: ...


@dataclass(frozen=True)
class Framing:
    """The framing of a reference relative to a driving clip.

    Args:
        reference, driving: heights of the faces in fractions of their pictures.
    """

    reference: float
    driving: float

    @property
    def factor(self) -> float:
        """Ratio of the face sizes, reference to driving clip."""
        return self.reference / self.driving

    @property
    def fits(self) -> bool:
        return 1 / CLOSE_ENOUGH <= self.factor <= CLOSE_ENOUGH

    def sentence(self) -> str:
        if self.fits:
            return Message.of("preparation.framed-alike").reason()
        larger = self.factor > 1
        return Message.of(
            "preparation.framed-otherwise", picture=100 * self.reference, clip=100 * self.driving,
            factor=self.factor if larger else 1 / self.factor, larger=larger,
        ).reason()  # fmt: skip


def compare_framing(reference: FacePosition, driving: FacePosition) -> Framing:
    """Return the framing of two faces."""
    return Framing(max(1e-3, reference.height), max(1e-3, driving.height))


def reframed_picture(path: Path, face: FacePosition, driving: FacePosition, aspect: float, folder: Path) -> Path:
    """Write the picture as a PNG to `folder` with its face at the size and position of the driving clip's, and return its path.

    Areas beyond the picture are filled with its blurred edge.

    Args:
        aspect: width by height of the driving clip.

    Raises:
        MediaError: the picture cannot be read.
    """
    picture = read_image(path)
    rows, columns = picture.shape[:2]
    height = face.height * rows / max(driving.height, 1e-3)
    height = float(np.clip(height, 64, rows * _MOST_PAD))
    width = height * aspect
    shrink = min(1.0, LONGEST_SIDE / max(width, height))
    if shrink < 1:
        import cv2  # here, as in all of the studio: a start does without it

        size = max(1, round(columns * shrink)), max(1, round(rows * shrink))
        picture = np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)
        (rows, columns), width, height = picture.shape[:2], width * shrink, height * shrink
    left, top = face.x * columns - driving.x * width, face.y * rows - driving.y * height
    made = _window(picture, round(left), round(top), max(16, round(width)), max(16, round(height)))
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / f"{sha256(made.tobytes()).hexdigest()[:16]}.png"
    write_picture(target, made)
    return target


def _window(picture: Picture, left: int, top: int, width: int, height: int) -> Picture:
    """A window on a picture that may reach beyond it."""
    rows, columns = picture.shape[:2]
    before = (max(0, -top), max(0, -left))
    after = (max(0, top + height - rows), max(0, left + width - columns))
    inner = picture[max(0, top) : max(1, min(rows, top + height)), max(0, left) : max(1, min(columns, left + width))]
    if not any((*before, *after)):
        return np.ascontiguousarray(inner)
    import cv2

    around: Any = cv2.copyMakeBorder(inner, before[0], after[0], before[1], after[1], cv2.BORDER_REPLICATE)
    whole = around.shape[1], around.shape[0]
    scale = min(1.0, _BLURRED_AT / max(whole))
    small = cv2.resize(around, (max(1, round(whole[0] * scale)), max(1, round(whole[1] * scale))), interpolation=cv2.INTER_AREA)
    soft = cv2.GaussianBlur(small, (0, 0), max(1.0, 0.03 * max(small.shape[:2])))
    soft = cv2.resize(soft, whole, interpolation=cv2.INTER_CUBIC)
    inside: Any = np.zeros(around.shape[:2], np.float32)
    inside[before[0] : around.shape[0] - after[0], before[1] : around.shape[1] - after[1]] = 1
    inside = cv2.GaussianBlur(inside, (0, 0), max(1.0, 0.008 * max(width, height)))
    weight = (2 * np.clip(inside - 0.5, 0, 0.5))[..., np.newaxis]
    return np.round(soft + (around - soft.astype(np.float32)) * weight).clip(0, 255).astype(np.uint8)
