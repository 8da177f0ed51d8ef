"""MuseTalk's face region: the box around a face, and the soft mask of the jaw, from the studio's face mesh.

Upstream derives the box from 68 landmarks and the mask from a face parser (musetalk/utils/preprocessing.py, blending.py); here
both come from the 468 mesh points, so neither model is needed.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from engines.analysis.landmarks import Face
from engines.contract.errors import EngineError
from media.video.read import Picture

_JAW = (
    127, 234, 93, 132, 58, 172, 136, 150, 149, 176, 148, 152,
    377, 400, 378, 379, 365, 397, 288, 361, 323, 454, 356,
)  # fmt: skip
"""The outline of the lower face from ear to ear, as the first 17 of 68 landmarks."""
_CHIN, _NOSE_MIDDLE = 152, 5
_NOSE = (6, 198, 129, 98, 97, 2, 326, 327, 358, 420)
_LOWERED = 0.05
"""Of the box's height: how far below the chin of the picture an opened jaw may reach."""
_BLUR = 0.05
"""Width of the blur in widths of the surroundings that upstream blends in (1.5 boxes)."""
_SURROUNDINGS = 1.5
_SMALLEST = 16


@dataclass(frozen=True)
class FaceCrop:
    """The pixels [top, bottom) by [left, right) of a picture; the face's centre is at half its height."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def width(self) -> int:
        return self.right - self.left

    @property
    def height(self) -> int:
        return self.bottom - self.top

    def cut(self, picture: Picture, side: int) -> Picture:
        """Return the box scaled to a square of `side` pixels."""
        return cv2.resize(self.of(picture), (side, side), interpolation=cv2.INTER_LANCZOS4)

    def of(self, picture: NDArray) -> NDArray:
        """Return the box's pixels as a view."""
        return picture[self.top : self.bottom, self.left : self.right]


def box_of(face: Face, extra_margin: int, picture: Picture) -> FaceCrop:
    """Return the box of a face: from ear to ear, down to the chin and as far up from the middle of the nose.

    Args:
        extra_margin: pixels below the chin.

    Raises:
        EngineError: hardly any of the face is inside the picture.
    """
    height, width = picture.shape[:2]
    flat = face.points[:, :2]
    chin, middle = float(flat[_CHIN, 1]), float(flat[_NOSE_MIDDLE, 1])
    jaw = flat[list(_JAW)]
    left, right = (int(np.clip(value, 0, width)) for value in (jaw[:, 0].min(), jaw[:, 0].max()))
    top, bottom = (int(np.clip(value, 0, height)) for value in (2 * middle - chin, chin + extra_margin))
    if right - left < _SMALLEST or bottom - top < _SMALLEST:
        raise EngineError("face.outside-picture")
    return FaceCrop(left, top, right, bottom)


def jaw_mask(face: Face, box: FaceCrop, keeps_nose: bool) -> NDArray[np.float32]:
    """Return the soft mask, 0 to 1, of the redrawn part of the box: the face below the middle of the nose.

    Args:
        keeps_nose: exclude the nose.
    """
    flat = face.points[:, :2] - [box.left, box.top]
    outline = flat[list(_JAW)].copy()
    middle = float(flat[_NOSE_MIDDLE, 1])
    depth = np.clip((outline[:, 1] - middle) / max(1.0, float(flat[_CHIN, 1]) - middle), 0, 1)
    outline[:, 1] += _LOWERED * box.height * depth
    mask = np.zeros((box.height, box.width), np.uint8)
    cv2.fillPoly(mask, [np.round(outline * 16).astype(np.int32)], 255, lineType=cv2.LINE_AA, shift=4)
    if keeps_nose:
        cv2.fillPoly(mask, [np.round(flat[list(_NOSE)] * 16).astype(np.int32)], 0, lineType=cv2.LINE_AA, shift=4)
    mask[: max(0, round(middle))] = 0
    blur = int(_BLUR * _SURROUNDINGS * max(box.width, box.height)) // 2 * 2 + 1
    mask = cv2.copyMakeBorder(mask, blur, 0, blur, blur, cv2.BORDER_CONSTANT, value=0)
    mask = cv2.copyMakeBorder(mask, 0, blur, 0, 0, cv2.BORDER_REPLICATE)
    soft = cv2.GaussianBlur(mask, (blur, blur), 0).astype(np.float32) / 255
    soft = soft[blur : blur + box.height, blur : blur + box.width]
    return np.minimum(soft, _rim(box))


def blended(picture: Picture, drawn: Picture, box: FaceCrop, mask: NDArray[np.float32], strength: float = 1.0) -> Picture:
    """Return the picture with the redrawn face inside the mask; all other pixels are unchanged."""
    result = picture.copy()
    area = box.of(result)
    fitted = cv2.resize(drawn, (box.width, box.height), interpolation=cv2.INTER_LINEAR).astype(np.float32)
    area[:] = np.round(area + (fitted - area) * (mask * strength)[..., np.newaxis]).clip(0, 255).astype(np.uint8)
    return result


def _rim(box: FaceCrop) -> NDArray[np.float32]:
    """Return 1 inside the box, falling to 0 at its sides and bottom, which hides its edges."""
    width = max(2.0, 0.03 * box.width)
    x, y = np.arange(box.width, dtype=np.float32), np.arange(box.height, dtype=np.float32)
    sides = np.clip(np.minimum(x, box.width - 1 - x) / width, 0, 1)
    return np.minimum.outer(np.clip((box.height - 1 - y) / width, 0, 1), sides)
