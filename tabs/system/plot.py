"""The last hour of memory as a small plot with a description for screen readers; templates/plot.html draws it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

WIDTH, HEIGHT = 520.0, 150.0
LEFT, RIGHT, TOP, BOTTOM = 34.0, 6.0, 8.0, 20.0
SPAN_SECONDS = 3600.0
GAP_SECONDS = 90.0
POINTS_DRAWN = 240

Sample = Mapping[str, float | None]


@dataclass(frozen=True)
class Level:
    """A horizontal line with its label."""

    y: str
    label: str
    label_y: str


@dataclass(frozen=True)
class Plot:
    """The plot in its own coordinates; areas and lines are SVG points.

    Args:
        told: its description. card: lines of a discrete GPU's memory; () without one.
    """

    told: str
    levels: tuple[Level, ...]
    times: tuple[tuple[str, str, str], ...]
    limits: tuple[str, ...]
    areas: tuple[str, ...]
    used: tuple[str, ...]
    card: tuple[str, ...]
    width: str = f"{WIDTH:.0f}"
    height: str = f"{HEIGHT:.0f}"
    left: float = LEFT
    right: float = WIDTH - RIGHT
    label_x: float = LEFT - 5
    times_y: float = HEIGHT - 5


def history_plot(history: Sequence[Sample], report: Mapping[str, Any], now: float) -> Plot:
    """Return the plot of the last hour: use of the pool in percent, the limits, and the memory of a discrete GPU.

    Args:
        history: samples as MemoryManager.history gives them, oldest first.
        report: as MemoryManager.report gives it, for the pool, the limits and the GPU.
    """
    pool = report["pool"]
    used = [(one["at"] or 0.0, (one["used"] or 0.0) / pool) for one in history]
    gpu = report["gpu"]
    card_total = gpu["total"] if gpu and not gpu["unified"] else None
    card = [(one["at"] or 0.0, one["card"] / card_total) for one in history if card_total and one["card"] is not None]
    times = ((60, "start", "1 h ago"), (30, "middle", "30 min"), (0, "end", "now"))
    return Plot(
        told=_sentence(history, pool),
        levels=tuple(Level(f"{_y(part):.1f}", f"{part:.0%}", f"{_y(part) + 4:.1f}") for part in (0.0, 0.5, 1.0)),
        times=tuple((f"{_x(-60 * minutes, 0):.1f}", anchor, label) for minutes, anchor, label in times),
        limits=tuple(f"{_y(part):.1f}" for part in report["limits"].values() if 0 < part <= 1),
        areas=tuple(_area(run, now) for run in _runs(used)),
        used=tuple(_line(run, now) for run in _runs(used)),
        card=tuple(_line(run, now) for run in _runs(card)),
    )


def _sentence(history: Sequence[Sample], pool: float) -> str:
    if not history:
        return "The last hour of memory: nothing was measured yet."
    used = [one["used"] or 0.0 for one in history]
    minutes = max(1, round(((history[-1]["at"] or 0.0) - (history[0]["at"] or 0.0)) / 60))
    return (
        f"Memory in use over the last {minutes} min: between {min(used):.1f} and {max(used):.1f} GiB of {pool:.1f}, "
        f"at the end {used[-1]:.1f} GiB."
    )


def _x(at: float, now: float) -> float:
    return LEFT + (WIDTH - LEFT - RIGHT) * max(0.0, min(1.0, 1 - (now - at) / SPAN_SECONDS))


def _y(part: float) -> float:
    return TOP + (HEIGHT - TOP - BOTTOM) * (1 - max(0.0, min(1.0, part)))


def _runs(points: Sequence[tuple[float, float]]) -> Iterator[list[tuple[float, float]]]:
    """Return the parts without a gap, reduced to the visible resolution; the highest of each group of points is kept."""
    step = max(1, len(points) // POINTS_DRAWN)
    thinned = [max(points[i : i + step], key=lambda one: one[1]) for i in range(0, len(points), step)]
    run: list[tuple[float, float]] = []
    for point in thinned:
        if run and point[0] - run[-1][0] > GAP_SECONDS:
            yield run
            run = []
        run.append(point)
    if run:
        yield run


def _area(run: Sequence[tuple[float, float]], now: float) -> str:
    """Return the line, closed along the bottom."""
    first, last, bottom = _x(run[0][0], now), _x(run[-1][0], now), _y(0)
    return f"{first:.1f},{bottom:.1f} {_line(run, now)} {last:.1f},{bottom:.1f}"


def _line(run: Sequence[tuple[float, float]], now: float) -> str:
    return " ".join(f"{_x(at, now):.1f},{_y(part):.1f}" for at, part in run)
