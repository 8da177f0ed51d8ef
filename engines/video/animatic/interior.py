"""A room with a window on the scene's sky, for shots indoors."""

from __future__ import annotations

import numpy as np

from engines.video.animatic.canvas import Colour, Field, Layer, colour, glow, lay, mix, polygon
from engines.video.animatic.landscape import Begun, Canvas, brush, ridge, sky

LAMP = colour(255, 196, 112)
Box = tuple[float, float, float, float]


def room(canvas: Canvas) -> list[Begun]:
    """Draw the view, the wall with its window, the furniture and nearby objects."""
    view = [sky(canvas), ridge(canvas, "view", 0.55, 0.06, 0.3), ridge(canvas, "view2", 0.6, 0.03, 0.55)]
    chance = canvas.scene.chance("room")
    left = canvas.width * float(chance.choice([0.2, 0.52]))
    high = 0.5 * canvas.height
    window = (left, 0.14 * canvas.height, min(0.3 * canvas.width, high * 0.8), high)
    lamp_x = canvas.width - left - 0.12 * canvas.width if left < canvas.width / 2 else 0.22 * canvas.width
    return [*view, _wall(canvas, window, lamp_x), _furniture(canvas, window, lamp_x), _near(canvas)]


@brush
def _wall(canvas: Canvas, window: Box, lamp_x: float) -> Layer:
    rgb, mask = canvas.empty()
    mask[:] = 1
    wall, floor = _indoors(canvas)
    rgb += wall
    stripes = (np.sin(np.arange(canvas.width) / (21 * canvas.unit)) > 0.2).astype(np.float32)
    rgb += stripes[None, :, None] * wall * 0.035
    foot = 0.8 * canvas.height
    rgb[round(foot) :] = floor
    for plank in np.linspace(-0.6, 1.6, 26):
        middle, shade = 0.5 * canvas.width, np.zeros((canvas.height, canvas.width), np.float32)
        near = middle + (plank - 0.5) * canvas.width * 1.7
        far = middle + (plank - 0.5) * canvas.width
        polygon(
            shade, [(far, foot), (far + 2 * canvas.unit, foot), (near + 4 * canvas.unit, canvas.height), (near, canvas.height)]
        )
        lay(rgb, shade, floor * 0.72)
    rgb[round(foot - 16 * canvas.unit) : round(foot)] = mix(wall, colour(255, 244, 226), 0.12)
    lay(rgb, glow(canvas.size, lamp_x, 0.44 * canvas.height, 0.52 * canvas.width), LAMP, 0.42 if _dim(canvas) else 0.14)
    _daylight(canvas, rgb, window, foot)
    _window(canvas, rgb, mask, window)
    return canvas.layer(rgb, mask, 0.45)


def _dim(canvas: Canvas) -> bool:
    return canvas.palette.lamps > 0.2


def _indoors(canvas: Canvas) -> tuple[Colour, Colour]:
    """Return the colours of wall and floor in this light."""
    share = 0.22 if canvas.scene.mood == "night" else 0.34 if _dim(canvas) else 0.62
    wall = mix(colour(38, 30, 38), mix(colour(176, 152, 130), canvas.palette.upper, 0.3), share)
    return wall, mix(wall * 0.7, colour(92, 58, 38), 0.5)


def _daylight(canvas: Canvas, rgb: Field, window: Box, foot: float) -> None:
    """Draw the light of the window on floor and wall."""
    x, y, wide, high = window
    lean = (0.5 * canvas.width - canvas.light_x) * 0.5 + 0.12 * canvas.width
    for part in (0.03, 0.53):
        shape = np.zeros(rgb.shape[:2], np.float32)
        a, b = x + wide * part, x + wide * (part + 0.44)
        polygon(shape, [(a + lean * 0.6, foot + 8), (b + lean * 0.6, foot + 8), (b + lean * 1.5, foot + 0.17 * canvas.height),
                        (a + lean * 1.5, foot + 0.17 * canvas.height)])  # fmt: skip
        lay(rgb, shape, canvas.palette.light, 0.3)
    spread = glow(canvas.size, x + wide / 2, y + high / 2, wide * 1.5)
    lay(rgb, spread, mix(canvas.palette.horizon, canvas.palette.light, 0.4), 0.3)


def _window(canvas: Canvas, rgb: Field, mask: Field, window: Box) -> None:
    x, y, wide, high = window
    frame = mix(colour(230, 218, 200), canvas.palette.near, 0.35 if not _dim(canvas) else 0.6)
    border, bar = 14 * canvas.unit, 5 * canvas.unit
    around = np.zeros_like(mask)
    polygon(around, _box((x - border, y - border, wide + 2 * border, high + 2 * border)))
    lay(rgb, around, frame)
    hole = np.zeros_like(mask)
    for column in (0, 1):
        for row in (0, 1, 2):
            polygon(hole, _box((x + column * wide / 2 + bar * column, y + row * high / 3 + bar * (row > 0),
                                wide / 2 - bar, high / 3 - bar)))  # fmt: skip
    mask -= hole
    sill = np.zeros_like(mask)
    polygon(sill, _box((x - 2.2 * border, y + high + border * 0.4, wide + 4.4 * border, 15 * canvas.unit)))
    lay(rgb, sill, frame * 1.06)
    mask[:] = np.maximum(mask, sill)
    cloth = mix(colour(132, 52, 48), canvas.palette.near, 0.35)
    fold = 0.82 + 0.18 * np.sin(np.arange(canvas.width) / (9 * canvas.unit))[None, :, None]
    for way, edge in ((-1, x - border), (1, x + wide + border)):
        curtain = np.zeros_like(mask)
        polygon(curtain, [(edge - way * 0.16 * wide, y - 2.4 * border), (edge + way * 0.3 * wide, y - 2.4 * border),
                          (edge + way * 0.26 * wide, y + high + 5 * border), (edge + way * 0.04 * wide, y + high + 5 * border),
                          (edge - way * 0.02 * wide, y + high * 0.55)])  # fmt: skip
        lay(rgb, curtain, (cloth * fold).astype(np.float32))
        mask[:] = np.maximum(mask, curtain)


@brush
def _furniture(canvas: Canvas, window: Box, lamp_x: float) -> Layer:
    """Draw a table with a lamp, books and a cup."""
    rgb, mask = canvas.empty()
    u, top = canvas.unit, 0.68 * canvas.height
    wood = mix(colour(86, 54, 36), canvas.palette.near, 0.45)
    rgb += wood
    x, wide = lamp_x - 190 * u, 400 * u
    polygon(mask, _box((x, top, wide, 17 * u)))
    for leg in (x + 22 * u, x + wide - 40 * u):
        polygon(
            mask, [(leg, top), (leg + 18 * u, top), (leg + 13 * u, 0.88 * canvas.height), (leg + 5 * u, 0.88 * canvas.height)]
        )
    for shape, tint in _on_the_table(u, lamp_x, top):
        part = np.zeros_like(mask)
        polygon(part, shape)
        lay(rgb, part, tint if tint is LAMP else mix(tint, canvas.palette.near, 0.3))
        mask[:] = np.maximum(mask, part)
    strength = 0.75 if _dim(canvas) else 0.2
    light = glow(canvas.size, lamp_x, top - 120 * u, 190 * u)
    lay(rgb, light, LAMP, 0.35 * strength)
    mask[:] = np.maximum(mask, light * 0.55 * strength)
    lay(rgb, light * (mask < 0.6), LAMP)
    return canvas.layer(rgb, mask, 0.7)


def _on_the_table(u: float, x: float, top: float) -> list[tuple[list[tuple[float, float]], Colour]]:
    brass, red, blue = colour(150, 116, 66), colour(140, 50, 44), colour(48, 78, 104)
    return [
        ([(x - 26 * u, top), (x + 26 * u, top), (x + 7 * u, top - 16 * u), (x - 7 * u, top - 16 * u)], brass),
        (_box((x - 4 * u, top - 92 * u, 8 * u, 80 * u)), brass),
        (
            [(x - 68 * u, top - 86 * u), (x + 68 * u, top - 86 * u), (x + 38 * u, top - 166 * u), (x - 38 * u, top - 166 * u)],
            LAMP,
        ),
        (_box((x + 84 * u, top - 15 * u, 96 * u, 15 * u)), red),
        (_box((x + 92 * u, top - 28 * u, 80 * u, 13 * u)), blue),
        ([(x - 128 * u, top - 30 * u), (x - 88 * u, top - 30 * u), (x - 93 * u, top), (x - 123 * u, top)], colour(214, 204, 188)),
    ]


@brush
def _near(canvas: Canvas) -> Layer:
    """Draw the back of an armchair in the foreground."""
    rgb, mask = canvas.empty()
    rgb += canvas.palette.near * 0.5 + colour(10, 6, 8)
    side = float(canvas.scene.chance("chair").choice([0.1, 0.86])) * canvas.width
    ring, u = np.linspace(np.pi, 2 * np.pi, 30), canvas.unit
    back = [(side + 165 * u * np.cos(one), canvas.height * 0.76 + 130 * u * np.sin(one)) for one in ring]
    polygon(mask, [*back, (side + 178 * u, canvas.height + 20), (side - 178 * u, canvas.height + 20)])
    for way in (-1, 1):
        arm = [(side + way * 150 * u, 0.9 * canvas.height), (side + way * 235 * u, 0.9 * canvas.height)]
        polygon(mask, [*arm, (side + way * 240 * u, canvas.height + 20), (side + way * 140 * u, canvas.height + 20)])
    return canvas.layer(rgb, mask, 1.0)


def _box(box: Box) -> list[tuple[float, float]]:
    x, y, wide, high = box
    return [(x, y), (x + wide, y), (x + wide, y + high), (x, y + high)]
