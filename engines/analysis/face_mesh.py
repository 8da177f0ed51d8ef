"""The built-in landmark provider: MediaPipe's short-range face detector and 468-point face mesh on ai-edge-litert.

Model files: assets/faces (Apache License 2.0, see NOTICE). The method is that of MediaPipe's face landmark graph: the first crop
of the mesh is the detector's box, rotated to the line of the eyes; later crops come from the previous mesh.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from engines.analysis import mesh_points as points
from engines.analysis.landmarks import Face, Points
from engines.analysis.mesh_files import DETECTOR_FILE, MESH_FILE
from engines.analysis.tflite import TfliteModel
from media.video.read import Picture

_DETECTOR_SIDE, _MESH_SIDE = 128, 192
_SURE = 0.5
_PRESENT = 0.5
_SCALES = (1.0, 0.6, 0.35)
"""Sides of the tiles that are searched beside the whole picture, in parts of its shorter side."""
_SAME_FACE = 0.3
_AROUND = 1.5
"""Half a side of the tile in which a followed face is looked for, in heights of the face."""
_REACHED = 0.7
"""In the same, how far a face goes from one frame to the next; beyond it is another person's."""
_AGREE = 0.14
"""How far the eyes of mesh and detector may lie apart: they do by 0.05 on average, by 0.1 on faces turned to the side."""
_CERTAIN = 0.9
_CLEAR = 0.7
"""Of the detector's certainty; people have 0.9 and more, patterns that it takes for faces 0.5 to 0.6."""
_FITS = 0.09
"""How far the eyes of mesh and detector lie apart in a face of which the detector is not sure, in heights of it."""
_CROP = 1.5
"""The mesh's crop in sizes of the face."""
_LOOKS = np.array(
    [(0, 0, 1, 0), (0.02, 0, 1.06, 0.05), (-0.02, 0.01, 0.95, -0.05), (0, -0.02, 1.12, 0.1), (0.01, 0.02, 0.9, -0.1)]
)
"""How crops of the same face differ: shifts right and down in sides, size, radians."""
MOST_LOOKS = len(_LOOKS)

Box = NDArray[np.float64]


class _Found:
    """One answer of the detector: score, box [left, top, right, bottom] and the two eyes, in pixels of the picture."""

    def __init__(self, score: float, box: Box, eyes: Box) -> None:
        self.score, self.box, self.eyes = score, box, eyes

    @property
    def side(self) -> float:
        return float(max(self.box[2] - self.box[0], self.box[3] - self.box[1]))


class FaceMesh:
    """LandmarkProvider on the CPU. Not thread-safe.

    Args:
        looks: crops of a tracked face whose meshes are averaged, 1 to MOST_LOOKS. A single mesh misses an opening of the lips by
            up to 0.03 mouth widths from frame to frame, mostly on turned heads, and the next crop inherits its error.
    """

    def __init__(self, assets: Path, threads: int = 1, looks: int = 1) -> None:
        self._looks = _LOOKS[:looks]
        self._detector = TfliteModel(assets / DETECTOR_FILE, threads)
        self._mesh = TfliteModel(assets / MESH_FILE, threads)
        self._anchors = _anchors()

    def find(self, picture: Picture, most: int = 16) -> list[Face]:
        """Return all faces, the largest first, followed by uncertain detections (a badge, a knot in wood) of any size.

        An uncertain detection with a poor mesh is dropped unless it is the only one.
        """
        faces: list[Face] = []
        misfits: list[Face] = []
        for found in self._detect(picture)[:most]:
            face = self._refined(picture, found)
            if face is None or any(_overlap(_box(face), _box(other)) > _SAME_FACE for other in (*faces, *misfits)):
                continue
            fits = found.score >= _CLEAR or _apart(face, found) <= _FITS * face.height
            (faces if fits else misfits).append(face)
        return sorted(faces or misfits, key=lambda face: (face.likeness < _CLEAR, -face.height))

    def follow(self, picture: Picture, previous: Face) -> Face | None:
        """Return the mesh at its last position, compared with the detector.

        If a face moves by a quarter of its height within a frame, the mesh alone fits itself to the lower half with high
        confidence.
        """
        face = self._followed(picture, previous)
        seen = self._detected_near(picture, previous)
        if seen is None or (face is not None and _apart(face, seen) <= _AGREE * face.height):
            return face
        anew = self._refined(picture, seen)
        if anew is not None and _apart(anew, seen) <= _AGREE * anew.height:
            return anew
        return None if face is not None and seen.score >= _CERTAIN else face

    def _followed(self, picture: Picture, previous: Face) -> Face | None:
        centre, side, angle = _crop_of(previous.points)
        seen: list[Face] = []
        for right, down, size, turn in self._looks:
            face = self._landmarks(picture, centre + side * np.array([right, down]), side * size, angle + turn)
            if not seen and face.presence <= _PRESENT:
                return None
            seen.append(face)
        return _mean(seen)

    def _detected_near(self, picture: Picture, previous: Face) -> _Found | None:
        """What the detector finds about where the face was, the nearest one; None where it finds nothing there."""
        height, width = picture.shape[:2]
        reach = _AROUND * previous.height
        low = np.maximum(previous.centre - reach, 0).astype(int)
        high = np.minimum(previous.centre + reach, [width, height]).astype(int)
        if (high - low).min() < 8:
            return None
        found = _merged(self._detect_in(picture, int(low[0]), int(low[1]), *(int(one) for one in high - low)))
        near = min(found, key=lambda one: _apart(previous, one), default=None)
        return near if near is not None and _apart(previous, near) <= _REACHED * previous.height else None

    def _refined(self, picture: Picture, found: _Found) -> Face | None:
        (ax, ay), (bx, by) = found.eyes
        centre = (found.box[:2] + found.box[2:]) / 2
        face = self._landmarks(picture, centre, found.side * _CROP, float(np.arctan2(by - ay, bx - ax)))
        for _ in range(2):
            face = self._landmarks(picture, *_crop_of(face.points))
        return replace(face, likeness=found.score) if face.presence > _PRESENT else None

    def _landmarks(self, picture: Picture, centre: Box, side: float, angle: float) -> Face:
        scale = side / _MESH_SIDE
        cos, sin, half = np.cos(angle) * scale, np.sin(angle) * scale, _MESH_SIDE / 2
        place = np.array([[cos, -sin, centre[0] - (cos - sin) * half], [sin, cos, centre[1] - (sin + cos) * half]], np.float32)
        crop = cv2.warpAffine(
            picture,
            place,
            (_MESH_SIDE, _MESH_SIDE),
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_REPLICATE,
        )
        outputs = self._mesh((np.asarray(crop, np.float32) / 255).astype(np.float32)[np.newaxis])
        raw = next(one for one in outputs if one.size == 1404).reshape(468, 3)
        logit = float(next(one for one in outputs if one.size == 1).ravel()[0])
        flat = raw[:, :2] @ place[:, :2].T + place[:, 2]
        placed = np.column_stack([flat, raw[:, 2] * scale]).astype(np.float32)
        return Face(placed, float(1 / (1 + np.exp(-np.clip(logit, -50, 50)))))

    def _detect(self, picture: Picture) -> list[_Found]:
        """Every face that any scale shows, the surest first."""
        height, width = picture.shape[:2]
        found = self._detect_in(picture, 0, 0, width, height)
        for scale in _SCALES:
            side = max(_DETECTOR_SIDE // 2, int(min(width, height) * scale))
            for top, left in product(_starts(height, side), _starts(width, side)):
                found += self._detect_in(picture, left, top, min(side, width), min(side, height))
        return _merged(found)

    def _detect_in(self, picture: Picture, left: int, top: int, width: int, height: int) -> list[_Found]:
        side = _DETECTOR_SIDE
        scale = side / max(width, height)
        inner = (max(1, round(width * scale)), max(1, round(height * scale)))
        x, y = (side - inner[0]) // 2, (side - inner[1]) // 2
        tile = np.zeros((side, side, 3), np.float32)
        part = picture[top : top + height, left : left + width]
        tile[y : y + inner[1], x : x + inner[0]] = cv2.resize(part, inner, interpolation=cv2.INTER_AREA)
        first, second = self._detector((tile / 127.5 - 1).astype(np.float32)[np.newaxis])
        boxes, scores = (first, second) if first.size > second.size else (second, first)
        boxes = boxes.reshape(-1, 16)
        scores = (1 / (1 + np.exp(-np.clip(scores.ravel(), -50, 50)))).astype(np.float32)
        shift, origin = np.array([x, y]), np.array([left, top])
        found = []
        for index in np.flatnonzero(scores > _SURE):
            values = boxes[index].reshape(8, 2) / side
            centre = values[0] + self._anchors[index]
            corners = np.stack([centre - values[1] / 2, centre + values[1] / 2])
            eyes = values[2:4] + self._anchors[index]
            to_picture = [(one * side - shift) / scale + origin for one in (corners, eyes)]
            found.append(_Found(float(scores[index]), to_picture[0].ravel(), to_picture[1]))
        return found


def _apart(face: Face, found: _Found) -> float:
    """Pixels between the middles of the eyes."""
    eyes = face.points[list(points.EYE_CORNERS), :2].mean(axis=0)
    return float(np.linalg.norm(eyes - found.eyes.mean(axis=0)))


def _mean(seen: list[Face]) -> Face:
    """The first face, its points those of all that found it too."""
    points_of = [face.points for face in seen if face.presence > _PRESENT]
    return seen[0] if len(points_of) == 1 else Face(np.mean(points_of, axis=0), seen[0].presence)


def _anchors() -> NDArray[np.float32]:
    """Centres of the detector's cells, [896, 2], in parts of its input."""
    rows: list[Any] = []
    for stride, repeats in ((8, 2), (16, 6)):
        cells = _DETECTOR_SIDE // stride
        centres = (np.arange(cells) + 0.5) / cells
        rows += [(x, y) for y in centres for x in centres for _ in range(repeats)]
    return np.array(rows, np.float32)


def _starts(length: int, side: int) -> list[int]:
    """Where tiles begin so that they cover `length` with half of each overlapping the next."""
    room = max(0, length - side)
    return sorted({round(at) for at in np.linspace(0, room, int(np.ceil(room / (side * 0.5))) + 1)})


def _merged(found: list[_Found]) -> list[_Found]:
    """Answers for the same face as one, weighted by score."""
    waiting, kept = sorted(found, key=lambda one: -one.score), []
    while waiting:
        best = waiting[0]
        same = [one for one in waiting if one is best or _overlap(best.box, one.box) > _SAME_FACE]
        waiting = [one for one in waiting if one not in same]
        weights = np.array([one.score for one in same]) / sum(one.score for one in same)
        box = np.sum([weight * one.box for weight, one in zip(weights, same, strict=True)], axis=0)
        eyes = np.sum([weight * one.eyes for weight, one in zip(weights, same, strict=True)], axis=0)
        kept.append(_Found(best.score, box, eyes))
    return kept


def _overlap(one: Box, other: Box) -> float:
    """Common area by the joint one."""
    wide = min(one[2], other[2]) - max(one[0], other[0])
    high = min(one[3], other[3]) - max(one[1], other[1])
    common = max(0.0, wide) * max(0.0, high)
    areas = [(box[2] - box[0]) * (box[3] - box[1]) for box in (one, other)]
    return float(common / max(1e-6, sum(areas) - common))


def _box(face: Face) -> Box:
    flat = face.points[:, :2].astype(np.float64)
    return np.concatenate([flat.min(axis=0), flat.max(axis=0)])


def _crop_of(landmarks: Points) -> tuple[Box, float, float]:
    """Centre, side and angle of the next crop: a square around the points along the line of the eyes."""
    right, left = (landmarks[index] for index in points.OUTER_EYE_CORNERS)
    angle = float(np.arctan2(left[1] - right[1], left[0] - right[0]))
    flat = landmarks[:, :2].astype(np.float64)
    middle = (flat.min(axis=0) + flat.max(axis=0)) / 2
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    along = (flat - middle) @ turn
    low, high = along.min(axis=0), along.max(axis=0)
    return middle + turn @ ((low + high) / 2), float((high - low).max() * _CROP), angle
