"""Faces as landmarks: the value, measures of it, and the protocol of landmark providers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from engines.analysis import mesh_points as points
from engines.contract.faces import FaceChoice

Points = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Face:
    """One face.

    Args:
        points: float32 [468, 3], pixels of the picture; z increases away from the camera, in the same unit.
        presence: 0 to 1, probability of a face at the points.
        likeness: 0 to 1, the detector's confidence; 1 if it was tracked.
    """

    points: Points
    presence: float = 1.0
    likeness: float = 1.0

    @property
    def centre(self) -> NDArray[np.float32]:
        corners = self.points[:, :2]
        return (corners.min(axis=0) + corners.max(axis=0)) / 2

    @property
    def height(self) -> float:
        """Pixels from forehead to chin."""
        return float(np.linalg.norm(self.points[points.FOREHEAD] - self.points[points.CHIN]))

    @property
    def yaw(self) -> float:
        """Rotation of the head to the side in degrees; 0 is frontal."""
        across = self.points[points.LEFT_CHEEK_EDGE] - self.points[points.RIGHT_CHEEK_EDGE]
        return float(np.degrees(np.arctan2(across[2], np.hypot(across[0], across[1]))))

    @property
    def eye_distance(self) -> float:
        """Distance of the outer corners of the eyes in 3D, which turns of the head do not change."""
        right, left = points.OUTER_EYE_CORNERS
        return float(np.linalg.norm(self.points[left] - self.points[right]))

    @property
    def mouth_width(self) -> float:
        right, left = points.MOUTH_CORNERS
        return float(np.linalg.norm(self.points[left] - self.points[right]))

    @property
    def mouth_gap(self) -> float:
        """The gap between the lips in widths of the mouth."""
        upper, lower = (self.points[list(ids[3:8])] for ids in (points.INNER_UPPER_LIP, points.INNER_LOWER_LIP))
        return float(np.linalg.norm(lower - upper, axis=1).max() / max(self.mouth_width, 1e-3))

    @property
    def eye_openings(self) -> tuple[float, float]:
        """Height of the right and the left eye's opening, in widths of that eye."""
        return (
            self._opening(points.RIGHT_UPPER_LID, points.RIGHT_LOWER_LID),
            self._opening(points.LEFT_UPPER_LID, points.LEFT_LOWER_LID),
        )

    def _opening(self, upper: tuple[int, ...], lower: tuple[int, ...]) -> float:
        width = np.linalg.norm(self.points[upper[0]] - self.points[upper[-1]])
        heights = np.linalg.norm(self.points[list(upper[3:6])] - self.points[list(lower[3:6])], axis=1)
        return float(heights.mean() / max(float(width), 1e-3))


class LandmarkProvider(Protocol):
    """Finds faces. Code in this folder works with any implementation, such as a better model or one on a GPU."""

    def find(self, picture: NDArray[np.uint8], most: int = 16) -> list[Face]:
        """Return all faces of an RGB picture, the largest first."""

    def follow(self, picture: NDArray[np.uint8], previous: Face) -> Face | None:
        """Return the face that was `previous` in the last picture; None if it is lost."""


def chosen(faces: list[Face], choice: FaceChoice, width: int, height: int) -> Face | None:
    """Return the chosen face: the closest one to a point, or the one of a rank; None if there is none."""
    if choice.has_point and faces:
        at = np.array([choice.x * width, choice.y * height])
        return min(faces, key=lambda face: float(np.linalg.norm(face.centre - at) / face.height))
    return faces[choice.index] if 0 <= choice.index < len(faces) else None
