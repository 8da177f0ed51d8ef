"""The donor face: its texture in several sizes, its visible parts, and its light, computed once."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from engines.analysis import mesh_points as points
from engines.analysis.in_front import hair_in_front
from engines.analysis.landmarks import Face, Points
from engines.analysis.person_mask import PersonMask
from engines.swap.basic.frontalisation import Frontal
from engines.swap.basic.mesh import Cover, Topology, cover_of
from engines.swap.basic.skin_mask import Coverage, feature_holes, skin_of
from media.video.read import Picture

_LIFT = 0.5
"""How far above the brows the face is taken, in distances of brows and eyes: above it fringes and veils begin."""
_JAW = (356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377, 152, 148, 176, 149, 150, 136, 172, 58, 132, 93, 234, 127)
_BROW_LINE = (127, 70, 63, 105, 66, 107, 9, 336, 296, 334, 293, 300, 356)
_EYE_CORNERS = (33, 133, 263, 362)
_SKIN_ENOUGH = 0.35
_IN_FRONT = 0.5
_PIECE = 0.03
"""Of the largest piece of the mask; what is smaller is left out."""

LIGHT_WIDTH = 64
"""Pixels across the face of the small picture in which light is compared."""


class SourceFace:
    """One face of one picture, ready to be put onto others.

    Args:
        edge: softness of the mask's border, in widths of the face.
        people: segments people.

    Attributes:
        points: in pixels of the texture and of the mask.
        mask: the visible part of the face, 0 to 1.
        light: reference for the comparison of light.
    """

    def __init__(self, picture: Picture, face: Face, topology: Topology, edge: float, people: PersonMask) -> None:
        frontal = Frontal(picture, face, topology)
        self.points, self.triangles = frontal.points, topology.triangles
        self.mask = _mask(frontal, edge, people)
        self.light = DonorLight(frontal, topology, self.mask)
        self._width = float(np.ptp(self.points[:, 0]))
        self._textures = _pyramid(frontal.texture)

    def texture_for(self, width: float) -> tuple[Picture, float]:
        """Return the texture for a face that is `width` pixels wide, and its scale."""
        level = int(np.clip(np.floor(np.log2(max(1.0, self._width / max(width, 1.0)) * 1.2)), 0, len(self._textures) - 1))
        return self._textures[level], 0.5**level


class DonorLight:
    """The face as a small picture, in which every pixel has a fixed position on the face.

    Attributes:
        points, cover, colours: the small face.
        weights: the weight of each pixel in the estimate of the light: skin, not features.
        scale: of the small picture relative to the texture.
    """

    points: Points
    cover: Cover
    colours: NDArray[np.float32]
    weights: NDArray[np.float32]

    def __init__(self, frontal: Frontal, topology: Topology, mask: Coverage) -> None:
        self.scale = LIGHT_WIDTH / float(np.ptp(frontal.points[:, 0]))
        height, width = mask.shape
        size = (max(8, round(width * self.scale)), max(8, round(height * self.scale)))
        self.points = (frontal.points * self.scale).astype(np.float32)
        cover = cover_of(self.points, topology.triangles, *size)
        assert cover is not None  # its own picture holds it
        self.cover = cover
        small: Any = cv2.resize(frontal.texture, size, interpolation=cv2.INTER_AREA)
        self.colours = np.asarray(cover.of(small), np.float32)
        tells: Any = cv2.resize(mask, size, interpolation=cv2.INTER_AREA)
        tells = np.where(feature_holes(Face(self.points), (size[1], size[0]), 0.02), 0, tells).astype(np.float32)
        core = cv2.erode(tells, np.ones((3, 3), np.uint8))
        self.weights = np.where(cover.index >= 0, cover.of(core), 0).astype(np.float32)


def _pyramid(texture: Picture) -> list[Picture]:
    levels = [texture]
    while min(levels[-1].shape[:2]) > 48:
        size = (levels[-1].shape[1] // 2, levels[-1].shape[0] // 2)
        levels.append(np.asarray(cv2.resize(levels[-1], size, interpolation=cv2.INTER_AREA), np.uint8))
    return levels


def _mask(frontal: Frontal, edge: float, people: PersonMask) -> Coverage:
    """Return skin and features from above the brows to the jaw, soft-edged, without hair or glasses in front."""
    face = Face(frontal.points)
    flat = frontal.points[:, :2]
    width = float(np.ptp(flat[:, 0]))
    brows = flat[list(points.RIGHT_BROW + points.LEFT_BROW)].mean(axis=0)
    top = flat[list(_BROW_LINE)].copy()
    top[1:-1] += (brows - flat[list(_EYE_CORNERS)].mean(axis=0)) * _LIFT
    area: Any = np.zeros(frontal.cover.shape, np.uint8)
    cv2.fillPoly(area, [np.round(np.vstack([top, flat[list(_JAW)]])).astype(np.int32)], 255)
    front = np.maximum(hair_in_front(frontal.texture, face), people.beside(frontal.texture, face))
    area[(skin_of(frontal.texture, face) < _SKIN_ENOUGH) | (front > _IN_FRONT) | (frontal.cover.index < 0)] = 0
    area = _largest(cv2.morphologyEx(area, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8)))
    cv2.fillPoly(area, [np.round(flat[list(points.OUTER_UPPER_LIP + points.OUTER_LOWER_LIP[::-1])]).astype(np.int32)], 255)
    reach = max(1, round(0.5 * edge * width))
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1))
    soft = cv2.GaussianBlur(cv2.erode(area, disc), (0, 0), max(0.6, 0.35 * edge * width))
    return (np.asarray(soft, np.float32) / 255) * (area > 0)


def _largest(area: Any) -> Any:
    """Return the largest component and others of comparable size, because frames of glasses divide a face."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats(area)
    if count <= 2:
        return area
    sizes = stats[1:, cv2.CC_STAT_AREA]
    kept = 1 + np.flatnonzero(sizes >= _PIECE * sizes.max())
    return np.where(np.isin(labels, kept), 255, 0).astype(np.uint8)
