"""Movement of lips, jaw and cheeks: the displacement of each point of a face for a shape of the mouth.

There are two smooth fields, one above the line between the lips and one below, which agree beyond the corners of the mouth. They
are formulas, not a mesh: nothing tears at a collar or in hair, and both fade out by themselves.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engines.faces.common.face_frame import FaceFrame, Values, ease

LOWER_SHARE = 0.86
"""Of a mouth's opening; the upper lip does the rest. Closing an open mouth shares more evenly."""
LOWER_SHARE_CLOSING = 0.62
WIDEST = 0.46

_CORNER_DROP = 0.13
_JAW = 0.9


@dataclass(frozen=True)
class MouthShape:
    """The target shape of a mouth: `open` in mouth widths (the absolute gap), the others 0 to 1; `smile` -1 to 1."""

    open: float = 0.0
    wide: float = 0.0
    pucker: float = 0.0
    press: float = 0.0
    smile: float = 0.0


class LipFields:
    """The movement of one face towards one shape, in face coordinates."""

    def __init__(self, frame: FaceFrame, shape: MouthShape, strength: float = 1.0) -> None:
        wanted = min(max(shape.open, 0.0), WIDEST)
        self._frame = frame
        more = (wanted - frame.gap) * strength
        self._wanted, self._strength = wanted, strength
        self._share = LOWER_SHARE if more > 0 else LOWER_SHARE_CLOSING
        self._low = more * self._share
        self._stretch = (0.17 * shape.wide - 0.38 * shape.pucker) * strength
        self._thicken = (0.20 * shape.pucker - 0.22 * shape.press) * strength
        self._smile = shape.smile * strength

    def upper(self, u: Values, v: Values) -> tuple[Values, Values]:
        """Return the movement (along, down) of points above the mouth."""
        frame = self._frame
        height = v - frame.upper_lip(u)
        side = np.abs(frame.side(u))
        lift = self._parting(u, side) * (1 - self._share) * (1 - ease(-height, 0.0, 0.9 * frame.nose))
        return self._shared(u, height, side, -lift)

    def lower(self, u: Values, v: Values) -> tuple[Values, Values]:
        """Return the movement (along, down) of points below the mouth."""
        frame = self._frame
        height = v - frame.lower_lip(u)
        side = np.abs(frame.side(u))
        lips = self._parting(u, side) * self._share
        across = np.clip(np.abs(frame.across(u)) / 0.95, 0, 1)
        jaw = self._low * _JAW * np.clip(np.cos(across * (np.pi / 2)), 0, 1) ** 1.3
        drop = lips + (jaw - lips) * ease(height, 0.0, 0.6 * frame.chin)
        drop = drop * (1 - ease(height, 1.0 * frame.chin, 2.0 * frame.chin))
        return self._shared(u, height, side, drop)

    def _parting(self, u: Values, side: Values) -> Values:
        """Return the increase of the gap at each position along the lips; lips that close meet everywhere."""
        now = np.maximum(self._frame.lower_lip(u) - self._frame.upper_lip(u), 0)
        return (self._wanted * _opening(side) - np.where(side < 1, now, 0)) * self._strength

    def _shared(self, u: Values, height: Values, side: Values, down: Values) -> tuple[Values, Values]:
        """Return the common part of both fields: dropping corners, width, thickness of the lips, a smile."""
        # the far outline of a turned head lies close to the mouth and must stay where it is
        inside = 1 - ease(np.abs(self._frame.across(u)), 0.5, 0.92)
        near_lips = np.exp(-1.2 * ((u / 0.95) ** 2 + (height / 0.7) ** 2)) * inside
        corners = np.exp(-(((side - 1) / 0.55) ** 2) - (height / 0.42) ** 2) * inside
        down = down + (self._low * _CORNER_DROP - 0.10 * self._smile) * corners + self._thicken * height * near_lips
        along = self._stretch * u * near_lips + 0.05 * self._smile * np.sign(u) * corners
        return along.astype(np.float32), down.astype(np.float32)

    def sources(self, u: Values, v: Values) -> tuple[tuple[Values, Values], tuple[Values, Values]]:
        """Return the source positions of points of the result, for the upper and for the lower side.

        The fields map sources to results; a fixed-point iteration inverts them in a few steps, because they are smooth.
        """
        above, below = (u, v), (u, v)
        for _ in range(3):
            along, down = self.upper(*above)
            above = (u - along, v - down)
            along, down = self.lower(*below)
            below = (u - along, v - down)
        along, down = self.lower(*below)
        return above, (u - along, v - down)


def _opening(side: Values) -> Values:
    """Return the opening along the mouth: 1 in the middle, 0 at the corners."""
    return np.clip(1 - np.minimum(side, 1.0) ** 2.3, 0, 1)
