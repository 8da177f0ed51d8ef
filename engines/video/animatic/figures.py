"""Objects of a landscape: walkers, boats, a tree, birds."""

from __future__ import annotations

import numpy as np

from engines.video.animatic.canvas import Field, Layer, glow, lay, mix, polygon
from engines.video.animatic.landscape import Canvas, brush

_COAT = ((-0.15, 0.26), (-0.085, 0.8), (-0.03, 0.86), (0.03, 0.86), (0.085, 0.8), (0.13, 0.28))


@brush
def boat(canvas: Canvas, x: float, line: float, tall: float, depth: float) -> Layer:
    """Draw a two-masted boat under sail, with its reflection."""
    rgb, mask = canvas.empty()
    hull, sail = canvas.palette.near * 0.8, mix(canvas.palette.light, canvas.palette.horizon, 0.35) * 0.94
    rgb += hull
    long = tall * 0.95
    polygon(
        mask,
        [
            (x - long / 2, line - tall * 0.13),
            (x + long * 0.58, line - tall * 0.17),
            (x + long * 0.4, line),
            (x - long * 0.4, line),
        ],
    )
    sails = np.zeros_like(mask)
    for mast, high, wide in ((-0.12, 0.86, 0.32), (0.2, 1.0, 0.34)):
        foot = x + mast * long
        thick = tall * 0.008
        polygon(mask, [(foot - thick, line - 0.1 * tall), (foot + thick, line - 0.1 * tall), (foot, line - high * tall * 1.04)])
        polygon(sails, [(foot - 2, line - 0.2 * tall), (foot - 2, line - high * tall), (foot - wide * long, line - 0.22 * tall)])
    polygon(
        sails,
        [(x + 0.23 * long, line - 0.95 * tall), (x + 0.24 * long, line - 0.22 * tall), (x + 0.56 * long, line - 0.2 * tall)],
    )
    lay(rgb, sails, sail)
    mask[:] = np.maximum(mask, sails)
    rows = min(round(0.5 * tall), canvas.height - round(line), round(line))
    if rows > 2:
        mirrored = mask[round(line) - rows : round(line)][::-1] * np.linspace(0.42, 0, rows, dtype=np.float32)[:, None]
        mask[round(line) : round(line) + rows] = mirrored
        rgb[round(line) : round(line) + rows] = rgb[round(line) - rows : round(line)][::-1] * 0.8
    return canvas.layer(rgb, mask, depth)


@brush
def figures(canvas: Canvas, x: float, foot: float, tall: float, count: int) -> Layer:
    """Draw walkers in long coats, far enough away to be of no particular person."""
    rgb, mask = canvas.empty()
    rgb += canvas.palette.near * 0.55
    for number in range(count):
        at, high = x + number * 0.42 * tall, tall * (1 - 0.1 * number)
        head = (at, foot - high * 0.93)
        polygon(
            mask,
            [
                (at - 0.05 * high, foot),
                (at - 0.02 * high, foot),
                (at + 0.01 * high, foot - 0.4 * high),
                (at - 0.06 * high, foot - 0.4 * high),
            ],
        )
        polygon(
            mask,
            [(at + 0.07 * high, foot), (at + 0.1 * high, foot), (at + 0.05 * high, foot - 0.4 * high), (at, foot - 0.4 * high)],
        )
        polygon(mask, [(at + dx * high, foot - dy * high) for dx, dy in _COAT])
        ring = np.linspace(0, 2 * np.pi, 24)
        polygon(mask, list(zip(head[0] + 0.055 * high * np.cos(ring), head[1] + 0.066 * high * np.sin(ring), strict=True)))
    edge = np.clip(glow(canvas.size, canvas.light_x, canvas.light_y, canvas.width * 0.5) * 0.35, 0, 1)
    lay(rgb, edge, canvas.palette.light)
    return canvas.layer(rgb, mask, 0.95)


@brush
def lone_tree(canvas: Canvas, x: float, foot: float, tall: float) -> Layer:
    """Draw a broad tree: branches by recursive halving, leaves as soft spots."""
    rgb, mask = canvas.empty()
    chance = canvas.scene.chance("tree")
    body = canvas.palette.near * 0.75
    rgb += body
    tips: list[tuple[float, float]] = []
    _branch(mask, (x, foot + 8), -np.pi / 2, tall * 0.34, tall * 0.055, 7, chance, tips)
    leaves = np.zeros_like(mask)
    bare = canvas.scene.mood == "winter" or canvas.scene.weather == "snow"
    ring = np.linspace(0, 2 * np.pi, 10)[:-1]
    for tx, ty in [] if bare else tips:
        radius = tall * float(chance.uniform(0.035, 0.075))
        wobble = radius * chance.uniform(0.7, 1.25, len(ring))
        polygon(leaves, list(zip(tx + wobble * np.cos(ring), ty + wobble * 0.8 * np.sin(ring), strict=True)))
    green = canvas.palette.at(0.86)
    lit = glow(canvas.size, canvas.light_x, canvas.light_y, canvas.width * 0.4)[..., None]
    lay(rgb, leaves, green * (1 - 0.3 * lit) + canvas.palette.light * (0.3 * lit))
    mask[:] = np.maximum(mask, leaves)
    return canvas.layer(rgb, mask, 0.9)


def _branch(
    mask: Field, at: tuple[float, float], way: float, long: float, thick: float, left: int, chance: np.random.Generator,
    tips: list[tuple[float, float]],
) -> None:  # fmt: skip
    end = (at[0] + long * float(np.cos(way)), at[1] + long * float(np.sin(way)))
    side = (float(np.sin(way)) * thick / 2, -float(np.cos(way)) * thick / 2)
    slim = 0.66
    fore = (side[0] * slim, side[1] * slim)
    foot = [(at[0] - side[0], at[1] - side[1]), (at[0] + side[0], at[1] + side[1])]
    polygon(mask, [*foot, (end[0] + fore[0], end[1] + fore[1]), (end[0] - fore[0], end[1] - fore[1])])
    if left <= 3:
        tips.append(end)
    if not left:
        return
    for turn in (-1, 1):
        bend = turn * float(chance.uniform(0.22, 0.55))
        _branch(mask, end, way + bend, long * float(chance.uniform(0.68, 0.84)), thick * slim, left - 1, chance, tips)


@brush
def birds(canvas: Canvas) -> Layer:
    """Draw a loose flock of birds."""
    rgb, mask = canvas.empty()
    rgb += canvas.palette.near * 0.8
    chance = canvas.scene.chance("birds")
    middle = (canvas.width * float(chance.uniform(0.25, 0.7)), canvas.horizon * float(chance.uniform(0.25, 0.5)))
    for _ in range(11):
        x, y = middle[0] + canvas.unit * float(chance.normal(0, 130)), middle[1] + canvas.unit * float(chance.normal(0, 46))
        wing, lift = canvas.unit * float(chance.uniform(11, 24)), float(chance.uniform(0.15, 0.6))
        for turn in (-1, 1):
            polygon(mask, [(x, y), (x + turn * wing * 0.5, y - wing * lift), (x + turn * wing, y - wing * lift * 0.55),
                           (x + turn * wing * 0.48, y - wing * lift + wing * 0.16)])  # fmt: skip
    return canvas.layer(rgb, mask, 0.35)
