"""Things drawn before a face: what a camera sees of a microphone, a mask, strands of hair, glasses, a fringe, a hand."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from engines.analysis.landmarks import Face
from media.video.images import read_image
from media.video.read import Picture
from studio.settings import HOME

_BELOW_EYES = (234, 93, 132, 58, 172, 136, 150, 149, 176, 148, 152, 377, 400, 378, 379, 365, 397, 288, 361, 323, 454)
_HAIRLINE = (127, 21, 54, 103, 67, 109, 10, 338, 297, 332, 284, 251, 356)
_BROWS = (300, 293, 334, 296, 336, 107, 66, 105, 63, 70)
_HAIR, _BLACK, _METAL, _CLOTH = (62, 44, 32), (25, 22, 22), (45, 45, 50), (150, 190, 215)


def microphone(picture: Picture, face: Face, right: float = 0.05) -> Picture:
    """Held before the mouth, so many widths of the mouth to its right."""
    drawn, flat, unit = picture.copy(), face.points[:, :2], face.mouth_width
    head = (flat[13] + flat[14]) / 2 + unit * np.array([right, 0.3])
    cv2.line(drawn, _pixel(head), _pixel(head + unit * np.array([0.85, 2.7])), (30, 30, 32), round(0.3 * unit))
    cv2.circle(drawn, _pixel(head), round(0.5 * unit), _METAL, -1, cv2.LINE_AA)
    return drawn


def mask(picture: Picture, face: Face) -> Picture:
    """A surgeon's, from the nose to below the chin."""
    drawn, flat = picture.copy(), face.points[:, :2]
    cv2.fillPoly(drawn, [np.vstack([flat[list(_BELOW_EYES)], flat[[6]]]).astype(np.int32)], _CLOTH, cv2.LINE_AA)
    return drawn


def hand(picture: Picture, face: Face, right: float, down: float, turn: float) -> tuple[Picture, NDArray[np.float32]]:
    """The Mona Lisa's right hand, as large as a hand is beside a head and in the colour of this face's skin; and its mask.

    Args:
        right, down: of the middle of the face, in heights of it.
        turn: degrees against the clock; at 0 the fingers point to the right.
    """
    part = read_image(HOME / "assets" / "portraits" / "mona-lisa.jpg")[940:1140, 170:470]
    lab = cv2.cvtColor(part, cv2.COLOR_RGB2LAB).astype(np.float32)
    bright = cv2.morphologyEx(((lab[..., 0] > 95) & (lab[..., 2] > 140)).astype(np.uint8), cv2.MORPH_OPEN, np.ones((5, 5)))
    _, labels, counts, _ = cv2.connectedComponentsWithStats(bright)
    one = cv2.morphologyEx((labels == 1 + np.argmax(counts[1:, 4])).astype(np.uint8), cv2.MORPH_CLOSE, np.ones((9, 9)))
    one[118:, :70] = 0  # the other hand, below
    skin = cv2.cvtColor(picture, cv2.COLOR_RGB2LAB)[cv2.fillPoly(np.zeros(picture.shape[:2], np.uint8), _cheeks(face), 1) > 0]
    own = np.clip(lab + np.median(skin, axis=0) - np.median(lab[one > 0], axis=0), 0, 255).astype(np.uint8)
    height, width = one.shape
    place = cv2.getRotationMatrix2D((width / 2, height / 2), turn, face.height / 200)
    place[:, 2] += face.centre + np.array([right, down]) * face.height - [width / 2, height / 2]
    size = (picture.shape[1], picture.shape[0])
    share = cv2.warpAffine(cv2.GaussianBlur(one.astype(np.float32), (0, 0), 1), place, size)
    shown = cv2.warpAffine(cv2.cvtColor(own, cv2.COLOR_LAB2RGB), place, size)
    mixed = picture * (1 - share[..., np.newaxis]) + shown * share[..., np.newaxis]
    return mixed.astype(np.uint8), np.asarray(share, np.float32)


def _cheeks(face: Face) -> list[NDArray[np.int32]]:
    sides = (117, 118, 101, 205, 187), (346, 347, 330, 425, 411)
    return [np.round(face.points[list(ids), :2]).astype(np.int32) for ids in sides]


def strands(picture: Picture, face: Face) -> Picture:
    """Hair that has fallen from the temple to the corner of the mouth."""
    drawn, flat, unit = picture.copy(), face.points[:, :2], face.mouth_width
    for number in range(5):
        above = flat[234] + unit * np.array([-0.1, -0.6 + 0.05 * number])
        below = flat[61] + unit * np.array([0.05 * number - 0.2, 0.1])
        cv2.line(drawn, _pixel(above), _pixel(below), _HAIR, max(2, round(0.05 * unit)))
    return drawn


def glasses(picture: Picture, face: Face) -> Picture:
    drawn, flat, unit = picture.copy(), face.points[:, :2], face.mouth_width
    thick = max(2, round(0.08 * unit))
    for outer, inner, temple in ((33, 133, 127), (263, 362, 356)):
        middle = flat[[outer, inner]].mean(axis=0) + unit * np.array([0, 0.05])
        cv2.ellipse(drawn, _pixel(middle), (round(0.62 * unit), round(0.45 * unit)), 0, 0, 360, _BLACK, thick)
        side = np.sign(flat[temple][0] - flat[outer][0]) * unit
        cv2.line(drawn, _pixel(middle + np.array([0.62 * side, 0])), _pixel(flat[temple] + [0.2 * side, 0]), _BLACK, thick)
    bridge = flat[168]
    cv2.line(drawn, _pixel(bridge - np.array([0.2 * unit, 0])), _pixel(bridge + np.array([0.2 * unit, 0])), _BLACK, thick)
    return drawn


def fringe(picture: Picture, face: Face) -> Picture:
    drawn, flat, unit = picture.copy(), face.points[:, :2], face.mouth_width
    outline = np.vstack([flat[list(_HAIRLINE)] - [0, 0.3 * unit], flat[list(_BROWS)] + [0, 0.12 * unit]])
    cv2.fillPoly(drawn, [outline.astype(np.int32)], _HAIR, cv2.LINE_AA)
    return drawn


def _pixel(place: NDArray) -> tuple[int, int]:
    return round(float(place[0])), round(float(place[1]))
