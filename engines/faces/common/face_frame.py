"""The coordinate system of a face: axes along its mouth and down its chin, in units of the mouth's width."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engines.analysis import mesh_points as points
from engines.analysis.landmarks import Face

Values = NDArray[Any]
"""Floats of any shape."""


def ease(value: Values, start: float, end: float) -> Values:
    """Return 0 below `start`, 1 above `end`, and a smooth transition in between."""
    t = np.clip((value - start) / (end - start), 0, 1)
    return t * t * (3 - 2 * t)


@dataclass(frozen=True, eq=False)
class Curve:
    """Heights along a line from the person's right to left, constant beyond its ends."""

    x: Values
    y: Values

    def __call__(self, x: Values) -> Values:
        return np.interp(x, self.x, self.y).astype(np.float32)


class FaceFrame:
    """Converts pixels to face coordinates (u along the mouth to the person's left, v down), in mouth widths from the mouth's
    centre.

    Each half of the face is measured by itself, which allows for the foreshortening of a turned head: on both halves `side` is 1
    at the corner of the mouth and `across` is 1 at the edge of the face.
    """

    def __init__(self, face: Face) -> None:
        flat = face.points[:, :2].astype(np.float32)
        self.face, self.flat = face, flat
        right_eye, left_eye = (flat[index] for index in points.OUTER_EYE_CORNERS)
        self.eye_distance = float(np.linalg.norm(left_eye - right_eye))
        self.along = (left_eye - right_eye) / max(self.eye_distance, 1e-3)
        down = flat[points.CHIN] - flat[points.FOREHEAD]
        down = down - self.along * float(down @ self.along)
        self.down = down / max(float(np.linalg.norm(down)), 1e-3)
        self.unit = max(face.mouth_width, 1.0)
        self.middle = (flat[13] + flat[14]) / 2
        self.u, self.v = self.of(flat[:, 0], flat[:, 1])
        right, left = points.MOUTH_CORNERS
        self.right_half = max(0.12, float(-self.u[right]))
        self.left_half = max(0.12, float(self.u[left]))
        self.right_face = max(0.5, float(-self.u[points.RIGHT_CHEEK_EDGE]))
        self.left_face = max(0.5, float(self.u[points.LEFT_CHEEK_EDGE]))
        self.chin = max(0.3, float(self.v[points.CHIN]))
        self.nose = max(0.15, float(-self.v[points.NOSE_BASE]))
        self.gap = face.mouth_gap

    def of(self, x: Values, y: Values) -> tuple[Values, Values]:
        """Return the face coordinates of pixels."""
        dx, dy = (x - self.middle[0]) / self.unit, (y - self.middle[1]) / self.unit
        return dx * self.along[0] + dy * self.along[1], dx * self.down[0] + dy * self.down[1]

    def pixels(self, u: Values, v: Values) -> Values:
        """Return the pixels [n, 2] of face coordinates."""
        return self.middle + self.unit * (np.multiply.outer(u, self.along) + np.multiply.outer(v, self.down))

    def side(self, u: Values) -> Values:
        return np.where(u < 0, u / self.right_half, u / self.left_half)

    def across(self, u: Values) -> Values:
        return np.where(u < 0, u / self.right_face, u / self.left_face)

    @cached_property
    def upper_lip(self) -> Curve:
        """The inner edge of the upper lip."""
        return self._curve(points.INNER_UPPER_LIP)

    @cached_property
    def lower_lip(self) -> Curve:
        return self._curve(points.INNER_LOWER_LIP)

    def _curve(self, ids: tuple[int, ...]) -> Curve:
        rising = np.maximum.accumulate(self.u[list(ids)] + np.arange(len(ids)) * 1e-4)
        return Curve(rising.astype(np.float32), self.v[list(ids)])
