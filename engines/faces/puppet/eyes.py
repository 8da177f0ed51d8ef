"""Blinks and brows: the upper eyelid moves over the eye and stretches the skin below the brow; the eyeball does not move."""

from __future__ import annotations

import numpy as np

from engines.analysis import mesh_points as points
from engines.faces.common.face_frame import Curve, FaceFrame, Values, ease
from engines.faces.common.warp import WarpRegion
from media.video.read import Picture

_CLOSED = 0.94
"""How much of the opening a full blink covers: lashes stay."""
_REACH = 0.85

SIDES = (
    (points.RIGHT_UPPER_LID, points.RIGHT_LOWER_LID, points.RIGHT_BROW),
    (points.LEFT_UPPER_LID, points.LEFT_LOWER_LID, points.LEFT_BROW),
)


class Eye:
    """One eye of one face, in its own coordinates: the unit is half its width, the origin is midway between its corners."""

    def __init__(self, frame: FaceFrame, side: int, width: int, height: int) -> None:
        upper, lower, brow = SIDES[side]
        flat = frame.flat
        ends = flat[[upper[0], upper[-1]]]
        self._middle = ends.mean(axis=0)
        axis = ends[1] - ends[0]
        self._unit = max(1.0, float(np.linalg.norm(axis)) / 2)
        axis = axis / (2 * self._unit)
        self._along = axis if axis @ frame.along > 0 else -axis
        self._down = np.array([-self._along[1], self._along[0]], np.float32)
        self._upper, self._lower = self._line(flat[list(upper)]), self._line(flat[list(lower)])
        brows = self._of(flat[list(brow), 0], flat[list(brow), 1])[1]
        self._brow = max(0.5, float(-brows.mean()))
        self._lashes, self._below = flat[list(upper)], flat[list(lower)]
        reach = self._unit * np.array([1.9, 1.2 + 1.35 * self._brow])
        self.region = WarpRegion(
            self._middle - reach, self._middle + np.array([reach[0], 1.3 * self._unit]), width, height, coarse=3
        )

    def render(self, picture: Picture, target: Picture, blink: float, brow: float) -> None:
        """Draw the eye closed by `blink` (0 to 1) and its brow raised by `brow` (-1 to 1) into `target`."""
        u, v = self._of(self.region.x, self.region.y)
        from_u, from_v = u, v
        for _ in range(4):
            from_v = v - self._movement(from_u, from_v, blink, brow)
        down = (from_v - v) * self._unit
        moved = self.region.bent(picture, self.region.fine(down * self._down[0], down * self._down[1]))
        lashes = self._moved_lashes(blink)
        ball = self._beneath(lashes)[..., np.newaxis]
        area = self.region.of(target)
        np.copyto(
            area, np.round(moved + (self.region.of(picture).astype(np.float32) - moved) * ball).clip(0, 255).astype(np.uint8)
        )

    def _movement(self, u: Values, v: Values, blink: float, brow: float) -> Values:
        top, bottom = self._upper(u), self._lower(u)
        opening = np.maximum(bottom - top, 0)
        lid = blink * _CLOSED * opening * (1 - ease(top - v, 0.0, _REACH * self._brow))
        raised = -0.16 * brow * np.exp(-(((v + self._brow) / 0.45) ** 2) - (u / 1.3) ** 4)
        return (lid + raised).astype(np.float32)

    def _moved_lashes(self, blink: float) -> Values:
        share = blink * _CLOSED
        return self._lashes + (self._below - self._lashes) * share

    def _beneath(self, lashes: Values) -> Values:
        """Return the coverage of eyeball and lower lid below the lashes, which do not change."""
        ordered = lashes[np.argsort((lashes - self._middle) @ self._along)] + self._down * (0.05 * self._unit)
        far = 4 * self._unit * self._along
        deep = 6 * self._unit * self._down
        outline = np.vstack([ordered[0] - far, ordered, ordered[-1] + far, ordered[-1] + far + deep, ordered[0] - far + deep])
        return self.region.polygon(outline, 0.02 * self._unit)

    def _of(self, x: Values, y: Values) -> tuple[Values, Values]:
        dx, dy = (x - self._middle[0]) / self._unit, (y - self._middle[1]) / self._unit
        return dx * self._along[0] + dy * self._along[1], dx * self._down[0] + dy * self._down[1]

    def _line(self, pixels: Values) -> Curve:
        u, v = self._of(pixels[:, 0], pixels[:, 1])
        order = np.argsort(u)
        return Curve(u[order].astype(np.float32), v[order].astype(np.float32))
