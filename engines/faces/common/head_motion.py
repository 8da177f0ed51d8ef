"""Slight head movements in a still picture: the head turns as a rounded body, and the displacement fades out around it."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from engines.analysis import mesh_points as points
from engines.faces.common.face_frame import FaceFrame, Values, ease
from engines.faces.common.warp import WarpRegion
from media.video.read import Picture

_COARSE = 12
_WIDER, _HIGHER = 1.12, 1.2
"""The head with its hair, in sizes of the face; the movement has faded out at _FADED times that."""
_FADED = 2.1
MOST_RADIANS = 0.17
"""Hair and neck follow only partly, so larger turns would look wrong."""


@dataclass(frozen=True)
class HeadPose:
    """Rotations in radians relative to the picture (yaw to the person's left, pitch up, roll clockwise), shifts in eye
    distances.
    """

    yaw: float = 0.0
    pitch: float = 0.0
    roll: float = 0.0
    right: float = 0.0
    down: float = 0.0

    @property
    def still(self) -> bool:
        return max(abs(self.yaw), abs(self.pitch), abs(self.roll), abs(self.right), abs(self.down)) < 2e-4


class HeadMotion:
    """The head of one still picture."""

    def __init__(self, frame: FaceFrame, width: int, height: int) -> None:
        flat = frame.flat
        oval = flat[list(points.OVAL)]
        centre = oval.mean(axis=0)
        along = (oval - centre) @ frame.along
        down = (oval - centre) @ frame.down
        self._half = (max(4.0, float(np.abs(along).max())), max(4.0, float(np.abs(down).max())))
        self._centre = centre - frame.down * 0.12 * self._half[1]  # hair and skull reach above the face
        self._eye_distance = frame.eye_distance
        sides = np.abs(frame.along) * (_FADED * _WIDER * self._half[0]) + np.abs(frame.down) * (_FADED * _HIGHER * self._half[1])
        self.region = WarpRegion(self._centre - sides, self._centre + sides, width, height, coarse=_COARSE)
        x, y = self.region.x - self._centre[0], self.region.y - self._centre[1]
        u = (x * frame.along[0] + y * frame.along[1]) / self._half[0]
        v = (x * frame.down[0] + y * frame.down[1]) / self._half[1]
        distance = np.sqrt((u / _WIDER) ** 2 + (v / _HIGHER) ** 2)
        border = _to_border(self.region, width, height) / max(1.0, 0.06 * max(width, height))
        self._weight = (1 - ease(distance, 0.85, _FADED)) * ease(border, 0.0, 1.0)
        self._depth = -self._half[0] * np.sqrt(np.clip(1.0 - 0.55 * (u**2 + 0.7 * v**2), 0.05, 1))
        self._x, self._y = x, y

    def render(self, picture: Picture, pose: HeadPose) -> Picture:
        """Return the picture with its head moved."""
        dx, dy = self._movement(pose)
        # the movement is a few pixels and smooth: one step back along it where it ends up is its inverse
        x = self._looked_up(dx, dx, dy)
        y = self._looked_up(dy, dx, dy)
        result = picture.copy()
        self.region.of(result)[:] = self.region.bent(picture, self.region.fine(-x, -y))
        return result

    def _movement(self, pose: HeadPose) -> tuple[Values, Values]:
        yaw, pitch, roll = (float(np.clip(one, -MOST_RADIANS, MOST_RADIANS)) for one in (pose.yaw, pose.pitch, pose.roll))
        x, y, z = self._x, self._y, self._depth - self._depth.mean()
        sin, cos = np.sin, np.cos
        turned_x = x * cos(yaw) - z * sin(yaw)
        turned_z = x * sin(yaw) + z * cos(yaw)
        turned_y = y * cos(pitch) + turned_z * sin(pitch)
        rolled_x = turned_x * cos(roll) - turned_y * sin(roll)
        rolled_y = turned_x * sin(roll) + turned_y * cos(roll)
        dx = (rolled_x - x + pose.right * self._eye_distance) * self._weight
        dy = (rolled_y - y + pose.down * self._eye_distance) * self._weight
        return dx.astype(np.float32), dy.astype(np.float32)

    def _looked_up(self, field: Values, dx: Values, dy: Values) -> Values:
        rows, columns = field.shape
        step_x, step_y = self.region.width / columns, self.region.height / rows
        grid_x, grid_y = np.meshgrid(np.arange(columns, dtype=np.float32), np.arange(rows, dtype=np.float32))
        place_x = (grid_x - dx / step_x).astype(np.float32)
        place_y = (grid_y - dy / step_y).astype(np.float32)
        looked_up: Values = np.asarray(cv2.remap(field, place_x, place_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE))
        return looked_up


def _to_border(region: WarpRegion, width: int, height: int) -> Values:
    """Return the distance of pixels to the nearest edge of the picture."""
    return np.minimum(np.minimum(region.x, width - 1 - region.x), np.minimum(region.y, height - 1 - region.y)).astype(np.float32)
