"""Buildings: houses, a city, a lighthouse, a castle."""

from __future__ import annotations

import numpy as np

from engines.video.animatic.canvas import Colour, Field, Layer, colour, glow, lay, mix, outline, polygon
from engines.video.animatic.landscape import Canvas, brush

LAMP = colour(255, 206, 122)
_CASTLE = ((-0.5, 0.55, 0.17, 1), (-0.2, 0.42, 0.5, 0), (0.1, 1.0, 0.2, 1), (0.42, 0.7, 0.15, 1), (0.3, 0.36, 0.5, 0))
"""Towers with roofs (1) and walls with teeth (0): middle, height and width in parts of the whole height."""


@brush
def city(canvas: Canvas, name: str, base: float, tall: float, depth: float) -> Layer:
    """Draw a row of houses with lit windows; farther rows are hazier and lower."""
    chance, (rgb, mask) = canvas.scene.chance(name), canvas.empty()
    body, haze = canvas.palette.at(depth), canvas.palette.at(max(0.0, depth - 0.35))
    foot = base * canvas.height
    fall = np.clip((canvas.down - (base - tall) * canvas.height) / (tall * 1.1 * canvas.height), 0, 1)[..., None]
    rgb += body * (1 - 0.6 * fall) + haze * 0.6 * fall
    mask[round(foot) :] = 1
    x = -0.02 * canvas.width
    while x < canvas.width * 1.02:
        wide = canvas.unit * float(chance.uniform(52, 130)) * (0.7 + 0.5 * depth)
        high = tall * canvas.height * float(chance.uniform(0.35, 1.0))
        _house_front(canvas, rgb, mask, (x, foot - high, wide, high), body, chance)
        x += wide + canvas.unit * float(chance.uniform(-6, 10))
    return canvas.layer(rgb, mask, depth)


def _house_front(
    canvas: Canvas, rgb: Field, mask: Field, box: tuple[float, float, float, float], body: Colour, chance: np.random.Generator
) -> None:
    x, y, wide, high = box
    polygon(mask, [(x, y), (x + wide, y), (x + wide, y + high + 9), (x, y + high + 9)])
    roof, u = chance.random(), canvas.unit
    if roof < 0.35:
        polygon(mask, [(x - 2, y + 1), (x + wide / 2, y - wide * 0.42), (x + wide + 2, y + 1)])
    elif roof < 0.55:
        polygon(
            mask, [(x + wide * 0.3, y + 1), (x + wide * 0.3, y - 22 * u), (x + wide * 0.62, y - 22 * u), (x + wide * 0.62, y + 1)]
        )
    elif roof < 0.68:
        polygon(
            mask,
            [
                (x + wide / 2 - u, y + 1),
                (x + wide / 2 + u, y + 1),
                (x + wide / 2 + u, y - 46 * u),
                (x + wide / 2 - u, y - 46 * u),
            ],
        )
    shade = float(chance.uniform(-0.1, 0.08))
    left, right = max(0, round(x)), min(canvas.width, round(x + wide))
    rgb[max(0, round(y - wide * 0.42)) :, left:right] *= 1 + shade
    step_x, step_y, pane = 17 * u, 25 * u, (8 * u, 13 * u)
    for wy in np.arange(y + 14 * u, min(y + high, canvas.height) - 16 * u, step_y):
        for wx in np.arange(x + 9 * u, x + wide - 14 * u, step_x):
            lit = chance.random() < canvas.palette.lamps
            tint = LAMP * float(chance.uniform(0.75, 1.0)) if lit else mix(body, canvas.palette.upper, 0.22)
            rows, columns = slice(round(wy), round(wy + pane[1])), slice(max(0, round(wx)), max(0, round(wx + pane[0])))
            rgb[rows, columns] = tint


@brush
def house(canvas: Canvas, x: float, foot: float, tall: float, depth: float, *, steeple: bool = False) -> Layer:
    """Draw a cottage, or a church, with lit windows and a glow around them; x and foot are in pixels."""
    rgb, mask = canvas.empty()
    body = canvas.palette.at(depth) * 0.82
    roof = canvas.palette.at(min(1.0, depth + 0.12)) * 0.62
    rgb += body
    wide = tall * (1.15 if not steeple else 1.3)
    wall = tall * 0.52
    polygon(mask, [(x, foot + 10), (x, foot - wall), (x + wide, foot - wall), (x + wide, foot + 10)])
    gable = [(x - 0.1 * wide, foot - wall + 1), (x + 0.2 * wide, foot - tall), (x + 0.8 * wide, foot - tall)]
    gable.append((x + 1.1 * wide, foot - wall + 1))
    polygon(mask, gable)
    cover = np.zeros_like(mask)
    polygon(cover, gable)
    lay(rgb, cover, roof)
    _chimney_or_steeple(mask, rgb, (x, foot, tall, wide), roof, steeple)
    lit = LAMP if canvas.palette.lamps > 0.1 else mix(body, canvas.palette.horizon, 0.45)
    for share in (0.18, 0.66):
        pane = np.zeros_like(mask)
        left, top = x + share * wide, foot - wall * 0.74
        polygon(
            pane, [(left, top), (left + 0.17 * wide, top), (left + 0.17 * wide, top + wall * 0.34), (left, top + wall * 0.34)]
        )
        lay(rgb, pane, lit)
        bar = left + 0.085 * wide
        rgb[round(top) : round(top + wall * 0.34), round(bar) : round(bar) + max(1, round(2 * canvas.unit))] = roof
    if canvas.palette.lamps > 0.1:
        warm = glow(canvas.size, x + wide / 2, foot - wall / 2, wide * 0.75) * 0.4
        lay(rgb, warm, LAMP)
        mask[:] = np.maximum(mask, warm * 0.8 * (canvas.down < foot + 30))
    return canvas.layer(rgb, mask, depth)


def _chimney_or_steeple(mask: Field, rgb: Field, box: tuple[float, float, float, float], roof: Colour, steeple: bool) -> None:
    x, foot, tall, wide = box
    part = np.zeros_like(mask)
    if steeple:
        left, right = x - 0.34 * wide, x + 0.02 * wide
        polygon(mask, [(left, foot + 10), (left, foot - tall * 1.15), (right, foot - tall * 1.15), (right, foot + 10)])
        polygon(part, [(left - 4, foot - tall * 1.15), ((left + right) / 2, foot - tall * 2.1), (right + 4, foot - tall * 1.15)])
    else:
        left, top = x + 0.68 * wide, foot - tall * 1.2
        polygon(
            part, [(left, foot - tall * 0.8), (left, top), (left + 0.12 * wide, top), (left + 0.12 * wide, foot - tall * 0.8)]
        )
    lay(rgb, part, roof)
    mask[:] = np.maximum(mask, part)


@brush
def lighthouse(canvas: Canvas, x: float, foot: float, tall: float, depth: float) -> Layer:
    """Draw a banded lighthouse on a rock, with its light and two beams; x and foot are in pixels."""
    rgb, mask = canvas.empty()
    rock = canvas.palette.at(depth) * 0.75
    rgb += rock
    wide = tall * 0.115
    chance = canvas.scene.chance("rock")
    line = outline(canvas.width, 7, 6, chance) * 0.05 * tall
    reach = tall * 1.15
    bulk = np.maximum(0, 1 - (np.abs(np.arange(canvas.width) - x - 0.2 * tall) / reach) ** 2.4)
    crest = foot + 0.34 * tall - (0.36 * tall * bulk**0.7) - line * bulk
    mask[:] = np.clip(canvas.down - crest[None], 0, 1) * (bulk > 0)[None]
    foot = float(crest[min(canvas.width - 1, max(0, round(x)))]) + 8
    tower = [(x - wide, foot), (x + wide, foot), (x + wide * 0.6, foot - tall * 0.8), (x - wide * 0.6, foot - tall * 0.8)]
    shape = np.zeros_like(mask)
    polygon(shape, tower)
    mask[:] = np.maximum(mask, shape)
    white = mix(canvas.palette.at(depth), canvas.palette.light, 0.55)
    across = np.clip((np.arange(canvas.width) - x) / wide * 0.5 + 0.5, 0, 1)[None, :, None]
    lay(rgb, shape, white * (1.05 - 0.5 * across))
    red = mix(colour(168, 52, 44), canvas.palette.near, 0.35)
    for share in (0.16, 0.44, 0.7):
        rows = np.zeros_like(mask)
        rows[round(foot - tall * (share + 0.12)) : round(foot - tall * share)] = 1
        lay(rgb, shape * rows, red * (1.1 - 0.5 * across))
    _lantern(canvas, rgb, mask, x, foot - tall * 0.8, wide)
    return canvas.layer(rgb, mask, depth)


def _lantern(canvas: Canvas, rgb: Field, mask: Field, x: float, y: float, wide: float) -> None:
    dark = canvas.palette.near * 0.7
    parts = (
        ([(x - wide * 0.9, y), (x + wide * 0.9, y), (x + wide * 0.9, y - wide * 0.3), (x - wide * 0.9, y - wide * 0.3)], dark),
        ([(x - wide * 0.5, y - wide * 0.3), (x + wide * 0.5, y - wide * 0.3), (x + wide * 0.5, y - wide * 1.4),
          (x - wide * 0.5, y - wide * 1.4)], LAMP),
        ([(x - wide * 0.7, y - wide * 1.4), (x + wide * 0.7, y - wide * 1.4), (x, y - wide * 2.2)], dark),
    )  # fmt: skip
    for shape, tint in parts:
        part = np.zeros_like(mask)
        polygon(part, shape)
        lay(rgb, part, tint)
        mask[:] = np.maximum(mask, part)
    if canvas.palette.lamps < 0.2:
        return
    middle, reach = y - wide * 0.85, canvas.width * 0.9
    beams = np.zeros_like(mask)
    for way in (-1, 1):
        polygon(beams, [(x, middle), (x + way * reach, middle - 0.11 * reach), (x + way * reach, middle + 0.03 * reach)])
    near = glow(canvas.size, x, middle, canvas.width * 0.3, 1.3)
    light = np.maximum(beams * near * 0.5, glow(canvas.size, x, middle, wide * 3.2))
    free = light * (1 - mask)
    rgb[:] = rgb * (1 - free[..., None]) + LAMP * free[..., None]
    mask[:] = np.maximum(mask, light * 0.85)


@brush
def castle(canvas: Canvas, x: float, foot: float, tall: float, depth: float) -> Layer:
    """Draw the towers of a castle on a hill; x and foot are in pixels."""
    rgb, mask = canvas.empty()
    rgb += canvas.palette.at(depth) * 0.85
    for dx, high, wide, roof in (
        (-0.5, 0.55, 0.17, 1),
        (-0.2, 0.42, 0.5, 0),
        (0.1, 1.0, 0.2, 1),
        (0.42, 0.7, 0.15, 1),
        (0.3, 0.36, 0.5, 0),
    ):
        left, right, top = x + (dx - wide / 2) * tall, x + (dx + wide / 2) * tall, foot - high * tall
        polygon(mask, [(left, foot + 12), (left, top), (right, top), (right, foot + 12)])
        if roof:
            polygon(mask, [(left - 5, top + 1), ((left + right) / 2, top - wide * tall * 1.5), (right + 5, top + 1)])
        else:
            tooth = (right - left) / 9
            for step in range(0, 9, 2):
                edge = left + step * tooth
                polygon(mask, [(edge, top + 1), (edge, top - tooth), (edge + tooth, top - tooth), (edge + tooth, top + 1)])
        if canvas.palette.lamps > 0.1:
            pane = np.zeros_like(mask)
            middle = (left + right) / 2
            polygon(pane, [(middle - 3, top + 22), (middle + 3, top + 22), (middle + 3, top + 34), (middle - 3, top + 34)])
            lay(rgb, pane, LAMP)
    return canvas.layer(rgb, mask, depth)
