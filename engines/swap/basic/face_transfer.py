"""Transfer of one face onto another: the donor's pixels are warped, relit and blended within a soft mask.

The inner mouth remains the clip's, so that speech stays visible. Features are exchanged, not the shape of the head.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np

from engines.analysis import mesh_points as points
from engines.analysis.face_selection import MOST_YAW
from engines.analysis.hands import HandFinder, HandsBefore
from engines.analysis.in_front import hair_in_front
from engines.analysis.landmarks import Face
from engines.analysis.person_mask import PersonMask
from engines.swap.basic.mesh import Cover, Map, cover_of
from engines.swap.basic.relighting import DARK, Relighting
from engines.swap.basic.skin_mask import Coverage
from engines.swap.basic.source_face import SourceFace
from media.video.read import Picture

_FADE_DEGREES = 6.0
_LIPS_APART = (0.02, 0.07)
"""Gap of the lips, in widths of the mouth, between which the clip's own mouth comes in."""


class FaceTransfer:
    """Puts one donor onto one person, frame by frame in order.

    Args:
        light: 0 to 1, how closely the clip's light is followed; at 0 only its overall tone.
        strength: 0 to 1, opacity of the donor.
        people: segments people.
        hands: finds hands in front of the face.
    """

    def __init__(self, donor: SourceFace, light: float, strength: float, people: PersonMask, hands: HandFinder) -> None:
        self._donor, self._strength, self._people = donor, strength, people
        self._hands = HandsBefore(hands)
        self._light = Relighting(donor, light)

    def lost(self) -> None:
        """Note that the person is not visible in this frame."""
        self._light.forget()
        self._hands.forget()

    def watch(self, picture: Picture, face: Face) -> None:
        """Update the light estimate from a frame that is not changed."""
        self._light.gain(picture, face.points, self._front(picture, face))

    def render(self, picture: Picture, target: Picture, face: Face, strength: float = 1.0) -> bool:
        """Draw the exchanged face into `target`.

        Args:
            picture: the original frame, from which the light is estimated.
            target: a picture of the same size that is changed in place; pixels outside the mask are not written.

        Returns:
            Whether anything was drawn: not for a head that is turned too far, or is outside the frame.
        """
        shown = self._strength * strength * float(np.clip((MOST_YAW + _FADE_DEGREES - abs(face.yaw)) / _FADE_DEGREES, 0, 1))
        cover = cover_of(face.points, self._donor.triangles, picture.shape[1], picture.shape[0])
        if shown <= 0 or cover is None:
            self._light.forget()
            return False
        front = self._front(picture, face)
        gain = self._light.gain(picture, face.points, front)
        places = cover.map_to(face.points, self._donor.points, self._donor.triangles)
        mask = self._mask(cover, places, face) * shown * (1 - cover.of(front))
        inside = mask > 0.5 / 255
        if not inside.any():
            return False
        area = cover.of(target)
        drawn = self._lit(places, gain, float(np.ptp(face.points[:, 0])))
        mixed = area + (drawn - area) * mask[..., np.newaxis]
        area[inside] = np.round(mixed).clip(0, 255).astype(np.uint8)[inside]
        return True

    def _mask(self, cover: Cover, places: Map, face: Face) -> Coverage:
        mask = _taken(self._donor.mask, places, cv2.INTER_LINEAR)
        apart = float(np.clip((face.mouth_gap - _LIPS_APART[0]) / (_LIPS_APART[1] - _LIPS_APART[0]), 0, 1))
        if apart > 0:
            mask = mask * (1 - apart * _mouth(cover, face))
        return mask

    def _front(self, picture: Picture, face: Face) -> Coverage:
        """Return the coverage of objects in front of the new face: hair, glasses, things, hands, and whatever is not a person."""
        front = np.maximum(hair_in_front(picture, face), self._people.beside(picture, face))
        hands = self._hands.of(picture, face)
        return front if hands is None else np.maximum(front, hands.mask)

    def _lit(self, places: Map, gain: Any, width: float) -> Any:
        """Return the donor's face at these positions, with the light `gain`."""
        texture, scale = self._donor.texture_for(width)
        face = _taken(texture, (places + 0.5) * np.float32(scale) - 0.5, cv2.INTER_CUBIC).astype(np.float32)
        light = self._donor.light
        small = (places + 0.5) * np.float32(light.scale) - 0.5 - np.array([light.cover.left, light.cover.top], np.float32)
        gains = _taken(gain, small, cv2.INTER_LINEAR, cv2.BORDER_REPLICATE)
        return cv2.exp(cv2.log(np.maximum(face + DARK, 1.0)) * gains[..., 3:] + gains[..., :3]) - DARK


def _taken(source: Any, places: Map, method: int, border: int = cv2.BORDER_CONSTANT) -> Any:
    nothing: Any = None
    return cv2.remap(source, np.ascontiguousarray(places), nothing, method, borderMode=border)


def _mouth(cover: Cover, face: Face) -> Coverage:
    """Return the coverage of the clip's own mouth between the lips."""
    outline = face.points[list(points.INNER_UPPER_LIP + points.INNER_LOWER_LIP[-2:0:-1]), :2]
    mask: Any = np.zeros(cover.shape, np.uint8)
    placed = np.round((outline - [cover.left, cover.top]) * 16).astype(np.int32)
    cv2.fillPoly(mask, [placed], 255, lineType=cv2.LINE_AA, shift=4)
    soft = cv2.GaussianBlur(mask, (0, 0), max(0.6, 0.012 * float(np.ptp(face.points[:, 0]))))
    return (np.asarray(soft, np.float32) / 255).astype(np.float32)
