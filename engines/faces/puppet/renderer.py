"""Rendering of the puppet engine: moves mouth, eyelids, brows and head in a picture, without files or time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from engines.analysis import mesh_points as points
from engines.analysis.landmarks import Face
from engines.faces.common.face_frame import FaceFrame
from engines.faces.common.head_motion import HeadMotion, HeadPose
from engines.faces.common.warp import WarpRegion
from engines.faces.puppet.eyes import Eye
from engines.faces.puppet.mouth_inside import MouthInside
from engines.faces.puppet.mouth_shape import LipFields, MouthShape
from media.video.read import Picture

_SMALLEST_OPENING = 0.015
"""In mouth widths: below it lips touch."""
_SMALLEST_BLINK = 0.02
_LIDS_LOST = 30.0
"""Degrees of yaw."""


@dataclass(frozen=True)
class Expression:
    """The pose and expression of a face."""

    mouth: MouthShape = field(default_factory=MouthShape)
    blink: float = 0.0
    brow: float = 0.0
    pose: HeadPose = field(default_factory=HeadPose)


class FaceRenderer:
    """One face in one picture, ready to be animated.

    Args:
        inside: of an earlier frame of the same video, so that painted teeth keep their colour; None constructs a new one.
    """

    def __init__(self, picture: Picture, face: Face, inside: MouthInside | None = None) -> None:
        self._picture = picture
        self._height, self._width = picture.shape[:2]
        self._frame = frame = FaceFrame(face)
        self.inside = inside or MouthInside(picture, frame)
        self._region = self._mouth_region()
        self._u, self._v = frame.of(self._region.x, self._region.y)
        # the mesh misses the lids of a head turned far, of painted ones above all: no blink is better than a wrong one
        self._lids_found = float(np.clip((_LIDS_LOST - abs(face.yaw)) / 6, 0, 1))
        self._eyes: tuple[Eye, ...] = ()
        self._head: HeadMotion | None = None

    def render(self, expression: Expression, strength: float = 1.0) -> Picture:
        """Return the picture with the face moved; pixels outside the moved regions are those of the original.

        Args:
            strength: 0 to 1, fraction of the movement, for fades around gaps.
        """
        result = self._picture.copy()
        blink = expression.blink * strength * self._lids_found
        if blink > _SMALLEST_BLINK or abs(expression.brow) > 0.02:
            self._eyes = self._eyes or tuple(Eye(self._frame, side, self._width, self._height) for side in (0, 1))
            for eye in self._eyes:
                eye.render(self._picture, result, blink, expression.brow * strength)
        self._draw_mouth(result, expression.mouth, strength)
        if not expression.pose.still:
            self._head = self._head or HeadMotion(self._frame, self._width, self._height)
            result = self._head.render(result, expression.pose)
        return result

    def lips(self, shape: MouthShape, ids: Sequence[int]) -> NDArray:
        """Return the pixels [n, 2] of points of the inner lips, the upper ones first, where `render` draws them for that
        shape.
        """
        fields = LipFields(self._frame, shape)
        upper = tuple(one for one in ids if one in points.INNER_UPPER_LIP)
        lower = tuple(one for one in ids if one not in points.INNER_UPPER_LIP)
        return np.vstack([self._moved(fields.upper, upper), self._moved(fields.lower, lower)])

    def _draw_mouth(self, result: Picture, shape: MouthShape, strength: float) -> None:
        frame, region = self._frame, self._region
        fields = LipFields(frame, shape, strength)
        above, below = fields.sources(self._u, self._v)
        upper_edge = self._moved(fields.upper, points.INNER_UPPER_LIP)
        lower_edge = self._moved(fields.lower, points.INNER_LOWER_LIP)
        is_below = self._below(lower_edge)
        displacement = np.where(is_below[..., np.newaxis], self._fine(below), self._fine(above))
        moved = region.bent(self._picture, displacement)
        opening = float(((lower_edge - upper_edge) @ frame.down).max()) / frame.unit
        if opening > _SMALLEST_OPENING:
            moved = self._with_inside(moved, fields, upper_edge, lower_edge)
        self._put(result, moved)

    def _with_inside(self, moved: Picture, fields: LipFields, upper_edge: NDArray, lower_edge: NDArray) -> Picture:
        frame = self._frame
        outline = np.vstack([upper_edge, lower_edge[-2:0:-1]])
        margin = 0.06 * frame.unit + 3
        height, width = self._height, self._width
        small = WarpRegion(outline.min(axis=0) - margin, outline.max(axis=0) + margin, width, height)
        small_top, small_left = small.top - self._region.top, small.left - self._region.left
        jaw = float((lower_edge[5] - frame.flat[14]) @ frame.down) / frame.unit
        rest = frame.flat[13]
        inside = self.inside.paint(small, self._picture, frame, upper_edge[[0, -1]], rest, jaw + max(0.0, frame.gap))
        cover = small.polygon(outline, 0.010 * frame.unit)[..., np.newaxis]
        # the upper lip throws a soft shadow on what lies behind it
        shadow = small.polygon(outline + frame.down * (0.045 * frame.unit), 0.03 * frame.unit)[..., np.newaxis]
        inside = inside * (0.74 + 0.26 * shadow)
        area = moved[max(0, small_top) : small_top + small.height, max(0, small_left) : small_left + small.width]
        inside, cover = (
            one[max(0, -small_top) :, max(0, -small_left) :][: area.shape[0], : area.shape[1]] for one in (inside, cover)
        )
        area[:] = np.round(area + (inside - area) * cover).clip(0, 255).astype(np.uint8)
        return moved

    def _mouth_region(self) -> WarpRegion:
        """Return the region from the nose to the neck, and from ear to ear."""
        frame = self._frame
        u = np.array([-1.05 * frame.right_face, 1.05 * frame.left_face], np.float32)
        v = np.array([-1.25 * frame.nose - 0.15, 2.15 * frame.chin], np.float32)
        corners = frame.pixels(np.array([u[0], u[1], u[0], u[1]]), np.array([v[0], v[0], v[1], v[1]]))
        return WarpRegion(corners.min(axis=0), corners.max(axis=0), self._width, self._height)

    def _moved(self, field: object, ids: tuple[int, ...]) -> NDArray:
        """Return the pixels of lip points after the movement."""
        u, v = self._frame.u[list(ids)], self._frame.v[list(ids)]
        along, down = field(u, v)  # type: ignore[operator]
        return self._frame.pixels(u + along, v + down)

    def _below(self, lower_edge: NDArray) -> NDArray[np.bool_]:
        """Return the pixels below the lower lip's edge, which continues horizontally beyond the corners."""
        frame, region = self._frame, self._region
        far = frame.along * (4 * max(region.width, region.height))
        deep = frame.down * (4 * max(region.width, region.height))
        first, last = lower_edge[0] - far, lower_edge[-1] + far
        outline = np.vstack([first, lower_edge, last, last + deep, first + deep])
        return region.polygon(outline) > 0.5

    def _fine(self, source: tuple[NDArray, NDArray]) -> NDArray:
        frame = self._frame
        along, down = (source[0] - self._u) * frame.unit, (source[1] - self._v) * frame.unit
        x = along * frame.along[0] + down * frame.down[0]
        y = along * frame.along[1] + down * frame.down[1]
        return self._region.fine(x, y)

    def _put(self, result: Picture, moved: Picture) -> None:
        """Put the mouth over the drawn eyes; rows above the nose remain unchanged."""
        area = self._region.of(result)
        original = self._region.of(self._picture)
        if self._eyes and any(eye.region.bottom > self._region.top for eye in self._eyes):
            drawn = (area != original).any(axis=2)
            moved = np.where(drawn[..., np.newaxis] & (moved == original), area, moved)
        area[:] = moved
