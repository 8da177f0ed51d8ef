"""The inside of the mouth: the picture's own teeth if it shows some, otherwise painted ones that match its light and colour."""

from __future__ import annotations

from functools import cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from engines.analysis import mesh_points as points
from engines.faces.common.face_frame import FaceFrame
from engines.faces.common.warp import WarpRegion
from media.video.read import Picture

_COLUMNS, _ROWS = 256, 192
_LEFT, _TOP, _PER_SIDE, _PER_UNIT = 1.25, 0.25, 102.4, 192.0
"""The painted layers reach from -1.25 to 1.25 in corners of the mouth, and from -0.25 to 0.75 mouth widths down."""

_OF_WHITE = 0.82
"""How bright teeth are beside what of the same light the skin of the cheeks throws back best, which is mostly the red."""
_IVORY = np.array([1.05, 1.0, 0.92], np.float32)
_USUAL_SKIN = np.array([1.22, 0.95, 0.83], np.float32)
"""Colours of teeth and of skin in white light, beside their grey; what a skin differs by is half the light's and half its own."""

Colour = NDArray[Any]


class MouthInside:
    """Paints the mouth of one face; constructed once for a picture, and repeatedly for a video.

    Args:
        frame: of the face in `picture`.
    """

    def __init__(self, picture: Picture, frame: FaceFrame) -> None:
        skin = _patch(picture, frame.flat[list(points.CHEEKS)], 0.12 * frame.unit)
        light = float(skin.mean())
        spread = float(skin.max() - skin.min()) / max(1.0, float(skin.max()))
        colourful = float(np.clip(spread / 0.22, 0, 1))
        self._own = frame.gap
        teeth = _own_teeth(picture, frame) if frame.gap > 0.07 else None
        if teeth is None:
            teeth = _painted_teeth(skin)
        self._teeth = np.minimum(_muted(teeth, colourful), 236)
        self._flesh = _muted(light * np.array([0.70, 0.34, 0.32], np.float32), colourful)
        self._dark = _muted(light * np.array([0.25, 0.10, 0.09], np.float32), colourful)
        right = _patch(picture, frame.flat[[205]], 0.15 * frame.unit).mean()
        left = _patch(picture, frame.flat[[425]], 0.15 * frame.unit).mean()
        self._slope = float(np.clip((left - right) / max(1.0, left + right), -0.45, 0.45))
        self._grain = _grain(picture, frame)

    def paint(self, region: WarpRegion, picture: Picture, frame: FaceFrame, corners: NDArray, lip: NDArray, jaw: float) -> Colour:
        """Return colours [height, width, 3] for the whole region, valid inside the mouth.

        Args:
            picture, frame: the original frame, for its own teeth.
            corners: pixels of the mouth's right and left corner in the result.
            lip: pixel of the middle of the upper lip's inner edge at rest; the upper teeth are fixed relative to it.
            jaw: how far the lower jaw has moved down since, in mouth widths.
        """
        xs, ys = np.meshgrid(
            np.arange(region.left, region.right, dtype=np.float32), np.arange(region.top, region.bottom, dtype=np.float32)
        )
        dx, dy = (xs - lip[0]) / frame.unit, (ys - lip[1]) / frame.unit
        u, down = dx * frame.along[0] + dy * frame.along[1], dx * frame.down[0] + dy * frame.down[1]
        reach = [float((corner - lip) @ frame.along) / frame.unit for corner in corners]
        side = np.where(u < 0, u / max(0.12, -reach[0]), u / max(0.12, reach[1])).astype(np.float32)
        upper = _sampled(_upper_teeth(), side, down)
        lower = _sampled(_tongue(), side, down - jaw)
        depth = np.clip(down / 0.35, 0, 1)[..., np.newaxis]
        colour = self._dark * (1.15 - 0.55 * np.exp(-(((depth - 0.55) / 0.35) ** 2)))
        colour = colour + (self._flesh * (0.35 + 0.65 * lower[..., 1:]) - colour) * lower[..., :1]
        colour = colour + (self._teeth * upper[..., 1:] - colour) * upper[..., :1]
        lit = (1 + self._slope * np.clip(side, -1, 1)) * (1 - 0.42 * np.clip(np.abs(side) - 0.35, 0, 1))
        colour = colour * lit[..., np.newaxis] + self._noise(side.shape)
        return self._with_own(colour, region, picture, frame)

    def _with_own(self, colour: Colour, region: WarpRegion, picture: Picture, frame: FaceFrame) -> Colour:
        shown = float(np.clip((frame.gap - 0.06) / 0.05, 0, 1))
        if shown <= 0:
            return colour
        outline = frame.flat[list(points.INNER_UPPER_LIP + points.INNER_LOWER_LIP[-2:0:-1])]
        own = region.polygon(outline)
        reach = max(1, round(0.025 * frame.unit))
        own = cv2.GaussianBlur(cv2.erode(own, np.ones((reach, reach), np.uint8)), (0, 0), max(0.6, 0.02 * frame.unit)) * shown
        return colour + (region.of(picture) - colour) * own[..., np.newaxis]

    def _noise(self, shape: tuple[int, ...]) -> Colour:
        """Return noise like the picture's, so that painted parts are not smoother than the rest; it is constant over time."""
        grain = np.random.default_rng(7).normal(0, self._grain, shape).astype(np.float32)
        return cv2.GaussianBlur(grain, (0, 0), 0.7)[..., np.newaxis] * 1.6


@cache
def _axes() -> tuple[Colour, Colour]:
    x = (np.arange(_COLUMNS, dtype=np.float32) + 0.5) / _PER_SIDE - _LEFT
    y = (np.arange(_ROWS, dtype=np.float32) + 0.5) / _PER_UNIT - _TOP
    grid = np.meshgrid(x, y)
    return grid[0], grid[1]


@cache
def _upper_teeth() -> Colour:
    """Return coverage and shade of the upper row: an arch with soft gaps, in shadow under the lip and at the sides."""
    x, y = _axes()
    widths = np.array([0.0, 0.27, 0.47, 0.64, 0.78])
    nearest = np.min([np.abs(np.abs(x) - gap) for gap in widths], axis=0)
    number = np.searchsorted(widths, np.abs(x)) - 1
    middle = (widths[np.clip(number, 0, 3)] + widths[np.clip(number + 1, 1, 4)]) / 2
    round_off = 0.018 * np.clip((np.abs(np.abs(x) - middle) / 0.12), 0, 1.2) ** 2
    edge = 0.088 - 0.030 * x**2 - round_off - 0.008 * (number == 1)
    cover = np.clip((edge - y) / 0.014, 0, 1) * np.clip((0.86 - np.abs(x)) / 0.22, 0, 1)
    shade = (
        (1 - 0.38 * x**2) * (0.68 + 0.32 * np.clip((y + 0.035) / 0.085, 0, 1)) * (1 - 0.11 * np.exp(-((nearest / 0.016) ** 2)))
    )
    return np.dstack([cover, shade]).astype(np.float32)


@cache
def _tongue() -> Colour:
    """Return coverage and shade of the tongue behind the lower lip."""
    x, y = _axes()
    top = -0.13 + 0.14 * x**2
    cover = np.clip((y - top) / 0.07, 0, 1) * np.clip((0.80 - np.abs(x)) / 0.25, 0, 1)
    shade = np.clip(0.55 + 0.9 * (y - top), 0.3, 1) * (1 - 0.22 * np.exp(-((x / 0.07) ** 2)))
    return np.dstack([cover, shade]).astype(np.float32)


def _painted_teeth(skin: Colour) -> Colour:
    """Return the colour of teeth in the light of the skin, without the skin's red."""
    grey = max(1.0, float(skin.mean()))
    bright = max(grey, _OF_WHITE * float(skin.max()))
    return np.asarray(bright * _IVORY * (np.maximum(skin, 1.0) / grey / _USUAL_SKIN) ** 0.5, np.float32)


def _sampled(layer: Colour, side: Colour, down: Colour) -> Colour:
    x, y = (side + _LEFT) * _PER_SIDE - 0.5, (down + _TOP) * _PER_UNIT - 0.5
    sampled: Any = cv2.remap(layer, x, y.astype(np.float32), cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return sampled


def _muted(colour: Colour, colourful: float) -> Colour:
    """Return a colour with the saturation of the picture."""
    grey = colour.mean()
    return (grey + (colour - grey) * colourful).astype(np.float32)


def _patch(picture: Picture, centres: NDArray, radius: float) -> Colour:
    """Return the mean colour around points."""
    height, width = picture.shape[:2]
    reach = max(1, round(radius))
    means = []
    for x, y in centres:
        column, row = int(np.clip(x, 0, width - 1)), int(np.clip(y, 0, height - 1))
        part = picture[max(0, row - reach) : row + reach + 1, max(0, column - reach) : column + reach + 1]
        means.append(part.reshape(-1, 3).mean(axis=0))
    return np.mean(means, axis=0).astype(np.float32)


def _own_teeth(picture: Picture, frame: FaceFrame) -> Colour | None:
    """Return the brighter part of the inside of an open mouth; None if it is dark."""
    outline = frame.flat[list(points.INNER_UPPER_LIP + points.INNER_LOWER_LIP[-2:0:-1])]
    region = WarpRegion(outline.min(axis=0), outline.max(axis=0) + 1, picture.shape[1], picture.shape[0])
    inside = region.of(picture)[region.polygon(outline) > 0.9].astype(np.float32)
    if len(inside) < 12:
        return None
    light = inside.mean(axis=1)
    bright = inside[light >= np.percentile(light, 70)].mean(axis=0)
    spread = (bright.max() - bright.min()) / max(1.0, float(bright.max()))
    return bright if spread < 0.35 else None


def _grain(picture: Picture, frame: FaceFrame) -> float:
    """Return the standard deviation of the finest detail on the cheeks."""
    low = frame.flat[list(points.CHEEKS)].min(axis=0)
    high = frame.flat[list(points.CHEEKS)].max(axis=0) + 2
    skin = WarpRegion(low, high, picture.shape[1], picture.shape[0]).of(picture).astype(np.float32).mean(axis=2)
    fine = skin - cv2.GaussianBlur(skin, (0, 0), 1.2)
    return float(np.clip(1.4826 * np.median(np.abs(fine)), 0, 6))
