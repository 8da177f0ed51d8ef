"""The square around a head that LivePortrait processes: cropped from a picture, and pasted back with a soft edge.

Its position follows upstream's utils/crop.py; the landmarks are those of the studio's face mesh.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from engines.analysis import mesh_points as points
from engines.analysis.landmarks import Face
from media.video.read import Picture

CUT = 512
"""Pixels of the square as it is cut and pasted."""
_RIM = 0.055
"""Of the square's side: width of the soft rim."""
_EYES = (33, 159, 133, 145), (362, 386, 263, 374)
_LIP_CORNERS = (61, 291)
_LOWER_OVAL = (
    127, 234, 93, 132, 58, 172, 136, 150, 149, 176, 148, 152,
    377, 400, 378, 379, 365, 397, 288, 361, 323, 454, 356,
)  # fmt: skip
_FRAMED = (*_LOWER_OVAL, *points.RIGHT_BROW, *points.LEFT_BROW)
"""What the square is measured by: jaw and brows, without the forehead, as the 106 points that upstream measures by."""
_FACE_WIDER = 1.12

Matrix = NDArray[np.float32]


@dataclass(frozen=True)
class HeadFraming:
    """Position and size of the square around a face.

    Args:
        scale: its side in sizes of the face.
        right, down: shift in sides of the square.
        turned: whether it is aligned with the face.
    """

    scale: float = 2.3
    right: float = 0.0
    down: float = -0.125
    turned: bool = True


@dataclass(frozen=True, eq=False)
class HeadCrop:
    """One square. `matrix` [2, 3] maps its pixels (CUT per side) to those of the picture."""

    matrix: Matrix

    def cut(self, picture: Picture, side: int) -> Picture:
        """Return the square with `side` pixels per side; black beyond the picture."""
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        square = cv2.warpAffine(picture, self.matrix, (CUT, CUT), flags=flags)
        return square if side == CUT else cv2.resize(square, (side, side), interpolation=cv2.INTER_AREA)

    def paste(self, picture: Picture, square: Picture, mask: NDArray[np.float32], strength: float = 1.0) -> Picture:
        """Return the picture with `square` pasted by `mask` [CUT, CUT] 0 to 1; pixels outside the mask are unchanged."""
        if square.shape[0] != CUT:
            square = cv2.resize(square, (CUT, CUT), interpolation=cv2.INTER_LINEAR)
        height, width = picture.shape[:2]
        corners = np.array([[0, 0], [CUT, 0], [CUT, CUT], [0, CUT]], np.float32) @ self.matrix[:, :2].T + self.matrix[:, 2]
        left, top = np.clip(np.floor(corners.min(axis=0)).astype(int), 0, [width, height])
        right, bottom = np.clip(np.ceil(corners.max(axis=0)).astype(int) + 1, 0, [width, height])
        result = picture.copy()
        if right <= left or bottom <= top:
            return result
        local = self.matrix.copy()
        local[:, 2] -= [left, top]
        size = (int(right - left), int(bottom - top))
        placed = cv2.warpAffine(square, local, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE).astype(np.float32)
        cover = cv2.warpAffine(mask * strength, local, size, flags=cv2.INTER_LINEAR)[..., np.newaxis]
        area = result[top:bottom, left:right]
        area[:] = np.round(area + (placed - area) * cover).clip(0, 255).astype(np.uint8)
        return result

    def inside(self, face: Face) -> NDArray[np.float32]:
        """Return the mesh points [468, 2] of a face of the picture, in pixels of the square."""
        inverse = cv2.invertAffineTransform(self.matrix)
        return (face.points[:, :2] @ inverse[:, :2].T + inverse[:, 2]).astype(np.float32)


def crop_around(face: Face, framing: HeadFraming) -> HeadCrop:
    """Return the square around a face; its vertical axis is the line from the eyes to the lips."""
    flat = face.points[:, :2].astype(np.float64)
    eyes = np.mean([flat[list(eye)].mean(axis=0) for eye in _EYES], axis=0)
    down = flat[list(_LIP_CORNERS)].mean(axis=0) - eyes
    length = float(np.linalg.norm(down))
    down = down / length if length > 1e-3 else np.array([0.0, 1.0])
    along = np.array([down[1], -down[0]])
    axes = np.stack([along, down])
    framed = flat[list(_FRAMED)]
    middle = framed.mean(axis=0)
    turned = (framed - middle) @ axes.T
    low, high = turned.min(axis=0), turned.max(axis=0)
    side = float((high - low).max()) * framing.scale
    centre = middle + ((low + high) / 2) @ axes + side * (framing.right * along + framing.down * down)
    return square_at(centre, side, axes if framing.turned else np.eye(2))


def square_at(centre: NDArray[np.float64], side: float, axes: NDArray[np.float64]) -> HeadCrop:
    """Return a square by its centre, its side in pixels, and its axes as rows."""
    linear = axes.T * (side / CUT)
    return HeadCrop(np.column_stack([linear, centre - linear @ np.array([CUT / 2, CUT / 2])]).astype(np.float32))


def whole_mask() -> NDArray[np.float32]:
    """Return a mask of the whole square with a soft edge, [CUT, CUT]."""
    at = (np.arange(CUT, dtype=np.float32) + 0.5) / CUT
    ramp = np.clip((np.minimum(at, 1 - at) - 1 / CUT) / _RIM, 0, 1)
    ramp = ramp * ramp * (3 - 2 * ramp)
    return np.minimum.outer(ramp, ramp)


def face_mask(inside: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return a soft mask of the face and its border, [CUT, CUT], for videos, whose surroundings must not change.

    Args:
        inside: mesh points in pixels of the square.
    """
    oval = inside[list(points.OVAL)]
    middle = oval.mean(axis=0)
    outline = middle + (oval - middle) * _FACE_WIDER
    mask = np.zeros((CUT, CUT), np.uint8)
    cv2.fillPoly(mask, [np.round(outline * 16).astype(np.int32)], 255, lineType=cv2.LINE_AA, shift=4)
    soft = max(2.0, 0.04 * float(np.ptp(oval[:, 1])))
    return np.minimum(cv2.GaussianBlur(mask, (0, 0), soft).astype(np.float32) / 255, whole_mask())


def lip_ratio(face: Face) -> float:
    """Return the gap between the lips in mouth widths, as the lip retargeting defines it."""
    right, left = _LIP_CORNERS
    width = float(np.linalg.norm(face.points[left, :2] - face.points[right, :2]))
    return float(np.linalg.norm(face.points[14, :2] - face.points[13, :2])) / max(width, 1e-3)


def eye_ratios(face: Face) -> tuple[float, float]:
    """Return the opening of the eye on the picture's left and right, each in eye widths, as the eye retargeting defines it."""
    flat = face.points[:, :2]

    def ratio(outer: int, upper: int, inner: int, lower: int) -> float:
        return float(np.linalg.norm(flat[upper] - flat[lower]) / max(float(np.linalg.norm(flat[outer] - flat[inner])), 1e-3))

    return ratio(*_EYES[0]), ratio(*_EYES[1])
