"""Adapts the donor face to the clip's light: both faces are compared as small pictures, locally, and smoothed over time."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from engines.analysis.in_front import Mask
from engines.analysis.landmarks import Points
from engines.swap.basic.mesh import facing
from engines.swap.basic.source_face import LIGHT_WIDTH, SourceFace
from media.video.read import Picture

Gain = NDArray[np.float32]
"""[height, width, 4] on the donor's small picture: for each colour what is added to the logarithm of its value, and the power
that the value is raised to before."""

DARK = 6.0
"""Added to every value, so that black does not decide."""

_SOFT = 0.15 * LIGHT_WIDTH
"""Pixels over which light is averaged: coarser than features, finer than half a face in shadow."""
_MOST = 1.6
"""In logarithms; with less, a warm shadow that is lifted turns yellow, because its blue is left behind."""
_STEADY = 0.22
"""Share of a new picture in the steadied light; at 25 pictures a second it settles in a third of a second."""
_NEW_LIGHT = 0.5
"""Mean change, in logarithms, from which on the light itself has changed: a cut, a lamp."""
_CALM, _FLATTEST = 0.55, 0.62
"""How fast, and how far, detail is flattened where the donor is dark and has to be raised: it is mostly grain there."""


class Relighting:
    """The light of one person in one clip; frames are given in order."""

    def __init__(self, donor: SourceFace, strength: float) -> None:
        self._donor, self._strength = donor, strength
        light = donor.light
        self._own = np.log(light.colours + DARK)
        mean = (self._own * light.weights[..., np.newaxis]).sum(axis=(0, 1)) / max(1.0, float(light.weights.sum()))
        self._base = mean + _averaged(self._own - mean, light.weights)
        self._steady: NDArray[np.float32] | None = None

    def forget(self) -> None:
        """Restart the estimate after a frame without the person."""
        self._steady = None

    def gain(self, picture: Picture, points: Points, front: Mask) -> Gain:
        """Return the factors from the donor's colours to this frame's, whose face has these points; pixels in `front` are
        ignored.
        """
        now = self._compared(picture, points, front)
        if self._steady is None or float(np.abs(now - self._steady).mean()) > _NEW_LIGHT:
            self._steady = now
        else:
            self._steady = self._steady + _STEADY * (now - self._steady)
        raised = np.maximum(self._steady.mean(axis=2, keepdims=True), 0)
        power = np.maximum(np.exp(-_CALM * raised), _FLATTEST)
        return np.concatenate([self._steady + (1 - power) * self._base, power], axis=2).astype(np.float32)

    def _compared(self, picture: Picture, points: Points, front: Mask) -> NDArray[np.float32]:
        light, triangles = self._donor.light, self._donor.triangles
        part, moved = _near(picture, points)
        places = light.cover.map_to(light.points, moved, triangles)
        nothing: Any = None
        seen: Any = cv2.remap(part, places, nothing, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        shown = np.clip((np.append(facing(points, triangles), 0.0) - 0.15) / 0.25, 0, 1).astype(np.float32)
        before: Any = cv2.remap(_near(front, points)[0], places, nothing, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        weights = light.weights * shown[light.cover.index] * np.clip(1 - 2 * before, 0, 1)
        if float(weights.sum()) < 20:
            return np.zeros_like(light.colours)
        difference = np.log(seen.astype(np.float32) + DARK) - self._own
        overall = (difference * weights[..., np.newaxis]).sum(axis=(0, 1)) / weights.sum()
        local = _averaged(difference - overall, weights) * self._strength
        return np.clip(overall + local, -_MOST, _MOST).astype(np.float32)


def _averaged(values: NDArray[np.float32], weights: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return smoothed values, which fall to 0 without nearby weights."""
    total = cv2.GaussianBlur(weights, (0, 0), _SOFT)[..., np.newaxis] + 0.01
    return np.asarray(cv2.GaussianBlur(values * weights[..., np.newaxis], (0, 0), _SOFT) / total, np.float32)


def _near(picture: NDArray[Any], points: Points) -> tuple[NDArray[Any], Points]:
    """Return the face's part of a frame at about the resolution of the comparison, and its points there."""
    flat = points[:, :2]
    low = np.clip(np.floor(flat.min(axis=0)).astype(int) - 2, 0, [picture.shape[1] - 2, picture.shape[0] - 2])
    high = np.maximum(np.minimum(np.ceil(flat.max(axis=0)).astype(int) + 3, [picture.shape[1], picture.shape[0]]), low + 2)
    part = picture[low[1] : high[1], low[0] : high[0]]
    scale = min(1.0, LIGHT_WIDTH / max(1.0, float(np.ptp(flat[:, 0]))))
    size = (max(2, round(part.shape[1] * scale)), max(2, round(part.shape[0] * scale)))
    ratio = np.array([size[0] / part.shape[1], size[1] / part.shape[0], scale], np.float32)
    small: Any = cv2.resize(part, size, interpolation=cv2.INTER_AREA)
    return small, ((points - [low[0], low[1], 0] + 0.5) * ratio - 0.5).astype(np.float32)
