"""Detection of occluded mouths: the mesh continues to place a mouth over a hand, a cup or a microphone.

Lips of one person have a constant contrast to the skin around them. If it disappears, an object covers them.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from engines.analysis import mesh_points as points
from engines.analysis.in_front import InFront
from engines.analysis.landmarks import Face
from engines.faces.common.warp import WarpRegion
from media.video.read import Picture

_TELLING = 7.0
"""Levels of 255: paler lips say nothing, and are taken to be seen."""
_HIDDEN = 0.2
_NEAR, _FAR = 1.3, 1.7
"""The skin that lips are compared with, in sizes of the mouth."""


class LipVisibility:
    """The contrast between one person's lips and skin, from a picture that shows them."""

    def __init__(self, picture: Picture, face: Face) -> None:
        self._own = _contrast(picture, face)
        self._size = float(np.linalg.norm(self._own))

    def hidden(self, picture: Picture, face: Face, front: InFront | None = None) -> bool:
        """Return whether an object covers the mouth; `front`, known objects, counts as neither lips nor skin."""
        if front is not None and front.covers_mouth:
            return True
        if self._size < _TELLING:
            return False
        return float(_contrast(picture, face, front) @ self._own) / self._size**2 < _HIDDEN


def _contrast(picture: Picture, face: Face, front: InFront | None = None) -> NDArray[Any]:
    """Return the mean colour of the lips minus that of the skin around them, relative to the brightness of the skin."""
    flat = face.points[:, :2]
    outer = flat[list(points.OUTER_UPPER_LIP + points.OUTER_LOWER_LIP[-2:0:-1])]
    inner = flat[list(points.INNER_UPPER_LIP + points.INNER_LOWER_LIP[-2:0:-1])]
    middle = outer.mean(axis=0)
    near, far = (middle + (outer - middle) * size for size in (_NEAR, _FAR))
    region = WarpRegion(far.min(axis=0), far.max(axis=0) + 1, picture.shape[1], picture.shape[0])
    colours = region.of(picture).astype(np.float32)
    seen = 1 if front is None else np.clip(1 - 2 * region.of(front.mask), 0, 1)
    lips = _mean(colours, region.polygon(outer) * (1 - region.polygon(inner)) * seen)
    skin = _mean(colours, region.polygon(far) * (1 - region.polygon(near)) * seen)
    return (lips - skin) * (128 / max(8.0, float(skin.mean())))


def _mean(colours: NDArray[Any], weights: NDArray[Any]) -> NDArray[Any]:
    return np.asarray((colours * weights[..., np.newaxis]).sum(axis=(0, 1)) / max(1e-3, float(weights.sum())))
