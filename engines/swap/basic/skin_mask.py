"""Probability of skin for each pixel of a face, which excludes fringes, veils and backgrounds inside the mesh."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from engines.analysis import mesh_points as points
from engines.analysis.landmarks import Face
from media.video.read import Picture

_SAMPLES = (
    (117, 118, 101, 205, 187, 147, 123), (346, 347, 330, 425, 411, 376, 352), (168, 6, 197, 195, 5),
)  # fmt: skip
"""Cheeks and the ridge of the nose: skin for certain."""
_NOSE = (168, 193, 122, 196, 3, 51, 45, 48, 64, 98, 97, 2, 326, 327, 294, 278, 275, 281, 248, 419, 351, 417)
_FEATURES: tuple[tuple[int, ...], ...] = (
    points.RIGHT_UPPER_LID + points.RIGHT_LOWER_LID, points.LEFT_UPPER_LID + points.LEFT_LOWER_LID, points.RIGHT_BROW,
    points.LEFT_BROW, points.OUTER_UPPER_LIP + points.OUTER_LOWER_LIP, _NOSE,
)  # fmt: skip
"""Parts that belong to the face whatever their colour."""
_LEAST_SPREAD = np.diag([120.0, 14.0, 14.0])
_SURE, _FALL = 5.0, 5.0

Coverage = NDArray[np.float32]
"""[height, width], 0..1."""


def skin_of(picture: Picture, face: Face) -> Coverage:
    """Return for each pixel how likely it is skin of this face, by its distance, in Lab, from the colours of cheeks and nose."""
    width = float(np.ptp(face.points[:, 0]))
    smooth = cv2.GaussianBlur(picture, (0, 0), max(0.3, 0.006 * width))
    lab = cv2.cvtColor(smooth, cv2.COLOR_RGB2LAB).astype(np.float32)
    sample: Any = np.zeros(picture.shape[:2], np.uint8)
    for ids in _SAMPLES:
        cv2.fillPoly(sample, [_pixels(face, ids)], 255)
    colours = lab[sample > 0]
    if len(colours) < 16:
        return np.ones(picture.shape[:2], np.float32)
    spread = np.cov(colours.T) * 4 + _LEAST_SPREAD
    away = lab - colours.mean(axis=0)
    distance = np.einsum("hwi,ij,hwj->hw", away, np.linalg.inv(spread), away)
    skin = np.exp(-np.maximum(distance - _SURE, 0) / _FALL)
    skin = np.where(_features(picture, face, width), 1.0, skin).astype(np.float32)
    reach = max(1, round(0.02 * width))
    closed = cv2.morphologyEx(skin, cv2.MORPH_CLOSE, _disc(reach))
    return np.asarray(cv2.GaussianBlur(closed, (0, 0), max(0.5, 0.5 * reach)), np.float32)


def _features(picture: Picture, face: Face, width: float) -> NDArray[np.bool_]:
    mask: Any = np.zeros(picture.shape[:2], np.uint8)
    for ids in _FEATURES:
        cv2.fillConvexPoly(mask, cv2.convexHull(_pixels(face, ids)), 255)
    return cv2.dilate(mask, _disc(max(1, round(0.025 * width)))) > 0


def feature_holes(face: Face, shape: tuple[int, int], grow: float) -> NDArray[np.bool_]:
    """Return eyes, brows and lips, whose colours do not depend on the light; `grow` is in widths of the face."""
    mask: Any = np.zeros(shape, np.uint8)
    for ids in _FEATURES[:5]:
        cv2.fillConvexPoly(mask, cv2.convexHull(_pixels(face, ids)), 255)
    reach = max(1, round(grow * float(np.ptp(face.points[:, 0]))))
    return cv2.dilate(mask, _disc(reach)) > 0


def _pixels(face: Face, ids: tuple[int, ...]) -> NDArray[np.int32]:
    return np.round(face.points[list(ids), :2]).astype(np.int32)


def _disc(reach: int) -> NDArray:
    disc: Any = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1))
    return disc
