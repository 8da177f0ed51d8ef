"""The composition of layers for each kind of place, from far to near."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from engines.video.animatic import buildings, figures
from engines.video.animatic.canvas import Layer, colour, mix
from engines.video.animatic.interior import room
from engines.video.animatic.landscape import Begun, Canvas, ground, ridge, sky, trees, water
from engines.video.animatic.scene import ShotScene

_HANDS = 2
"""Layers that are painted at a time; each takes some 30 MB while it is."""


def paint(scene: ShotScene, width: int, height: int) -> list[Layer]:
    """Return the layers of a scene, farthest first; the first covers the whole frame."""
    with ThreadPoolExecutor(_HANDS, "painting") as hands:
        canvas = Canvas(scene, width, height, hands)
        begun = room(canvas) if scene.place == "room" else [sky(canvas), *_COUNTRY[scene.place](canvas)]
        if scene.place != "room" and "birds" in scene.things:
            begun.insert(2, figures.birds(canvas))
        return [layer.result() for layer in begun]


def _spot(canvas: Canvas, name: str, low: float = 0.3, high: float = 0.68) -> float:
    """Return a horizontal position that keeps clear of the light source."""
    chance = canvas.scene.chance(name)
    x = float(chance.uniform(low, high)) * canvas.width
    if abs(x - canvas.light_x) < 0.14 * canvas.width:
        x += 0.2 * canvas.width * (1 if x > canvas.light_x else -1)
    return min(0.8 * canvas.width, max(0.16 * canvas.width, x))


def _settled(canvas: Canvas, foot: float, size: float, depth: float) -> list[Begun]:
    """Draw a house, church or castle, by the words of the prompt."""
    found, h = canvas.scene.things, canvas.height
    made = []
    if "castle" in found:
        made.append(buildings.castle(canvas, _spot(canvas, "castle"), foot * h, 0.3 * h * size, depth))
    if "church" in found:
        made.append(buildings.house(canvas, _spot(canvas, "church"), foot * h, 0.13 * h * size, depth, steeple=True))
    if "house" in found:
        made.append(buildings.house(canvas, _spot(canvas, "house"), foot * h, 0.16 * h * size, depth))
    return made


def _walkers(canvas: Canvas) -> list[Begun]:
    found = canvas.scene.things
    count = 2 if "pair" in found else 1 if "figure" in found else 0
    if not count:
        return []
    return [figures.figures(canvas, _spot(canvas, "walkers", 0.34, 0.62), 0.9 * canvas.height, 0.155 * canvas.height, count)]


def _hills(canvas: Canvas) -> list[Begun]:
    found = canvas.scene.things
    tree = [figures.lone_tree(canvas, _spot(canvas, "tree", 0.2, 0.75), 0.87 * canvas.height, 0.36 * canvas.height)]
    return [
        ridge(canvas, "far", 0.6, 0.05, 0.12),
        ridge(canvas, "hill1", 0.66, 0.06, 0.32, bumps=2, rough=0.34),
        *_settled(canvas, 0.765, 0.9, 0.45),
        ridge(canvas, "hill2", 0.745, 0.035, 0.55, bumps=2, rough=0.3),
        trees(canvas, "copse", 0.82, 0.07, 0.72, 34),
        *(tree if "tree" in found or (canvas.scene.seed % 2 and not found & {"house", "church", "castle"}) else []),
        ground(canvas, 0.905),
        *_walkers(canvas),
    ]


def _mountains(canvas: Canvas) -> list[Begun]:
    white = 0.2 if canvas.scene.mood != "golden" else 0.08
    return [
        ridge(canvas, "far", 0.52, 0.15, 0.14, bumps=3, rough=0.56, snow=white * 0.8),
        ridge(canvas, "middle", 0.63, 0.17, 0.34, bumps=2, rough=0.58, snow=white),
        *_settled(canvas, 0.77, 0.6, 0.5),
        ridge(canvas, "low", 0.75, 0.045, 0.58, rough=0.42),
        trees(canvas, "pines", 0.86, 0.12, 0.8, 64),
        ground(canvas, 0.94),
        *_walkers(canvas),
    ]


def _forest(canvas: Canvas) -> list[Begun]:
    return [
        ridge(canvas, "far", 0.56, 0.07, 0.12),
        trees(canvas, "back", 0.68, 0.16, 0.3, 70),
        *_settled(canvas, 0.78, 0.7, 0.55),
        trees(canvas, "middle", 0.8, 0.27, 0.55, 42),
        *_walkers(canvas),
        trees(canvas, "front", 1.0, 0.5, 0.85, 13),
        ground(canvas, 0.93),
    ]


def _sea(canvas: Canvas) -> list[Begun]:
    found, h, w = canvas.scene.things, canvas.height, canvas.width
    island = ridge(canvas, "island", 0.6, 0.035, 0.2, bumps=2, rough=0.42)
    made = [island, water(canvas)]
    if "boat" in found:
        near = "lighthouse" not in found
        made.append(
            figures.boat(
                canvas, _spot(canvas, "boat", 0.25, 0.6), (0.72 if near else 0.66) * h, (0.3 if near else 0.13) * h, 0.45
            )
        )
    if "lighthouse" in found:
        made.append(buildings.lighthouse(canvas, 0.72 * w, 0.72 * h, 0.46 * h, 0.6))
    if "lighthouse" not in found and canvas.scene.seed % 3 == 0:
        made.append(ridge(canvas, "head", 0.72, 0.1, 0.6, bumps=1, rough=0.5))
    if found & {"house", "church", "castle"}:
        made += [*_settled(canvas, 0.76, 0.8, 0.6), ridge(canvas, "near shore", 0.76, 0.045, 0.68, bumps=1, rough=0.36)]
    made.append(ground(canvas, 0.955, grass=canvas.scene.seed % 2 == 0))
    return [*made, *_walkers(canvas)]


def _lake(canvas: Canvas) -> list[Begun]:
    boats = [figures.boat(canvas, _spot(canvas, "boat"), 0.7 * canvas.height, 0.2 * canvas.height, 0.45)]
    return [
        ridge(canvas, "far", 0.52, 0.1, 0.16, rough=0.54, snow=0.12),
        ridge(canvas, "shore", 0.585, 0.05, 0.34),
        *_settled(canvas, 0.61, 0.5, 0.4),
        trees(canvas, "shore trees", 0.605, 0.05, 0.42, 90),
        water(canvas),
        *(boats if "boat" in canvas.scene.things else []),
        trees(canvas, "near trees", 1.02, 0.42, 0.86, 7),
        ground(canvas, 0.93),
        *_walkers(canvas),
    ]


def _city(canvas: Canvas) -> list[Begun]:
    return [
        buildings.city(canvas, "far", 0.72, 0.3, 0.2),
        *_settled(canvas, 0.78, 0.9, 0.4),
        buildings.city(canvas, "middle", 0.82, 0.36, 0.46),
        buildings.city(canvas, "near", 1.0, 0.42, 0.78),
        *_walkers(canvas),
    ]


def _village(canvas: Canvas) -> list[Begun]:
    h = canvas.height
    homes = [
        buildings.house(canvas, canvas.width * x, y * h, size * h, depth, steeple=church)
        for x, y, size, depth, church in (
            (0.2, 0.755, 0.09, 0.42, False), (0.36, 0.75, 0.1, 0.42, True), (0.52, 0.755, 0.08, 0.44, False),
            (0.64, 0.85, 0.14, 0.6, False), (0.08, 0.86, 0.16, 0.62, False),
        )
    ]  # fmt: skip
    return [
        ridge(canvas, "far", 0.6, 0.06, 0.16),
        ridge(canvas, "hill", 0.68, 0.05, 0.34, bumps=2, rough=0.3),
        *homes[:3],
        trees(canvas, "copse", 0.755, 0.055, 0.5, 28),
        *homes[3:],
        ground(canvas, 0.865),
        *_walkers(canvas),
    ]


def _desert(canvas: Canvas) -> list[Begun]:
    sand = mix(mix(colour(216, 168, 104), canvas.palette.light, 0.3), canvas.palette.near, 0.22 + 0.4 * canvas.palette.lamps)
    return [
        ridge(canvas, "far", 0.6, 0.03, 0.16, rough=0.6),
        ridge(canvas, "dune1", 0.68, 0.05, 0.4, bumps=1, rough=0.22, tint=mix(sand, canvas.palette.horizon, 0.5)),
        *_settled(canvas, 0.72, 0.7, 0.5),
        ridge(canvas, "dune2", 0.79, 0.07, 0.65, bumps=1, rough=0.22, tint=mix(sand, canvas.palette.horizon, 0.2)),
        ridge(canvas, "dune3", 0.93, 0.06, 0.9, bumps=1, rough=0.2, tint=sand * 0.8),
        *_walkers(canvas),
    ]


_COUNTRY: dict[str, Callable[[Canvas], list[Begun]]] = {
    "hills": _hills,
    "mountains": _mountains,
    "forest": _forest,
    "sea": _sea,
    "lake": _lake,
    "city": _city,
    "village": _village,
    "desert": _desert,
}
