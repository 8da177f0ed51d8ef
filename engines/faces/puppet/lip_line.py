"""Location of the line between closed lips, the darkest line there, which meshes miss by half a lip."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from engines.analysis import mesh_points as points
from engines.analysis.landmarks import Face
from engines.faces.common.face_frame import FaceFrame
from media.video.read import Picture

_ACROSS, _DOWN = 41, 61
_REACH = 0.15
"""Of the mouth's width, how far above and below the mesh's line the dark one is looked for."""
_LEVELS = np.linspace(-0.12, 0.12, 25)
_TILTS = np.linspace(-0.06, 0.06, 7)
_BENDS = np.linspace(-0.06, 0.06, 7)
_PULL = 14.0
"""Levels of 255 by which a line must be darker for each tenth of a mouth's width that it is away."""
_TELLING = 2.5
"""Levels by which the line found must be darker than the mesh's own to be believed."""
_LIPS = tuple(dict.fromkeys(points.INNER_UPPER_LIP + points.INNER_LOWER_LIP))


def with_closed_lips(picture: Picture, face: Face) -> Face:
    """Return a face whose closed inner lips are on the line between them; the mesh's own middle if no line is found."""
    upper, lower = list(points.INNER_UPPER_LIP), list(points.INNER_LOWER_LIP)
    moved = face.points.copy()
    moved[upper] = moved[lower] = (face.points[upper] + face.points[lower]) / 2
    shut = Face(moved, face.presence)
    frame = FaceFrame(shut)
    offset = _offset(_darkness(picture, frame))
    if offset is None:
        return shut
    ids = list(_LIPS)
    moved = moved.copy()
    moved[ids, :2] += np.multiply.outer(offset(frame.side(frame.u[ids])) * frame.unit, frame.down)
    return Face(moved, face.presence)


def _darkness(picture: Picture, frame: FaceFrame) -> NDArray[np.float32]:
    """Return the brightness around the mesh's line, [down, across], with the line itself in the middle row."""
    side = np.linspace(-0.92, 0.92, _ACROSS, dtype=np.float32)
    u = np.where(side < 0, side * frame.right_half, side * frame.left_half)
    v = frame.upper_lip(u) + np.linspace(-_REACH, _REACH, _DOWN, dtype=np.float32)[:, np.newaxis]
    nothing: Any = None
    seen: Any = cv2.remap(picture, _pixels(frame, u, v), nothing, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return cv2.GaussianBlur(np.asarray(seen, np.float32).mean(axis=2), (0, 0), 1.5)


def _pixels(frame: FaceFrame, u: NDArray[Any], v: NDArray[Any]) -> NDArray[np.float32]:
    wide = np.broadcast_to(u, v.shape)
    flat = frame.middle + frame.unit * (wide[..., np.newaxis] * frame.along + v[..., np.newaxis] * frame.down)
    return np.ascontiguousarray(flat.astype(np.float32))


def _offset(dark: NDArray[np.float32]) -> Callable[[NDArray[Any]], NDArray[Any]] | None:
    """Return the vertical offset of the line as a function of `side`, -1 to 1; None if no line is dark enough."""
    side = np.linspace(-0.92, 0.92, _ACROSS)
    weight = 1 - 0.5 * side**2

    def cost(level: float, tilt: float, bend: float) -> float:
        at = (level + tilt * side + bend * (side**2 - 0.35) + _REACH) / (2 * _REACH) * (_DOWN - 1)
        rows = np.clip(np.round(at), 0, _DOWN - 1).astype(int)
        return float((dark[rows, np.arange(_ACROSS)] * weight).sum() / weight.sum())

    def price(line: tuple[float, float, float]) -> float:
        return cost(*line) + 10 * _PULL * sum(map(abs, line))

    best = min(product(_LEVELS, _TILTS, _BENDS), key=price)
    level, tilt, bend = best
    if cost(0, 0, 0) - cost(*best) < _TELLING:
        return None

    def offset(at: NDArray[Any]) -> NDArray[Any]:
        inside = np.clip(at, -1.1, 1.1)
        return np.asarray(level + tilt * inside + bend * (inside**2 - 0.35))

    return offset
