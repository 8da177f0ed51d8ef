"""Frontal view of a face with both sides complete: the side that is turned away is filled in from the other one.

So every donor, a three-quarter view too, has the same positions at the same resolution, and a mask drawn on it moves with it.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from engines.analysis import mesh_points as points
from engines.analysis.landmarks import Face, Points
from engines.swap.basic.mesh import Cover, Topology, cover_of, facing
from media.video.read import Picture

_TALLEST = 460.0
"""Pixels from forehead to chin at which it is kept; a larger face is made smaller."""
_MARGIN = 0.06
_HIDDEN, _CLEAR = 0.12, 0.42
"""How far a triangle looks into the camera to be taken not at all, or wholly."""
_SOFT = 0.045
"""Of the width: how softly the two sides go over into each other."""

Weights = NDArray[np.float32]


class Frontal:
    """The frontal face.

    Attributes:
        texture: RGB picture.
        points: mesh points in pixels of the texture.
        cover: the triangle at each pixel.
    """

    texture: Picture
    points: Points
    cover: Cover

    def __init__(self, picture: Picture, face: Face, topology: Topology) -> None:
        height = min(_TALLEST, face.height)
        self.points, size = _placed(face, topology.mirror, height)
        cover = cover_of(self.points, topology.triangles, *size)
        assert cover is not None  # it was placed inside
        self.cover = Cover(0, 0, _within(cover, size))
        source, part = _prepared(picture, face, height)
        own = self._taken(part, source, topology)
        other = self._taken(part, source[topology.mirror], topology)
        shown = self._shown(facing(source, topology.triangles))
        mirrored = self._shown(-facing(source[topology.mirror], topology.triangles)) * (1 - shown)
        mixed = _alike(other, own, shown, mirrored)
        total = shown + mirrored
        share = np.where(total > 0.02, shown / np.maximum(total, 0.02), 1.0)[..., np.newaxis]
        self.texture = np.round(mixed + (own - mixed) * share).clip(0, 255).astype(np.uint8)

    def _taken(self, picture: Picture, there: Points, topology: Topology) -> NDArray[np.float32]:
        places = self.cover.map_to(self.points, there, topology.triangles)
        nothing: Any = None
        taken: Any = cv2.remap(picture, places, nothing, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
        return np.asarray(taken, np.float32)

    def _shown(self, towards: NDArray[np.float32]) -> Weights:
        seen = np.append(np.clip((towards - _HIDDEN) / (_CLEAR - _HIDDEN), 0, 1), 0.0).astype(np.float32)[self.cover.index]
        inside = (self.cover.index >= 0).astype(np.float32)
        soft = _SOFT * float(np.ptp(self.points[:, 0]))
        spread = cv2.GaussianBlur(seen, (0, 0), soft) / np.maximum(cv2.GaussianBlur(inside, (0, 0), soft), 0.05)
        return np.asarray(spread * inside, np.float32)


def _placed(face: Face, mirror: NDArray[np.int16], height: float) -> tuple[Points, tuple[int, int]]:
    """Return the face turned to the camera and made symmetric, and the size of its picture."""
    flat = face.points.astype(np.float64)
    across = _unit(flat[points.LEFT_CHEEK_EDGE] - flat[points.RIGHT_CHEEK_EDGE])
    down = flat[points.CHIN] - flat[points.FOREHEAD]
    down = _unit(down - across * (down @ across))
    turned = (flat - flat.mean(axis=0)) @ np.stack([across, down, np.cross(across, down)]).T
    even = (turned + turned[mirror] * [-1, 1, 1]) / 2 * (height / face.height)
    low, high = even[:, :2].min(axis=0), even[:, :2].max(axis=0)
    margin = max(3.0, _MARGIN * float(high[0] - low[0]))
    even[:, :2] += margin - low
    width, tall = np.ceil(high - low + 2 * margin).astype(int)
    return even.astype(np.float32), (int(width), int(tall))


def _prepared(picture: Picture, face: Face, height: float) -> tuple[Points, Picture]:
    """Return the face's part of the picture, downscaled if it is larger than needed, and the points there."""
    flat = face.points[:, :2]
    low = np.maximum(np.floor(flat.min(axis=0)).astype(int) - 8, 0)
    high = np.minimum(np.ceil(flat.max(axis=0)).astype(int) + 9, [picture.shape[1], picture.shape[0]])
    part = np.ascontiguousarray(picture[low[1] : high[1], low[0] : high[0]])
    moved = face.points - np.array([*low, 0], np.float32)
    scale = height / face.height
    if scale < 1:
        size = (max(2, round(part.shape[1] * scale)), max(2, round(part.shape[0] * scale)))
        ratio = np.array([size[0] / part.shape[1], size[1] / part.shape[0]], np.float32)
        part = np.asarray(cv2.resize(part, size, interpolation=cv2.INTER_AREA), np.uint8)
        moved = np.column_stack([(moved[:, :2] + 0.5) * ratio - 0.5, moved[:, 2] * scale])
    return moved.astype(np.float32), part


def _within(cover: Cover, size: tuple[int, int]) -> NDArray[np.int32]:
    index = np.full((size[1], size[0]), -1, np.int32)
    cover.of(index)[:] = cover.index
    return index


def _alike(other: NDArray[np.float32], own: NDArray[np.float32], shown: Weights, mirrored: Weights) -> NDArray[np.float32]:
    """Return the mirrored side, relit to match the other side at their border."""
    soft = 0.12 * own.shape[1]
    both = shown * mirrored + 1e-4 * mirrored
    total = cv2.GaussianBlur(both, (0, 0), soft)[..., np.newaxis] + 1e-6
    difference = (np.log(own + 8) - np.log(other + 8)) * both[..., np.newaxis]
    factor = np.exp(np.clip(cv2.GaussianBlur(difference, (0, 0), soft) / total, -0.8, 0.8))
    return (np.asarray(other + 8, np.float32) * factor - 8).astype(np.float32)


def _unit(vector: NDArray) -> NDArray:
    return vector / max(float(np.linalg.norm(vector)), 1e-6)
