"""Calibration of the mesh for one person's lips, by drawing known openings on the same face and measuring them.

The mesh was trained on photographs: it underestimates an opening mouth by about a third, depending on the face, its rotation and
the renderer. Closing a mouth in a video cleanly needs the true position of its lips.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engines.analysis import mesh_points as points
from engines.analysis.landmarks import Face, LandmarkProvider
from engines.faces.common.face_frame import FaceFrame
from engines.faces.puppet.mouth_shape import MouthShape
from engines.faces.puppet.renderer import Expression, FaceRenderer
from media.video.read import Picture

CLOSED = 0.13
"""A mouth that is read this far open may be closed; of a smiling one the mesh reports no less."""

_DRAWN = (0.0, 0.06, 0.12, 0.18, 0.24, 0.32)
_SETTLING = 2
"""Looks at the same picture before one counts: each places the next one's crops."""
_LIPS = [*points.INNER_UPPER_LIP[1:-1], *points.INNER_LOWER_LIP[1:-1]]


class LipCalibration:
    """Corrections of one face's inner lips.

    Args:
        openings: the drawn gaps, in mouth widths.
        readings: the increasing gaps that the mesh measured for them.
        errors: [readings, lips, 2], offset of each measured lip point from its drawn position, in face coordinates.
    """

    def __init__(self, openings: NDArray[Any], readings: NDArray[Any], errors: NDArray[Any]) -> None:
        self._openings, self._readings, self._errors = openings, readings, errors

    @classmethod
    def learned(cls, picture: Picture, face: Face, provider: LandmarkProvider) -> LipCalibration:
        """Return the calibration from a frame whose mouth is nearly closed."""
        puppeteer = FaceRenderer(picture, _shut(face) if face.mouth_gap < CLOSED else face)
        openings, readings, errors = [], [], []
        for opening in _DRAWN:
            shape = MouthShape(opening)
            drawn = puppeteer.render(Expression(shape))
            seen: Face | None = face
            for _ in range(_SETTLING):
                seen = provider.follow(drawn, seen) if seen is not None else None
            if seen is None:
                continue
            frame = FaceFrame(seen)
            true_u, true_v = frame.of(*puppeteer.lips(shape, _LIPS).T)
            openings.append(opening)
            readings.append(seen.mouth_gap)
            errors.append(np.stack([frame.u[_LIPS] - true_u, frame.v[_LIPS] - true_v], axis=1))
        rising = np.maximum.accumulate(np.array(readings) + np.arange(len(readings)) * 1e-3)
        return cls(np.array(openings), rising, np.array(errors).reshape(-1, len(_LIPS), 2))

    def opening(self, face: Face) -> float:
        """Return the corrected opening of a mouth, in mouth widths."""
        return float(np.interp(face.mouth_gap, self._readings, self._openings)) if len(self._readings) else face.mouth_gap

    def corrected(self, face: Face) -> Face:
        """Return the face with corrected inner lips."""
        if not len(self._readings):
            return face
        frame = FaceFrame(face)
        error = self._error(face.mouth_gap) * frame.unit
        moved = face.points.copy()
        moved[_LIPS, :2] -= np.multiply.outer(error[:, 0], frame.along) + np.multiply.outer(error[:, 1], frame.down)
        return Face(moved, face.presence)

    def _error(self, reading: float) -> NDArray[Any]:
        if reading <= self._readings[0]:
            return np.asarray(self._errors[0])
        for at, (low, high) in enumerate(pairwise(self._readings)):
            if reading <= high:
                share = (reading - low) / (high - low)
                return np.asarray(self._errors[at] + (self._errors[at + 1] - self._errors[at]) * share)
        return np.asarray(self._errors[-1])


def _shut(face: Face) -> Face:
    """Return the face with both inner lips on the line halfway between them."""
    upper, lower = list(points.INNER_UPPER_LIP), list(points.INNER_LOWER_LIP)
    moved = face.points.copy()
    moved[upper] = moved[lower] = (face.points[upper] + face.points[lower]) / 2
    return Face(moved, face.presence)
