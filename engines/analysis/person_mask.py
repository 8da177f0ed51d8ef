"""Segmentation of people, including hair, hands and clothes, from the background.

Model file: assets/faces/selfie_segmentation.tflite (MediaPipe, Apache License 2.0, see NOTICE).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from engines.analysis import mesh_points as points
from engines.analysis.landmarks import Face
from engines.analysis.mesh_files import PERSON_FILE
from engines.analysis.tflite import TfliteModel
from media.video.read import Picture

_SIDE = 256
_AROUND = 1.3
"""Half a side of what the model is shown, in heights of the face: with head and shoulders it is surest."""

_KNOWN = 0.75

Coverage = NDArray[np.float32]
"""[height, width], 0..1."""


class PersonMask:
    """Segments the silhouette around a face. Not thread-safe."""

    def __init__(self, assets: Path, threads: int = 1) -> None:
        self._model = TfliteModel(assets / PERSON_FILE, threads)

    def beside(self, picture: Picture, face: Face) -> Coverage:
        """Return for each pixel near the face the probability that it is background; 0 everywhere if the model does not recognise
        the face as a person, as in some paintings.
        """
        person = self.around(picture, face)
        inside = person[cv2.fillPoly(np.zeros(person.shape, np.uint8), [_oval(face)], 1) > 0]
        return np.zeros_like(person) if inside.size == 0 or inside.mean() < _KNOWN else 1 - person

    def around(self, picture: Picture, face: Face) -> Coverage:
        """Return for each pixel the probability of a person; 0 farther from the face than head and shoulders."""
        height, width = picture.shape[:2]
        reach = _AROUND * face.height
        left, top = (int(max(0, value - reach)) for value in face.centre)
        right, bottom = (int(min(most, value + reach)) for most, value in zip((width, height), face.centre, strict=True))
        result = np.zeros((height, width), np.float32)
        if right - left < 8 or bottom - top < 8:
            return result
        shown: Any = cv2.resize(picture[top:bottom, left:right], (_SIDE, _SIDE), interpolation=cv2.INTER_AREA)
        (found,) = self._model((np.asarray(shown, np.float32) / 255).astype(np.float32)[np.newaxis])
        result[top:bottom, left:right] = cv2.resize(found.reshape(_SIDE, _SIDE), (right - left, bottom - top))
        return result


def _oval(face: Face) -> NDArray[np.int32]:
    return np.round(face.points[list(points.OVAL), :2]).astype(np.int32)
