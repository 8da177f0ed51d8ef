"""Detection of objects in front of a face (hair, glasses, a microphone, a mask, a hand), and of the visibility of a mouth.

The silhouette of a person includes hair, hands and held objects, so it is no indication; colours are. A face has a few colours of
its own. Everything else that is within its outline and continues beyond it is an object in front. Eyes, brows and lips have other
colours too, but are islands in the skin.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from engines.analysis import mesh_points as points
from engines.analysis.landmarks import Face
from media.video.read import Picture

_WIDTH = 112
"""Pixels across the face of the small picture that is looked at."""
_ROOM = 0.16
"""Of its width, what is looked at around the face."""
_BARE = (
    (117, 118, 119, 100, 47, 126, 142, 36, 50), (346, 347, 348, 329, 277, 355, 371, 266, 280), (168, 193, 8, 417),
    (66, 69, 108, 151, 337, 299, 296, 9),
)  # fmt: skip
"""Below the eyes, between the brows and above them: skin, unless a mask, glasses or a fringe are there."""
_SEEDS = (50, 101, 118, 119, 205, 36, 280, 330, 347, 348, 425, 266, 5, 195, 197, 6, 168, 9, 151, 200, 199, 203, 423)
"""Points on the skin, from which it is followed into shade."""
_STEPS = (5, 3, 3)
"""How much the skin's lightness and colour change from one pixel to the next, at most, in levels."""
_SHADED = 20.0
"""How far the colour of the skin goes in shade, in levels."""
_WARM = 130.0
_FARTHEST = np.array([40.0, 8.0, 8.0], np.float32)
"""How far the light of one picture changes a skin against another's."""
_LOWER = (234, 93, 132, 58, 172, 136, 150, 149, 176, 148, 152, 377, 400, 378, 379, 365, 397, 288, 361, 323, 454, 5)
"""From ear to ear below the eyes."""
_COLOURS = 6
_SOME = 0.015
"""Of the lower face's pixels, that a colour of it has at least."""
_SPREAD = np.array([16.0, 5.5, 5.5], np.float32)
"""Lightness and the two colours of Lab, within which a colour is the same."""
_FOREIGN = 2.6
"""In those, how far a pixel lies from every colour of the face to be none of its own."""
_NOT_SKIN = 2.4
"""The same for the skin alone, where the face is not known from another picture."""
_LEAST = 0.012
"""Of the face's area; less is noise."""
_COVERED = 0.4
"""Of the lips, from which a mouth is left as it is."""
_FEATURES = (
    (points.RIGHT_BROW, 0.5), (points.LEFT_BROW, 0.5), (points.RIGHT_UPPER_LID + points.RIGHT_LOWER_LID[::-1], 0.5),
    (points.LEFT_UPPER_LID + points.LEFT_LOWER_LID[::-1], 0.5), (points.OUTER_UPPER_LIP + points.OUTER_LOWER_LIP[-2:0:-1], 0.1),
)  # fmt: skip
"""Brows, eyes and lips, and the share of what is around them from which they lie under something: frames of glasses pass by an
eye, but a microphone before the lips covers at least a fifth of what is around them."""
_OF_A_FEATURE, _AROUND_A_FEATURE = 0.045, 0.085
"""In widths of the face: lids and lashes, and what is around them."""
_PALE = 5.0
_OTHER = 3.2

Mask = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class InFront:
    """Objects in front of a face.

    Args:
        mask: [height, width] of the picture, 0 to 1.
        lips: 0 to 1, covered share of the lips.
    """

    mask: Mask
    lips: float

    def put_back(self, original: Picture, changed: Picture) -> None:
        """Bring what is in front over a picture that was drawn without it; in place."""
        there = self.mask > 0.5 / 255
        share = self.mask[there][:, np.newaxis]
        changed[there] = np.round(changed[there] * (1 - share) + original[there] * share).astype(np.uint8)

    def and_also(self, other: InFront | None) -> InFront:
        """Return both together."""
        return self if other is None else InFront(np.maximum(self.mask, other.mask), max(self.lips, other.lips))

    @property
    def covers_mouth(self) -> bool:
        return self.lips > _COVERED


class OwnColours:
    """The colours of one person's face, adapted to another picture's light by the skin below the eyes.

    Args:
        face: in `picture`, with nothing in front.
    """

    def __init__(self, picture: Picture, face: Face) -> None:
        small = _Small(picture, face)
        inside = small.lab[cv2.erode(small.polygon(_LOWER), _disc(round(0.05 * _WIDTH))) > 0]
        self._skin = small.skin
        criteria = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_MAX_ITER, 12, 0.5)
        cv2.setRNGSeed(7)
        labels: Any = None
        scaled = np.ascontiguousarray(inside / _SPREAD, np.float32)
        count = min(_COLOURS, max(1, len(scaled) // 8))
        _, labels, centres = cv2.kmeans(scaled, count, labels, criteria, 1, cv2.KMEANS_PP_CENTERS)
        self._centres = np.asarray(centres, np.float32)[np.bincount(np.ravel(labels), minlength=count) >= _SOME * len(scaled)]

    def in_front(self, picture: Picture, face: Face) -> InFront | None:
        """Return the objects in front of the lower half of the same face in another picture; None if there are none."""
        small = _Small(picture, face)
        lower, lips = small.polygon(_LOWER), small.polygon(points.OUTER_UPPER_LIP + points.OUTER_LOWER_LIP[-2:0:-1])
        light = np.clip(small.skin - self._skin, -_FARTHEST, _FARTHEST)
        away = _nearest((small.lab - light) / _SPREAD, self._centres)
        found = _reaching_outside((away > _FOREIGN**2).astype(np.uint8), lower, cv2.dilate(lips, _disc(round(0.08 * _WIDTH))))
        if found.sum() < _LEAST * (lower > 0).sum():
            return None
        return InFront(small.enlarged(found), float((found[lips > 0] > 0).mean()) if lips.any() else 0.0)


def mouth_is_covered(picture: Picture, face: Face) -> bool:
    """Return whether a mask or another object of one colour is at the mouth.

    No lips are distinguishable there, and the colour is neither that of skin nor of a beard, which is dark and uneven.
    """
    small = _Small(picture, face)
    flat = small.points
    outer = flat[list(points.OUTER_UPPER_LIP + points.OUTER_LOWER_LIP[-2:0:-1])]
    middle = outer.mean(axis=0)
    lips = small.area(outer)
    ring = small.area(middle + (outer - middle) * 1.8) * (1 - small.area(middle + (outer - middle) * 1.3))
    if min((lips > 0).sum(), (ring > 0).sum()) < 12:
        return False
    here, around = small.lab[lips > 0], small.lab[ring > 0]
    differs = np.linalg.norm((np.median(here, axis=0) - np.median(around, axis=0)) * [0.5, 1, 1])
    rough = float(np.linalg.norm(here.std(axis=0) * [0.5, 1, 1]))
    foreign = float(np.linalg.norm((np.median(around, axis=0) - small.skin) / _SPREAD))
    return bool(differs < _PALE and rough < _PALE and foreign > _OTHER)


def hair_in_front(picture: Picture, face: Face) -> Mask:
    """Return the coverage [height, width] of the picture, 0 to 1, by hair, glasses and objects in front of an unknown face.

    Areas of another colour than the skin that extend beyond the face are in front; a beard, which has the hair's colour and is
    below the nose, belongs to the face.
    """
    small = _Small(picture, face)
    oval = small.polygon(points.OVAL)
    skin, spread = small.skin, np.maximum(_SPREAD * [1.6, 1.15, 1.15], 2.0 * small.skin_spread)
    away = _nearest(small.lab / spread, (skin / spread)[np.newaxis])
    foreign = ((away > _NOT_SKIN**2) & (small.followed_skin() == 0)).astype(np.uint8)
    brows = np.vstack([small.lab[small.polygon(ids) > 0] for ids in (points.RIGHT_BROW, points.LEFT_BROW)])
    if len(brows):
        wide = 1.6 * _SPREAD
        bearded = _nearest(small.lab / wide, (np.median(brows, axis=0) / wide)[np.newaxis]) < _NOT_SKIN**2
        below = np.zeros_like(oval)
        below[int(small.points[points.NOSE_BASE, 1]) :] = 1
        foreign[bearded & (below > 0)] = 0
    reaching = _without_features(_reaching_outside(foreign, oval, oval), small)
    return small.enlarged(_reaching_outside(reaching, oval, oval))


def _nearest(colours: NDArray[Any], centres: NDArray[Any]) -> NDArray[np.float32]:
    """[height, width]: the squared distance of each pixel from the nearest centre."""
    flat = colours.reshape(-1, 3).astype(np.float32)
    centres = centres.astype(np.float32)
    squared = (flat * flat).sum(axis=1)[:, np.newaxis] - 2 * flat @ centres.T + (centres * centres).sum(axis=1)
    return np.asarray(squared.min(axis=1).reshape(colours.shape[:2]), np.float32)


def _without_features(found: NDArray[np.uint8], small: _Small) -> NDArray[np.uint8]:
    """Eyes, brows and lips that touch the frame of glasses, a strand or a shadow at the face's edge stay the face's, unless what
    is around them is in front as well: a fringe, a mask."""
    left = found.copy()
    for ids, most in _FEATURES:
        feature = small.polygon(ids)
        near, around = (cv2.dilate(feature, _disc(round(reach * _WIDTH))) > 0 for reach in (_OF_A_FEATURE, _AROUND_A_FEATURE))
        ring = around & ~near
        if ring.any() and found[ring].mean() < most:
            left[near] = 0
    return left


def _reaching_outside(foreign: NDArray[np.uint8], inside: NDArray[np.uint8], wanted: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The stretches of `foreign` that reach out of `inside` and into `wanted`."""
    opened = cv2.morphologyEx(cv2.morphologyEx(foreign, cv2.MORPH_CLOSE, _disc(1)), cv2.MORPH_OPEN, np.ones((2, 2), np.uint8))
    edge = cv2.dilate(inside, _disc(2)) - cv2.erode(inside, _disc(1))
    _, labels = cv2.connectedComponents(np.where(cv2.dilate(inside, _disc(2)) > 0, opened, 0).astype(np.uint8))
    reaching = np.intersect1d(labels[edge > 0], labels[(wanted > 0) & (inside > 0)])
    return np.isin(labels, reaching[reaching > 0]).astype(np.uint8)


class _Small:
    """The surroundings of a face, rotated upright and scaled to one size; colours in Lab."""

    def __init__(self, picture: Picture, face: Face) -> None:
        flat = face.points[:, :2].astype(np.float32)
        right, left = (flat[index] for index in points.OUTER_EYE_CORNERS)
        angle = float(np.arctan2(left[1] - right[1], left[0] - right[0]))
        turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]], np.float32)
        turned = flat @ turn.T
        scale = _WIDTH / max(1.0, float(np.ptp(turned[:, 0])))
        first = turned.min(axis=0) * scale - _ROOM * _WIDTH
        size = np.ceil(np.ptp(turned, axis=0) * scale + 2 * _ROOM * _WIDTH).astype(int)
        self._place = np.column_stack([turn * scale, -first]).astype(np.float32)
        self._shape = picture.shape[:2]
        self.points = turned * scale - first
        self.lab = cv2.cvtColor(self._taken(picture, face, scale, size), cv2.COLOR_RGB2LAB).astype(np.float32)
        self.skin, self.skin_spread = self._skin()

    def _taken(self, picture: Picture, face: Face, scale: float, size: NDArray[np.int_]) -> Picture:
        """The crop, made from the face's surroundings alone."""
        height, width = picture.shape[:2]
        reach = (1 + 3 * _ROOM) * face.height
        left, top = (int(np.clip(value - reach, 0, most - 1)) for most, value in zip((width, height), face.centre, strict=True))
        right, bottom = (int(np.clip(value + reach, 1, most)) for most, value in zip((width, height), face.centre, strict=True))
        part = picture[top : max(bottom, top + 1), left : max(right, left + 1)]
        self._part = (left, top, part.shape[1], part.shape[0])
        self._place[:, 2] += self._place[:, :2] @ np.array([left, top], np.float32)
        soft = part if scale >= 0.7 else cv2.GaussianBlur(part, (0, 0), 0.45 / scale)
        crop = cv2.warpAffine(soft, self._place, (int(size[0]), int(size[1])), borderMode=cv2.BORDER_REPLICATE)
        return np.asarray(cv2.GaussianBlur(crop, (0, 0), 0.8), np.uint8)

    def _skin(self) -> tuple[NDArray[Any], NDArray[Any]]:
        """Colour and spread of the skin: of the places that are surely skin, those that are warm, and of these the middle one."""
        places = [self.lab[self.polygon(ids) > 0] for ids in _BARE]
        places = [one for one in places if len(one) >= 6] or [self.lab.reshape(-1, 3)]
        warm = [one for one in places if np.median(one[:, 2]) > _WARM and np.median(one[:, 1]) > _WARM - 2] or places
        warm.sort(key=lambda one: float(np.median(one[:, 0])))
        colours = warm[len(warm) // 2]
        middle = np.median(colours, axis=0)
        return middle, 1.4826 * np.median(np.abs(colours - middle), axis=0)

    def followed_skin(self) -> NDArray[np.uint8]:
        """1 where skin is reached from its sure places without an edge: it may grow dark in shade, but does so gradually."""
        lab = np.clip(self.lab, 0, 255).astype(np.uint8)
        mask = np.pad(2 * (1 - self.polygon(points.OVAL)), 1, constant_values=2).astype(np.uint8)
        hue = np.abs(self.lab[..., 1:] - self.skin[1:]).max(axis=2)
        spread = np.maximum(_SPREAD * [1.6, 1.15, 1.15], 2.0 * self.skin_spread)
        for x, y in np.round(self.points[list(_SEEDS)]).astype(int):
            inside = 0 <= x < lab.shape[1] and 0 <= y < lab.shape[0]
            if inside and not mask[y + 1, x + 1] and np.linalg.norm((self.lab[y, x] - self.skin) / spread) < _NOT_SKIN:
                cv2.floodFill(lab, mask, (int(x), int(y)), (0, 0, 0), _STEPS, _STEPS, 4 | (1 << 8) | cv2.FLOODFILL_MASK_ONLY)
        return ((mask[1:-1, 1:-1] == 1) & (hue < _SHADED)).astype(np.uint8)

    def polygon(self, ids: tuple[int, ...]) -> NDArray[np.uint8]:
        return self.area(self.points[list(ids)])

    def area(self, outline: NDArray[Any]) -> NDArray[np.uint8]:
        """1 inside an outline."""
        mask: Any = np.zeros(self.lab.shape[:2], np.uint8)
        cv2.fillPoly(mask, [np.round(outline).astype(np.int32)], 1)
        return np.asarray(mask, np.uint8)

    def enlarged(self, found: NDArray[np.uint8]) -> Mask:
        """A mask of the small picture as one of the whole, its edge softened."""
        soft = cv2.GaussianBlur(cv2.dilate(found, np.ones((2, 2), np.uint8)).astype(np.float32), (0, 0), 0.8)
        left, top, width, height = self._part
        whole = np.zeros(self._shape, np.float32)
        whole[top : top + height, left : left + width] = cv2.warpAffine(
            soft, self._place, (width, height), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        )
        return whole


def _disc(reach: int) -> NDArray[np.uint8]:
    reach = max(1, reach)
    return np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1)), np.uint8)
