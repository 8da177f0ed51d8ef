"""Detects hands near a face by their shape, because a hand has the colour of the face.

Model files: assets/faces/palm_detection_lite.tflite and hand_landmark_full.tflite (MediaPipe, Apache License 2.0, see NOTICE).
Method of MediaPipe's hand tracking graph: a palm gives the first crop, turned so that the fingers point up; its 21 points give
the next one. The outline is drawn around the points here.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from engines.analysis import mesh_points as points
from engines.analysis.in_front import InFront
from engines.analysis.landmarks import Face
from engines.analysis.mesh_files import HAND_FILE, PALM_FILE
from engines.analysis.tflite import TfliteModel
from media.video.read import Picture

_PALM_SIDE, _HAND_SIDE = 192, 224
_STRIDES = ((8, 2), (16, 6))
"""Pixels between the palm detector's cells, and how many answers each gives."""
_AROUND = 1.25
"""Half a side of what is searched, in heights of the face: a hand is found before it has reached the face."""
_SURE, _PRESENT = 0.5, 0.6
_MOST = 2
_EVERY = 3
"""Of the pictures of a video, one in so many is searched for hands that were not there before; known ones are followed."""
_FROM_PALM, _AGAIN = (2.6, 0.5), (2.0, 0.1)
"""Side of the crop in sizes of the palm, or of the points below the fingertips, and its shift towards the fingers."""
_WRIST, _FIRST, _MIDDLE, _RING, _LITTLE = 0, 5, 9, 13, 17
_STEADY = (0, 1, 2, 3, 5, 6, 9, 10, 13, 14, 17, 18)
_PALM = (0, 1, 2, 5, 9, 13, 17)
_BONES = tuple((at, at + 1) for root in (1, 5, 9, 13, 17) for at in range(root, root + 3))
_THICK, _ARM = 0.36, 0.7
"""Thickness of a finger, and how far the wrist is drawn on, in widths of the palm."""

Hand = NDArray[np.float64]
"""[21, 2]: the wrist, then four points of each finger from its root, thumb first; pixels of the picture."""
_Crop = tuple[NDArray[np.float64], float, float]
"""Centre, side and angle of a square in the picture."""


class HandFinder:
    """Detects hands. Not thread-safe."""

    def __init__(self, assets: Path, threads: int = 1) -> None:
        self._palms = TfliteModel(assets / PALM_FILE, threads)
        self._fingers = TfliteModel(assets / HAND_FILE, threads)
        self._anchors = _anchors()

    def near(self, picture: Picture, face: Face) -> list[Hand]:
        """Return the hands near a face, the most certain first, two at most."""
        found: list[Hand] = []
        for crop in self._detected(picture, face):
            first = self._points(picture, crop)
            hand = None if first is None else self.followed(picture, first)
            if hand is not None and not any(_same(hand, other) for other in found):
                found.append(hand)
            if len(found) == _MOST:
                break
        return found

    def followed(self, picture: Picture, hand: Hand) -> Hand | None:
        """Return the same hand in the next frame, or None if it is no longer there."""
        return self._points(picture, _next_crop(hand))

    def _detected(self, picture: Picture, face: Face) -> list[_Crop]:
        side = 2 * _AROUND * face.height
        origin = face.centre - side / 2
        scale = _PALM_SIDE / side
        place = np.array([[scale, 0, -origin[0] * scale], [0, scale, -origin[1] * scale]], np.float32)
        soft = picture if scale >= 0.7 else _softened(picture, origin, side, 0.45 / scale)
        shown = cv2.warpAffine(soft, place, (_PALM_SIDE, _PALM_SIDE), flags=cv2.INTER_LINEAR)
        outputs = self._palms((np.asarray(shown, np.float32) / 255).astype(np.float32)[np.newaxis])
        boxes, logits = sorted(outputs, key=lambda one: -one.size)
        scores = 1 / (1 + np.exp(-np.clip(logits.ravel(), -50, 50)))
        crops: list[_Crop] = []
        for index in np.argsort(-scores):
            if scores[index] <= _SURE or len(crops) == _MOST:
                break
            values = boxes.reshape(-1, 9, 2)[index] / _PALM_SIDE
            centre, keys = values[0] + self._anchors[index], values[2:] + self._anchors[index]
            size = float(values[1].max()) * side
            if all(np.linalg.norm(centre * side + origin - other[0]) > size for other in crops):
                crops.append(_turned(centre * side + origin, size, keys[2] - keys[0], _FROM_PALM))
        return crops

    def _points(self, picture: Picture, crop: _Crop) -> Hand | None:
        centre, side, angle = crop
        scale = side / _HAND_SIDE
        cos, sin, half = np.cos(angle) * scale, np.sin(angle) * scale, _HAND_SIDE / 2
        place = np.array([[cos, -sin, centre[0] - (cos - sin) * half], [sin, cos, centre[1] - (sin + cos) * half]], np.float32)
        shown = cv2.warpAffine(picture, place, (_HAND_SIDE, _HAND_SIDE), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP)
        outputs = self._fingers((np.asarray(shown, np.float32) / 255).astype(np.float32)[np.newaxis])
        presence = next(float(one.ravel()[0]) for one in outputs if one.size == 1)
        if presence < _PRESENT:
            return None
        flat = next(one for one in outputs if one.size == 63).reshape(21, 3)[:, :2]
        return np.asarray(flat @ place[:, :2].T + place[:, 2], np.float64)


class HandsBefore:
    """Follows the hands in front of one person's face, frame by frame in order."""

    def __init__(self, finder: HandFinder) -> None:
        self._finder = finder
        self._known: list[Hand] = []
        self._until_search = 0

    def of(self, picture: Picture, face: Face) -> InFront | None:
        """Return what of the face the hands cover, or None if they cover none of it."""
        if self._until_search == 0:
            self._known, self._until_search = self._finder.near(picture, face), _EVERY
        else:
            seen = (self._finder.followed(picture, hand) for hand in self._known)
            self._known = [hand for hand in seen if hand is not None]
        self._until_search -= 1
        return hands_before(self._known, picture, face)

    def forget(self) -> None:
        """Note that the person is not visible in this frame."""
        self._known, self._until_search = [], 0


def hands_before(hands: list[Hand], picture: Picture, face: Face) -> InFront | None:
    """Return what hands cover of a face, or None if they cover none of it."""
    if not hands:
        return None
    drawn = np.zeros(picture.shape[:2], np.uint8)
    width = max(_width(hand) for hand in hands)
    for hand in hands:
        _draw(drawn, hand)
    if not drawn[_area(face, points.OVAL, drawn.shape)].any():
        return None
    lips = drawn[_area(face, points.OUTER_UPPER_LIP + points.OUTER_LOWER_LIP[-2:0:-1], drawn.shape)]
    soft = cv2.GaussianBlur(drawn.astype(np.float32), (0, 0), max(0.6, 0.04 * width))
    return InFront(np.asarray(soft, np.float32), float(lips.mean()) if lips.size else 0.0)


def _draw(mask: NDArray[np.uint8], hand: Hand) -> None:
    """Fill the outline of a hand and a piece of its arm with ones."""
    width, at = _width(hand), np.round(hand).astype(np.int32)
    thick = max(2, round(_THICK * width))
    cv2.fillConvexPoly(mask, cv2.convexHull(at[list(_PALM)]), 1)
    for one, other in (*_BONES, *zip(_PALM, (*_PALM[1:], _PALM[0]), strict=True)):
        cv2.line(mask, _pixel(hand[one]), _pixel(hand[other]), 1, thick)
    cv2.line(mask, _pixel(hand[_WRIST]), _pixel(hand[_MIDDLE]), 1, max(2, round(0.9 * width)))
    root = (hand[_FIRST] + hand[_LITTLE]) / 2
    down = (hand[_WRIST] - root) / max(1e-3, float(np.linalg.norm(hand[_WRIST] - root)))
    cv2.line(mask, _pixel(hand[_WRIST]), _pixel(hand[_WRIST] + down * _ARM * width), 1, max(2, round(0.75 * width)))


def _width(hand: Hand) -> float:
    """Return the width of the palm; that of a palm seen from its edge counts as at least 0.65 of its length."""
    return float(max(np.linalg.norm(hand[_FIRST] - hand[_LITTLE]), 0.65 * np.linalg.norm(hand[_WRIST] - hand[_MIDDLE])))


def _next_crop(hand: Hand) -> _Crop:
    towards = 0.25 * (hand[_FIRST] + hand[_RING]) + 0.5 * hand[_MIDDLE] - hand[_WRIST]
    angle = float(np.arctan2(towards[1], towards[0])) + np.pi / 2
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    steady = hand[list(_STEADY)]
    middle = (steady.min(axis=0) + steady.max(axis=0)) / 2
    along = (steady - middle) @ turn
    low, high = along.min(axis=0), along.max(axis=0)
    return _turned(middle + turn @ ((low + high) / 2), float((high - low).max()), towards, _AGAIN)


def _turned(centre: NDArray[Any], size: float, towards: NDArray[Any], manner: tuple[float, float]) -> _Crop:
    """Return a crop in which the direction `towards` is up."""
    scale, shift = manner
    up = towards / max(1e-6, float(np.linalg.norm(towards)))
    return np.asarray(centre + up * shift * size, np.float64), scale * size, float(np.arctan2(up[1], up[0])) + np.pi / 2


def _same(one: Hand, other: Hand) -> bool:
    return float(np.linalg.norm(one.mean(axis=0) - other.mean(axis=0))) < 0.5 * _width(one)


def _softened(picture: Picture, origin: NDArray[Any], side: float, sigma: float) -> Picture:
    """Return the picture with the searched square blurred, which prevents flicker when it is reduced."""
    height, width = picture.shape[:2]
    left, top = (int(np.clip(value, 0, most)) for value, most in zip(origin, (width, height), strict=True))
    right, bottom = (int(np.clip(value + side + 1, 0, most)) for value, most in zip(origin, (width, height), strict=True))
    result = np.zeros_like(picture)
    if right > left and bottom > top:
        result[top:bottom, left:right] = cv2.GaussianBlur(picture[top:bottom, left:right], (0, 0), sigma)
    return result


def _area(face: Face, ids: tuple[int, ...], shape: tuple[int, ...]) -> NDArray[np.bool_]:
    mask: Any = np.zeros(shape[:2], np.uint8)
    cv2.fillPoly(mask, [np.round(face.points[list(ids), :2]).astype(np.int32)], 1)
    return np.asarray(mask > 0)


def _pixel(at: NDArray[Any]) -> tuple[int, int]:
    return round(float(at[0])), round(float(at[1]))


def _anchors() -> NDArray[np.float32]:
    """Return the centres of the palm detector's cells, [2016, 2], in fractions of its input."""
    rows: list[tuple[float, float]] = []
    for stride, repeats in _STRIDES:
        centres = (np.arange(_PALM_SIDE // stride) + 0.5) * stride / _PALM_SIDE
        rows += [(float(x), float(y)) for y in centres for x in centres for _ in range(repeats)]
    return np.array(rows, np.float32)
