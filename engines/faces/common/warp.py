"""Warping of a rectangle of a picture by a coarse grid of displacements."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from media.video.read import Picture

Field = NDArray[Any]
"""[rows, columns, 2]: where a pixel of the result comes from, relative to itself, in pixels (x, y)."""

COARSE = 4
"""Pixels between the points of the coarse grid; displacements are smooth, so nothing is lost between them."""


class WarpRegion:
    """The pixels [top, bottom) by [left, right) of a picture of a given size."""

    def __init__(self, low: NDArray, high: NDArray, width: int, height: int, coarse: int = COARSE) -> None:
        self.left, self.top = (max(0, int(np.floor(value))) for value in low)
        self.right = min(width, max(self.left + 1, int(np.ceil(high[0]))))
        self.bottom = min(height, max(self.top + 1, int(np.ceil(high[1]))))
        self.left, self.top = min(self.left, self.right - 1), min(self.top, self.bottom - 1)
        self.width, self.height = self.right - self.left, self.bottom - self.top
        self._coarse = (max(2, -(-self.width // coarse)), max(2, -(-self.height // coarse)))
        columns, rows = self._coarse
        # cv2.resize takes the values to stand in the middle of coarse pixels
        xs = self.left + (np.arange(columns, dtype=np.float32) + 0.5) * self.width / columns - 0.5
        ys = self.top + (np.arange(rows, dtype=np.float32) + 0.5) * self.height / rows - 0.5
        self.x, self.y = (np.ascontiguousarray(one) for one in np.meshgrid(xs, ys))
        """Pixel coordinates of the coarse grid."""
        self._edge = _edge_window(columns, rows)
        grid_x, grid_y = np.meshgrid(
            np.arange(self.left, self.right, dtype=np.float32), np.arange(self.top, self.bottom, dtype=np.float32)
        )
        self._fine = np.dstack([grid_x, grid_y])

    def fine(self, x: Field, y: Field) -> Field:
        """Return a displacement on the coarse grid for every pixel; it is 0 at the edge of the region."""
        coarse = np.dstack([x * self._edge, y * self._edge]).astype(np.float32)
        fine: Any = cv2.resize(coarse, (self.width, self.height), interpolation=cv2.INTER_LINEAR)
        return fine

    def bent(self, picture: Picture, displacement: Field) -> Picture:
        """Return the warped region: each pixel is sampled at its displaced position."""
        places = self._fine + displacement
        nothing: Any = None
        bent: Any = cv2.remap(picture, places, nothing, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
        return bent

    def of(self, picture: NDArray[Any]) -> NDArray[Any]:
        """Return the region's pixels as a view."""
        return picture[self.top : self.bottom, self.left : self.right]

    def polygon(self, outline: NDArray, soft: float = 0.0) -> NDArray[np.float32]:
        """Return the coverage of each pixel of the region, 0 to 1, by a polygon [n, 2] in pixels of the picture, with a soft
        edge.
        """
        mask: Any = np.zeros((self.height, self.width), np.uint8)
        placed = np.round((outline - [self.left, self.top]) * 16).astype(np.int32)
        cv2.fillPoly(mask, [placed], 255, lineType=cv2.LINE_AA, shift=4)
        if soft > 0.3:
            mask = cv2.GaussianBlur(mask, (0, 0), soft)
        return mask.astype(np.float32) / 255


def _edge_window(columns: int, rows: int) -> Field:
    """Return 1 inside a coarse grid, falling to 0 on its outermost points."""

    def ramp(count: int) -> Field:
        at = np.arange(count, dtype=np.float32)
        t = np.clip(np.minimum(at, count - 1 - at) / max(1.0, 0.08 * count), 0, 1)
        return t * t * (3 - 2 * t)

    return np.multiply.outer(ramp(rows), ramp(columns))
