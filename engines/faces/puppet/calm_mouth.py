"""Neutralises the mouth of a video: the lower face of each frame is replaced by the same person's with closed lips.

A mouth that speaks in the video ("o" shapes, teeth, a tongue) cannot be animated. Therefore the jaw of each frame is warped to
its position with a closed mouth, and the closed mouth of a calm frame of the same video is blended over the mouth, rotated with
the head and relit. The result is a face at rest, as in a still.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from engines.analysis import mesh_points as points
from engines.analysis.landmarks import Face
from engines.faces.common.face_frame import FaceFrame, Values, ease
from engines.faces.common.head_pose import alignment
from engines.faces.common.warp import WarpRegion
from engines.faces.puppet.lip_calibration import CLOSED, LipCalibration
from engines.faces.puppet.lip_line import with_closed_lips
from media.video.read import Picture

_REACH = 0.22
"""Of the face's width, how far the movement of a mesh point carries into the skin around it."""
_FIXED_RING = 1.32
"""Where nothing moves any more, in sizes of the face's oval."""
_ROOM = 3.0
"""By how much that ring lies farther out below, for each width of the face that the chin has dropped."""
_LIGHT_REACH = 0.3
"""Of the mouth's width, over which light is compared."""
_FEW_DEGREES, _MANY_DEGREES = 26.0, 40.0
"""Difference of the head's turn up to which a calm mouth fits, and from which it does not."""
_DARK = 6.0


@dataclass(frozen=True, eq=False)
class CalmMouth:
    """The mouth of one person at rest.

    Args:
        picture, face: the calm frame, and the face in it with corrected lips.
    """

    picture: Picture
    face: Face

    @classmethod
    def of(cls, picture: Picture, face: Face, lips: LipCalibration) -> CalmMouth:
        """Return the mouth of a frame that is nearly closed; if it is open, the calibration gives the position of the lips."""
        return cls(picture, with_closed_lips(picture, face) if face.mouth_gap < CLOSED else lips.corrected(face))

    def brought_to(self, picture: Picture, face: Face) -> tuple[Picture, Face, float]:
        """Return a frame of the same person with the mouth at rest, the face in it, and to which degree that is possible, 0
        to 1.
        """
        placed = _at_rest(self.face, face)
        fits = 1 - float(ease(np.array(abs(face.yaw - self.face.yaw)), _FEW_DEGREES, _MANY_DEGREES))
        shaped = _shaped(picture, face, placed)
        return self._covered(shaped, placed, fits, face.mouth_gap), placed, fits

    def _covered(self, picture: Picture, placed: Face, share: float, gap: float) -> Picture:
        """Return the frame with the calm mouth over its own, which was open by `gap`."""
        frame = FaceFrame(placed)
        region = _around_mouth(frame, picture)
        mask = _mask(frame, region, gap)[..., np.newaxis] * share
        if not mask.any():
            return picture
        xs, ys = np.meshgrid(np.arange(region.left, region.right), np.arange(region.top, region.bottom))
        places = _placed_in(self.face, placed, xs, ys)
        nothing: Any = None
        patch: Any = cv2.remap(self.picture, places, nothing, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
        patch = np.asarray(patch, np.float32)
        area = region.of(picture).astype(np.float32)
        patch = _in_light(patch, area, frame, region)
        result = picture.copy()
        region.of(result)[:] = np.round(area + (patch - area) * mask).clip(0, 255).astype(np.uint8)
        return result


def _at_rest(calm: Face, face: Face) -> Face:
    """Return the calm face with the rotation, size and position of another face's head."""
    turn, scale, moved = alignment(calm.points, face.points)
    return Face((scale * calm.points @ turn.T + moved).astype(np.float32), face.presence)


def _shaped(picture: Picture, face: Face, placed: Face) -> Picture:
    """Return the frame with its lower face (jaw, cheeks and lips) warped smoothly to its position at rest."""
    frame = FaceFrame(placed)
    width = float(np.linalg.norm(placed.points[points.LEFT_CHEEK_EDGE] - placed.points[points.RIGHT_CHEEK_EDGE]))
    first = placed.points[:, :2].min(axis=0) - 0.3 * width
    last = np.maximum(placed.points[:, :2].max(axis=0), face.points[:, :2].max(axis=0)) + 0.5 * width
    region = WarpRegion(first, last, picture.shape[1], picture.shape[0], coarse=max(4, round(width / 40)))
    oval = placed.points[list(points.OVAL), :2]
    dropped = max(0.0, float((face.points[points.CHIN, :2] - placed.points[points.CHIN, :2]) @ frame.down)) / width
    around = oval - oval.mean(axis=0)
    low = np.clip(around @ frame.down / max(1.0, float((around @ frame.down).max())), 0, 1)
    # below a chin that hangs low, the skin of the neck needs room to be drawn along
    ring = oval.mean(axis=0) + around * (_FIXED_RING + _ROOM * dropped * low)[:, np.newaxis]
    below = frame.v > -0.9 * frame.nose  # what lies above the nose's base is where the head is
    anchors = np.vstack([placed.points[below, :2], ring, placed.points[list(points.RIGID), :2]])
    shift = (face.points - placed.points)[:, :2]
    moves = np.vstack([shift[below], np.zeros((len(ring) + len(points.RIGID), 2), np.float32)])
    x, y = _spread(region, anchors, moves, _REACH * width)
    result = picture.copy()
    region.of(result)[:] = region.bent(picture, region.fine(x, y))
    return result


def _spread(region: WarpRegion, anchors: Values, moves: Values, reach: float) -> tuple[Values, Values]:
    """Return movements of points as a smooth movement of all pixels: the mean of nearby ones, which fades with the distance."""
    x, y = region.x.ravel(), region.y.ravel()
    squared = (x[:, np.newaxis] - anchors[:, 0]) ** 2 + (y[:, np.newaxis] - anchors[:, 1]) ** 2
    weights = np.exp(-0.5 * squared / (0.5 * reach) ** 2)
    mean = weights @ moves / (weights.sum(axis=1) + 0.05)[:, np.newaxis]
    return tuple(mean[:, axis].reshape(region.x.shape).astype(np.float32) for axis in (0, 1))  # type: ignore[return-value]


def _around_mouth(frame: FaceFrame, picture: Picture) -> WarpRegion:
    u = np.array([-1.3 * frame.right_half - 0.4, 1.3 * frame.left_half + 0.4], np.float32)
    v = np.array([-1.0 * frame.nose, 1.0 * frame.chin], np.float32)
    corners = frame.pixels(np.array([u[0], u[1], u[0], u[1]]), np.array([v[0], v[0], v[1], v[1]]))
    return WarpRegion(corners.min(axis=0), corners.max(axis=0), picture.shape[1], picture.shape[0])


def _coordinates(frame: FaceFrame, region: WarpRegion) -> tuple[Values, Values]:
    xs, ys = np.meshgrid(
        np.arange(region.left, region.right, dtype=np.float32), np.arange(region.top, region.bottom, dtype=np.float32)
    )
    return frame.of(xs, ys)


def _mask(frame: FaceFrame, region: WarpRegion, gap: float) -> NDArray[np.float32]:
    """Return the coverage of the calm mouth: the lips and their surroundings, soft towards nose, chin and the face's edge.

    The lower lip of a wide open mouth is in front of the chin, so that the chin is covered too.
    """
    u, v = _coordinates(frame, region)
    across = np.where(u < 0, -u / (frame.right_half + 0.34), u / (frame.left_half + 0.34))
    along = np.where(v < 0, -v / (0.82 * frame.nose), v / ((0.74 + 0.3 * float(ease(np.array(gap), 0.15, 0.5))) * frame.chin))
    distance = np.sqrt(across**2 + along**2)
    inside = 1 - ease(np.abs(frame.across(u)), 0.62, 0.92)
    return ((1 - ease(distance, 0.72, 1.0)) * inside).astype(np.float32)


def _placed_in(calm: Face, placed: Face, xs: Values, ys: Values) -> NDArray[np.float32]:
    """Return the positions of pixels around the mouth in the calm frame, by a curved surface fitted to points of the lower
    face.
    """
    frame = FaceFrame(placed)
    near = (frame.v > -1.1 * frame.nose) & (np.abs(frame.u) < 1.4)
    here, there = placed.points[near, :2].astype(np.float64), calm.points[near, :2].astype(np.float64)
    centre, unit = here.mean(axis=0), frame.unit

    def terms(x: Values, y: Values) -> Values:
        x, y = (x - centre[0]) / unit, (y - centre[1]) / unit
        return np.stack([np.ones_like(x), x, y, x * x, x * y, y * y], axis=-1)

    fitted, *_ = np.linalg.lstsq(terms(here[:, 0], here[:, 1]), there, rcond=None)
    return np.ascontiguousarray((terms(xs.astype(np.float64), ys.astype(np.float64)) @ fitted).astype(np.float32))


def _in_light(patch: Values, area: Values, frame: FaceFrame, region: WarpRegion) -> Values:
    """Return the calm mouth relit for its new frame, compared on the skin around the lips."""
    u, v = _coordinates(frame, region)
    lips = np.sqrt((frame.side(u) / 1.25) ** 2 + (v / 0.42) ** 2)
    skin = (ease(lips, 0.9, 1.2) * (1 - ease(np.abs(frame.across(u)), 0.7, 0.9))).astype(np.float32)
    skin *= 1 - ease(np.abs(v), 0.85 * frame.chin, 1.0 * frame.chin)
    reach = _LIGHT_REACH * frame.unit
    weight = cv2.GaussianBlur(skin, (0, 0), reach)[..., np.newaxis] + 1e-3
    difference = (np.log(area + _DARK) - np.log(np.maximum(patch, 0) + _DARK)) * skin[..., np.newaxis]
    gain = np.clip(cv2.GaussianBlur(difference, (0, 0), reach) / weight, -0.7, 0.7)
    return np.asarray((np.maximum(patch, 0) + _DARK) * np.exp(gain) - _DARK, np.float32)
