"""The face as triangles: which one covers a pixel, and the corresponding position on the same face in another picture."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from engines.analysis.landmarks import Points
from engines.analysis.mesh_files import TOPOLOGY_FILE

Triangles = NDArray[np.int16]
"""[898, 3] numbers of mesh points, all clockwise on a face that looks into the camera; eyes and mouth are closed by strips."""

Map = NDArray[np.float32]
"""[height, width, 2]: the pixel (x, y) that one is taken from."""

_FRACTION_BITS = 4


@dataclass(frozen=True, eq=False)
class Topology:
    """Triangles and symmetry of the 468-point face mesh.

    Args:
        mirror: [468], each point's counterpart on the other side of the face.
    """

    triangles: Triangles
    mirror: NDArray[np.int16]


def read_topology(assets: Path) -> Topology:
    """Return the triangles of MediaPipe's face mesh (Apache License 2.0), and its symmetry, which was measured on faces."""
    with np.load(assets / TOPOLOGY_FILE, allow_pickle=False) as stored:
        return Topology(stored["triangles"], stored["mirror"])


def facing(points: Points, triangles: Triangles) -> NDArray[np.float32]:
    """Return the orientation of each triangle [898] to the camera: 1 frontal, 0 edge-on, negative turned away."""
    a, b, c = (points[triangles[:, corner]] for corner in range(3))
    normals = np.cross(b - a, c - a)
    lengths = np.maximum(np.linalg.norm(normals, axis=1), 1e-6)
    return (normals[:, 2] / lengths).astype(np.float32)


@dataclass(frozen=True, eq=False)
class Cover:
    """A rectangle of pixels and the triangle at each.

    Args:
        left, top: position of the rectangle in its picture.
        index: [height, width], -1 outside the face.
    """

    left: int
    top: int
    index: NDArray[np.int32]

    @property
    def shape(self) -> tuple[int, int]:
        return self.index.shape[0], self.index.shape[1]

    def of(self, picture: NDArray) -> NDArray:
        """Return the rectangle of a picture as a view."""
        height, width = self.shape
        return picture[self.top : self.top + height, self.left : self.left + width]

    def map_to(self, here: Points, there: Points, triangles: Triangles) -> Map:
        """Return the position of each pixel on the same face in another picture; (-1000, -1000) outside the face.

        Args:
            here: the points of which this cover was made.
            there: the same points in the other picture, in its pixels.
        """
        flat = np.concatenate([here[:, :2], np.ones((len(here), 1))], axis=1)
        corners = flat[triangles].astype(np.float64)
        broken = np.abs(np.linalg.det(corners)) < 1e-4
        corners[broken] = np.eye(3)
        moves = (np.linalg.inv(corners) @ there[:, :2][triangles].astype(np.float64)).astype(np.float32)
        moves[broken] = 0
        moves[broken, 2] = there[triangles[broken, 0], :2]
        nowhere: Any = np.array([[[0, 0], [0, 0], [-1000, -1000]]], np.float32)
        table = np.concatenate([moves, nowhere]).reshape(-1, 6)
        rows, columns = (np.arange(length, dtype=np.float32) for length in self.shape)
        at = table[self.index]
        x, y = columns[np.newaxis, :] + self.left, rows[:, np.newaxis] + self.top
        return np.dstack([at[..., part] * x + at[..., 2 + part] * y + at[..., 4 + part] for part in (0, 1)])


def cover_of(points: Points, triangles: Triangles, width: int, height: int) -> Cover | None:
    """Return the pixels of a `width` by `height` picture that a face covers, near triangles over far ones; None outside of it.

    Triangles that are turned away from the camera are omitted.
    """
    flat = points[:, :2]
    low = np.maximum(np.floor(flat.min(axis=0)).astype(int) - 1, 0)
    high = np.minimum(np.ceil(flat.max(axis=0)).astype(int) + 2, [width, height])
    if (high - low).min() < 2:
        return None
    index: Any = np.full((high[1] - low[1], high[0] - low[0]), -1, np.int32)
    corners = np.round((flat - low)[triangles] * (1 << _FRACTION_BITS)).astype(np.int32)
    shown = np.flatnonzero(facing(points, triangles) > 0)
    for number in shown[np.argsort(-points[:, 2][triangles[shown]].mean(axis=1))]:
        cv2.fillConvexPoly(index, corners[number], int(number), lineType=cv2.LINE_8, shift=_FRACTION_BITS)
    return Cover(int(low[0]), int(low[1]), index)
