"""Drawing tools: palettes, noise, layers and blending brushes. Colours are RGB, 0 to 255, float32 while drawing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Field = NDArray[np.float32]
Colour = NDArray[np.float32]

_INVISIBLE = 0.012


def colour(red: float, green: float, blue: float) -> Colour:
    return np.array((red, green, blue), np.float32)


@dataclass(frozen=True, eq=False)
class Palette:
    """The colours of a scene's light.

    Args:
        zenith, upper, horizon: the sky from top to bottom.
        light: colour of the sun or the moon and of lit surfaces.
        near: colour of the nearest ground.
        height: height of the light source, 0 at the horizon, 1 at the top.
        lamps: fraction of lit windows, 0 to 1.
    """

    zenith: Colour
    upper: Colour
    horizon: Colour
    light: Colour
    near: Colour
    height: float
    lamps: float
    clouds: float = 0.5
    disc: bool = True

    def at(self, depth: float) -> Colour:
        """Return the colour of ground at a depth: 0 is far and hazy, 1 is near."""
        return mix(self.horizon * 0.86 + self.upper * 0.1, self.near, depth**0.8)


PALETTES: dict[str, Palette] = {
    "day": Palette(colour(58, 116, 186), colour(132, 182, 222), colour(238, 236, 218), colour(255, 247, 220),
                   colour(36, 66, 54), 0.72, 0.06, 0.75),
    "golden": Palette(colour(92, 118, 150), colour(206, 186, 152), colour(255, 224, 160), colour(255, 236, 178),
                      colour(72, 44, 26), 0.34, 0.12, 0.55),
    "dawn": Palette(colour(66, 76, 130), colour(186, 140, 162), colour(255, 214, 172), colour(255, 234, 196),
                    colour(44, 42, 66), 0.12, 0.25, 0.6),
    "sunset": Palette(colour(44, 42, 92), colour(190, 84, 96), colour(255, 172, 98), colour(255, 222, 150),
                      colour(32, 22, 44), 0.09, 0.45, 0.7),
    "dusk": Palette(colour(26, 36, 82), colour(92, 88, 146), colour(232, 158, 146), colour(255, 206, 176),
                    colour(20, 22, 46), 0.02, 0.6, 0.5),
    "night": Palette(colour(7, 12, 34), colour(20, 36, 78), colour(62, 90, 130), colour(232, 238, 250),
                     colour(6, 10, 24), 0.66, 0.6, 0.35),
    "storm": Palette(colour(44, 52, 64), colour(92, 102, 112), colour(164, 168, 162), colour(214, 218, 214),
                     colour(24, 30, 36), 0.5, 0.35, 1.0, disc=False),
    "winter": Palette(colour(126, 152, 190), colour(188, 206, 228), colour(246, 240, 238), colour(255, 250, 240),
                      colour(70, 88, 116), 0.3, 0.3, 0.5),
    "mist": Palette(colour(146, 162, 168), colour(190, 200, 198), colour(230, 230, 220), colour(255, 250, 236),
                    colour(56, 70, 72), 0.36, 0.2, 0.3),
}  # fmt: skip


@dataclass(frozen=True, eq=False)
class Layer:
    """One painted layer of a scene, cropped to its visible part.

    Args:
        rgb: uint8, [height, width, 3].
        alpha: float32 0 to 1, [height, width]; None if everything is covered.
        depth: 0 does not move with the camera, 1 is nearest.
        canvas: width and height of the canvas that it was cropped from.
        left, top: position of its corner on that canvas.
        solid: first row from which everything below is covered across the whole width.
    """

    rgb: NDArray[np.uint8]
    alpha: Field | None
    depth: float
    canvas: tuple[int, int]
    left: int = 0
    top: int = 0
    solid: int = 0


def mix(one: Colour, other: Colour, share: float) -> Colour:
    """Return a linear mix of two colours: `one` at a share of 0, `other` at 1."""
    return one * (1 - share) + other * share


def smooth(values: Field) -> Field:
    """Return values of 0 to 1 through a smoothstep, eased at both ends."""
    bounded = np.clip(values, 0, 1)
    return bounded * bounded * (3 - 2 * bounded)


def outline(length: int, first: int, octaves: int, chance: np.random.Generator, rough: float = 0.5) -> Field:
    """Return the outline of hills, about -1 to 1; the coarsest octave has `first` bumps."""
    line, strength = np.zeros(length, np.float32), 1.0
    for octave in range(octaves):
        points = chance.normal(size=(1, first * 2**octave + 3)).astype(np.float32)
        line += strength * cv2.resize(points, (length, 1), interpolation=cv2.INTER_CUBIC)[0]
        strength *= rough
    return np.asarray(line / max(1e-6, float(np.abs(line).max())), np.float32)


def clouds(size: tuple[int, int], cells: tuple[int, int], octaves: int, chance: np.random.Generator) -> Field:
    """Return smooth noise, about -1 to 1, [height, width]; `cells` is the number of coarsest cells in height and width."""
    width, height = size
    field = np.zeros((height, width), np.float32)
    for octave in range(octaves):
        lumps = chance.normal(size=(cells[0] * 2**octave, cells[1] * 2**octave)).astype(np.float32)
        field += cv2.resize(lumps, size, interpolation=cv2.INTER_CUBIC) * 0.52**octave
    return np.asarray(field / 1.6, np.float32)


def polygon(mask: Field, points: Sequence[tuple[float, float]], value: float = 1.0) -> None:
    """Fill an anti-aliased polygon in a mask of 0 to 1; points are x, y in pixels."""
    fixed = np.round(np.array(points, np.float64) * 16).astype(np.int32)
    cv2.fillPoly(mask, [fixed], value, cv2.LINE_AA, shift=4)


def polygons(mask: Field, shapes: Sequence[NDArray[np.float64]]) -> None:
    """Fill many shapes, each [points, 2], one by one: filled together, their overlaps would be holes."""
    for shape in shapes:
        cv2.fillPoly(mask, [np.round(shape * 16).astype(np.int32)], 1.0, cv2.LINE_AA, shift=4)


def lay(rgb: Field, mask: Field, tint: Colour | Field, strength: float = 1.0) -> None:
    """Blend a colour or a picture over `rgb` by a mask."""
    rows = np.flatnonzero(mask.any(1))
    if not len(rows):
        return
    tall = slice(int(rows[0]), int(rows[-1]) + 1)
    columns = np.flatnonzero(mask[tall].any(0))
    wide = slice(int(columns[0]), int(columns[-1]) + 1)
    share = (mask[tall, wide] * strength)[..., np.newaxis]
    part = rgb[tall, wide]
    part += (tint[tall, wide] - part if tint.ndim == 3 and len(tint) == len(rgb) else _over(tint, part, wide)) * share


def _over(tint: Colour | Field, part: Field, wide: slice) -> Field:
    """Return the difference from `part` to the tint, which is one colour or one for each column."""
    return (tint[:, wide] if tint.ndim == 3 and tint.shape[1] > 1 else tint) - part


_DARK = 6.9
"""A glow's exponent at which it is a thousandth of its middle, and is left out."""


def glow(size: tuple[int, int], x: float, y: float, radius: float, power: float = 1.1) -> Field:
    """Return light that falls off around a point, 1 at its centre, [height, width]."""
    width, height = size
    lit = np.zeros((height, width), np.float32)
    reach = radius * _DARK ** (1 / power)
    left, right = max(0, int(x - reach)), min(width, int(x + reach) + 2)
    top, low = max(0, int(y - reach)), min(height, int(y + reach) + 2)
    if right > left and low > top:
        across = (np.arange(left, right, dtype=np.float32) - x) / radius
        down = (np.arange(top, low, dtype=np.float32) - y) / radius
        lit[top:low, left:right] = np.exp(-((across[None] ** 2 + down[:, None] ** 2) ** (power / 2)))
    return lit


def disc(size: tuple[int, int], x: float, y: float, radius: float) -> Field:
    width, height = size
    across, down = np.arange(width, dtype=np.float32) - x, np.arange(height, dtype=np.float32) - y
    return np.asarray(np.clip(radius - np.sqrt(across[None] ** 2 + down[:, None] ** 2) + 0.5, 0, 1), np.float32)


def finished(rgb: Field, alpha: Field | None, depth: float, grain: Field) -> Layer:
    """Return a layer of what was painted, with a little grain against banding in wide gradients."""
    tall, wide = rgb.shape[:2]
    if alpha is None:
        return Layer(_grained(rgb, grain), None, depth, (wide, tall))
    shows = alpha > _INVISIBLE
    rows, columns = np.flatnonzero(shows.any(1)), np.flatnonzero(shows.any(0))
    if not len(rows):
        return Layer(np.zeros((1, 1, 3), np.uint8), np.zeros((1, 1), np.float32), depth, (wide, tall))
    down, across = slice(int(rows[0]), int(rows[-1]) + 1), slice(int(columns[0]), int(columns[-1]) + 1)
    part = np.ascontiguousarray(alpha[down, across])
    covered = across == slice(0, wide) and down.stop == tall
    open_rows = np.flatnonzero(part.min(1) <= 0.996)
    solid = (int(open_rows[-1]) + 1 if len(open_rows) else 0) if covered else len(part)
    return Layer(_grained(rgb[down, across], grain[down, across]), part, depth, (wide, tall), across.start, down.start, solid)


def _grained(rgb: Field, grain: Field) -> NDArray[np.uint8]:
    grained = rgb + grain[..., np.newaxis]
    return np.clip(grained, 0, 255, out=grained).astype(np.uint8)
