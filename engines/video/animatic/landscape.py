"""Sky, hills, water and trees as painted layers."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor, Future
from functools import wraps
from typing import Concatenate, ParamSpec

import cv2
import numpy as np

from engines.video.animatic.canvas import (
    PALETTES,
    Colour,
    Field,
    Layer,
    Palette,
    clouds,
    disc,
    finished,
    glow,
    lay,
    mix,
    outline,
    polygons,
    smooth,
)
from engines.video.animatic.scene import ShotScene

Given = ParamSpec("Given")
Begun = Future[Layer]
"""A layer that is being painted."""


class Canvas:
    """The size, light and grain that all layers of a scene share, and the thread pool that draws them.

    `unit` is one pixel at a height of 864, so that the result looks alike at every size; the horizon and the position of the
    light are those of the scene.
    """

    def __init__(self, scene: ShotScene, width: int, height: int, hands: Executor) -> None:
        self.scene, self.width, self.height, self.hands = scene, width, height, hands
        self.palette: Palette = PALETTES[scene.mood]
        self.unit = min(width, height) / 864
        place = scene.chance("light")
        self.horizon = height * (0.60 if scene.place in ("sea", "lake", "desert") else 0.66)
        self.light_x = width * float(place.uniform(0.3, 0.7))
        self.light_y = self.horizon * (1 - self.palette.height * float(place.uniform(0.9, 1.08))) - 18 * self.unit
        self.grain = place.normal(0, 1.3, (height, width)).astype(np.float32)
        self.down = np.arange(height, dtype=np.float32)[:, None]

    @property
    def size(self) -> tuple[int, int]:
        return self.width, self.height

    def empty(self) -> tuple[Field, Field]:
        """Return a black picture and its mask."""
        return np.zeros((self.height, self.width, 3), np.float32), np.zeros((self.height, self.width), np.float32)

    def layer(self, rgb: Field, mask: Field | None, depth: float) -> Layer:
        return finished(rgb, mask, depth, self.grain)


def brush(paint: Callable[Concatenate[Canvas, Given], Layer]) -> Callable[Concatenate[Canvas, Given], Begun]:
    """Decorate a function that draws one layer so that it starts in the pool and returns at once.

    Each layer has its own random generator, by name, and reads no other layer.
    """

    @wraps(paint)
    def begun(canvas: Canvas, /, *given: Given.args, **named: Given.kwargs) -> Begun:
        return canvas.hands.submit(paint, canvas, *given, **named)

    return begun


@brush
def sky(canvas: Canvas) -> Layer:
    """Draw a gradient, glow, clouds lit from the side of the light, stars, and the sun or moon."""
    palette, chance = canvas.palette, canvas.scene.chance("sky")
    rise = np.clip(canvas.down / canvas.horizon, 0, 1)
    low = smooth((rise - 0.35) / 0.65)[..., None]
    high = smooth(rise / 0.55)[..., None]
    column = (palette.zenith * (1 - high) + palette.upper * high) * (1 - low) + palette.horizon * low
    rgb = np.broadcast_to(column, (canvas.height, canvas.width, 3)).astype(np.float32).copy()
    spread = canvas.unit * (330 if palette.disc else 520)
    halo = glow(canvas.size, canvas.light_x, canvas.light_y, spread)
    lay(rgb, halo, palette.light, 0.62 if palette.disc else 0.25)
    if canvas.scene.mood == "night":
        _stars(rgb, canvas, chance)
    if palette.disc:
        radius = canvas.unit * (36 if palette.height > 0.5 else 50)
        lay(rgb, disc(canvas.size, canvas.light_x, canvas.light_y, radius), palette.light * 0.4 + 255 * 0.6)
        if canvas.scene.mood == "night":
            _craters(rgb, canvas, radius)
    _cloud_banks(rgb, canvas, halo, chance)
    return canvas.layer(rgb, None, 0.0)


def _stars(rgb: Field, canvas: Canvas, chance: np.random.Generator) -> None:
    lights = np.zeros_like(rgb)
    for _ in range(round(420 * canvas.width / canvas.height / 1.78)):
        x, y = int(chance.integers(canvas.width)), int(chance.random() ** 1.5 * canvas.horizon)
        bright = float(chance.uniform(70, 235)) * (1 - 0.5 * y / canvas.horizon)
        cv2.circle(lights, (x, y), 1 if chance.random() < 0.86 else 2, (bright + 10, bright + 14, bright + 20), -1, cv2.LINE_AA)
    np.maximum(rgb, lights, out=rgb)


def _craters(rgb: Field, canvas: Canvas, radius: float) -> None:
    for dx, dy, share in ((-0.3, -0.2, 0.3), (0.25, 0.15, 0.24), (-0.05, 0.42, 0.16), (0.35, -0.35, 0.13)):
        spot = glow(canvas.size, canvas.light_x + dx * radius, canvas.light_y + dy * radius, share * radius, 3)
        rgb -= spot[..., None] * 26


def _cloud_banks(rgb: Field, canvas: Canvas, halo: Field, chance: np.random.Generator) -> None:
    palette, small, half = canvas.palette, (canvas.width // 3, canvas.height // 3), (canvas.width // 2, canvas.height // 2)
    wide = max(3, round(3 * canvas.width / canvas.height))
    field = clouds(small, (6, wide), 6, chance)
    cover = cv2.resize(field, half, interpolation=cv2.INTER_CUBIC)  # clouds are soft: half the size is enough for them
    shifted = np.roll(cover, (round(5 * canvas.unit), round(-3 * canvas.unit)), (0, 1))
    down = np.arange(half[1], dtype=np.float32)[:, None] * np.float32(canvas.height / half[1] / canvas.horizon)
    band = smooth(1.15 - down) * (0.45 + 0.55 * smooth(down / 0.25))
    thick = smooth((cover - np.float32(0.62 - (1.1 if palette.clouds >= 1 else 0.62) * palette.clouds)) / 0.9) * band
    lit = np.clip(0.5 + (cover - shifted) * 1.4, 0, 1)[..., None]
    dark = mix(palette.upper, palette.zenith, 0.35) * (0.86 if canvas.scene.mood == "storm" else 0.96)
    bright = mix(palette.horizon, palette.light, 0.6) if canvas.scene.mood != "night" else palette.horizon * 1.05
    tint = (dark + (bright - dark) * lit).astype(np.float32)
    tint += (palette.light - tint) * (cv2.resize(halo, half, interpolation=cv2.INTER_AREA) * 0.5)[..., None]
    tint, thick = (cv2.resize(one, canvas.size, interpolation=cv2.INTER_LINEAR) for one in (tint, thick.astype(np.float32)))
    lay(rgb, thick, tint, 0.85 if canvas.scene.mood != "night" else 0.4)


@brush
def ridge(
    canvas: Canvas, name: str, base: float, swing: float, depth: float, *, bumps: int = 3, rough: float = 0.5,
    tint: Colour | None = None, snow: float = 0.0,
) -> Layer:  # fmt: skip
    """Draw land from side to side that fades into haze towards its foot.

    Args:
        base, swing: height of the crest and its variation, in fractions of the frame's height.
        snow: extent of the snow below the peaks, in the same unit.
    """
    chance = canvas.scene.chance(name)
    crest = ((base - swing * outline(canvas.width, bumps, 7, chance, rough)) * canvas.height).astype(np.float32)
    rgb, mask = canvas.empty()
    seen = slice(min(canvas.height - 1, max(0, int(crest.min()) - 1)), None)  # above it there is nothing of this land
    below = canvas.down[seen] - crest[None]
    mask[seen] = np.clip(below + 0.5, 0, 1)
    body = (canvas.palette.at(depth) if tint is None else tint).astype(np.float32)
    fall = 0.75 * np.clip(below / np.float32(0.34 * canvas.height), 0, 1)[..., None]
    haze = canvas.palette.at(max(0.0, depth - 0.3)).astype(np.float32)
    land = rgb[seen]
    land[:] = (haze - body) * fall
    land += body
    edge = np.exp(below.clip(0) / np.float32(-9 * canvas.unit))
    away = np.abs(np.arange(canvas.width, dtype=np.float32) - np.float32(canvas.light_x)) / np.float32(0.6 * canvas.width)
    edge *= np.clip(1 - away, 0, 1)[None] * np.float32(0.28 * (1 - 0.5 * depth))
    land += (canvas.palette.light.astype(np.float32) - land) * edge[..., None]
    if snow:
        rough_edge = clouds(canvas.size, (10, 18), 5, chance) * 0.5 + 0.5
        reach = (canvas.down - crest.min()) / (snow * canvas.height) + rough_edge * 0.7
        white = mix(canvas.palette.light, canvas.palette.upper, 0.25)
        lay(rgb, np.asarray(smooth(1.25 - reach), np.float32), white, 0.85)
    return canvas.layer(rgb, mask, depth)


@brush
def ground(canvas: Canvas, base: float, depth: float = 1.0, *, grass: bool = True) -> Layer:
    """Draw the nearest land, with blades of grass on its crest."""
    chance = canvas.scene.chance("ground")
    crest = (base - 0.045 * outline(canvas.width, 2, 5, chance)) * canvas.height
    mask = np.clip(canvas.down - crest[None] + 0.5, 0, 1).astype(np.float32)
    if grass:
        blades = []
        for x in chance.uniform(0, canvas.width, round(canvas.width / (2.4 * canvas.unit))):
            foot, tall = float(crest[int(x) % canvas.width]) + 3, canvas.unit * float(chance.uniform(8, 34))
            lean, thick = tall * float(chance.normal(0, 0.35)), canvas.unit * 1.6
            blades.append(np.array([(x - thick, foot), (x + thick, foot), (x + lean, foot - tall)]))
        polygons(mask, blades)
    body = canvas.palette.at(depth) * (0.8 if canvas.scene.mood != "winter" else 1.0)
    if canvas.scene.mood == "winter":
        body = mix(canvas.palette.upper, canvas.palette.light, 0.55)
    shade = np.clip((canvas.down - canvas.height * base) / (0.3 * canvas.height), 0, 1)[..., None]
    rgb = np.broadcast_to(body * (1 - 0.35 * shade), (canvas.height, canvas.width, 3)).astype(np.float32).copy()
    return canvas.layer(rgb, mask, depth)


@brush
def trees(canvas: Canvas, name: str, base: float, tall: float, depth: float, count: int) -> Layer:
    """Draw a stand of conifers, taller ones between smaller, on a soft line of land."""
    chance = canvas.scene.chance(name)
    line = (base - 0.03 * outline(canvas.width, 2, 4, chance)) * canvas.height
    shapes: list[np.ndarray] = []
    for x in np.sort(chance.uniform(-0.03, 1.03, count) * canvas.width):
        foot = float(line[min(canvas.width - 1, max(0, int(x)))]) + 6
        shapes += _conifer(x, foot, tall * canvas.height * float(chance.uniform(0.55, 1.2)), chance)
    mask = np.clip(canvas.down - line[None] + 0.5, 0, 1).astype(np.float32)
    polygons(mask, shapes)
    body, haze = canvas.palette.at(depth) * 0.9, canvas.palette.at(max(0.0, depth - 0.35))
    fall = smooth((canvas.down - (base - tall) * canvas.height) / (1.35 * tall * canvas.height))[..., None]
    rgb = np.broadcast_to(body * (1 - 0.55 * fall) + haze * (0.55 * fall), (canvas.height, canvas.width, 3))
    painted = rgb.astype(np.float32).copy()
    if canvas.scene.mood == "winter" or canvas.scene.weather == "snow":
        dust = smooth(clouds(canvas.size, (26, 40), 4, chance) * 1.3)
        lay(painted, dust, mix(canvas.palette.light, canvas.palette.upper, 0.3), 0.6)
    return canvas.layer(painted, mask, depth)


def _conifer(x: float, foot: float, tall: float, chance: np.random.Generator) -> list[np.ndarray]:
    half, tiers = tall * float(chance.uniform(0.13, 0.19)), 7
    left, right = [], []
    for tier in range(tiers):
        share = tier / tiers
        y, wide = foot - tall * (0.08 + 0.9 * share), half * (1 - share) ** 0.85
        left += [(x - wide * float(chance.uniform(0.85, 1.15)), y), (x - wide * 0.45, y - tall * 0.035)]
        right += [(x + wide * float(chance.uniform(0.85, 1.15)), y), (x + wide * 0.45, y - tall * 0.035)]
    trunk = tall * 0.016
    crown = np.array([*left, (x, foot - tall), *reversed(right)])
    return [
        crown,
        np.array([(x - trunk, foot + 4), (x + trunk, foot + 4), (x + trunk, foot - tall * 0.2), (x - trunk, foot - tall * 0.2)]),
    ]


@brush
def water(canvas: Canvas, depth: float = 0.3) -> Layer:
    """Draw water from the horizon down: the reflected sky, ripples that widen, and the path of the light."""
    palette, chance = canvas.palette, canvas.scene.chance("water")
    near = np.clip((canvas.down - canvas.horizon) / (canvas.height - canvas.horizon), 0, 1)
    column = palette.horizon * 0.82 * (1 - near[..., None]) + mix(palette.upper, palette.zenith, 0.6) * 0.72 * near[..., None]
    rgb = np.broadcast_to(column, (canvas.height, canvas.width, 3)).astype(np.float32).copy()
    ripple = _ripples(canvas, near, chance)
    rgb += ripple[..., None] * (10 + 16 * near[..., None])
    width = canvas.unit * (26 + 300 * near)
    path = np.exp(-(((np.arange(canvas.width)[None] - canvas.light_x) / width) ** 2))
    sparkle = np.clip(0.35 + 1.5 * ripple, 0, 1) * path * (0.95 if palette.disc else 0.3)
    lay(rgb, np.asarray(sparkle, np.float32), palette.light, 0.85)
    mask = np.clip(canvas.down - canvas.horizon + 0.5, 0, 1) * np.ones((1, canvas.width), np.float32)
    return canvas.layer(rgb, np.asarray(mask, np.float32), depth)


def _ripples(canvas: Canvas, near: Field, chance: np.random.Generator) -> Field:
    """Return noise, stretched horizontally and foreshortened towards the horizon."""
    flat = clouds((max(8, canvas.width // 2), 512), (90, 5), 4, chance)
    rows = (np.clip(near[:, 0], 0, 1) ** 0.42 * 511).astype(np.float32)
    across = np.tile(np.linspace(0, flat.shape[1] - 1, canvas.width, dtype=np.float32), (canvas.height, 1))
    down = np.tile(rows[:, None], (1, canvas.width))
    return np.asarray(cv2.remap(flat, across, down, cv2.INTER_LINEAR), np.float32)
