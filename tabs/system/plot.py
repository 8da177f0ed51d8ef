"""The last hour of memory as a small drawing, with the same told in words for those who cannot see it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import Any

WIDTH, HEIGHT = 520.0, 150.0
LEFT, RIGHT, TOP, BOTTOM = 34.0, 6.0, 8.0, 20.0
SPAN_SECONDS = 3600.0
GAP_SECONDS = 90.0
POINTS_DRAWN = 240

Sample = Mapping[str, float | None]


def history_plot(history: Sequence[Sample], report: Mapping[str, Any], now: float) -> str:
    """An SVG of use in percent of the pool over the last hour, with the limit lines, and of a card's own memory.

    Args:
        history: samples as MemoryManager.history gives them, oldest first.
        report: as MemoryManager.report gives it, for the pool, the limits and the card.
    """
    pool = report["pool"]
    used = [(one["at"] or 0.0, (one["used"] or 0.0) / pool) for one in history]
    said = _sentence(history, pool)
    gpu = report["gpu"]
    card_total = gpu["total"] if gpu and not gpu["unified"] else None
    card = [(one["at"] or 0.0, one["card"] / card_total) for one in history if card_total and one["card"] is not None]
    key = '<small><span class="line-card"></span> graphics card</small>' if card else ""
    return (
        f'<div class="row spread wrap"><h4>The last hour</h4>{key}</div>'
        f'<svg class="plot" viewBox="0 0 {WIDTH:.0f} {HEIGHT:.0f}" role="img" aria-label="{escape(said)}">'
        f"{_grid()}{_limits(report['limits'])}{_area(used, now)}{_line(card, now, 'card')}</svg>"
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


def _grid() -> str:
    levels = "".join(
        f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{_y(part):.1f}" y2="{_y(part):.1f}" class="grid"/>'
        f'<text x="{LEFT - 5}" y="{_y(part) + 4:.1f}" text-anchor="end">{part:.0%}</text>'
        for part in (0.0, 0.5, 1.0)
    )
    times = "".join(
        f'<text x="{_x(-60 * minutes, 0):.1f}" y="{HEIGHT - 5}" text-anchor="{anchor}">{word}</text>'
        for minutes, word, anchor in ((60, "1 h ago", "start"), (30, "30 min", "middle"), (0, "now", "end"))
    )
    return levels + times


def _limits(limits: Mapping[str, float]) -> str:
    return "".join(
        f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{_y(part):.1f}" y2="{_y(part):.1f}" class="limit"/>'
        for part in limits.values()
        if 0 < part <= 1
    )


def _runs(points: Sequence[tuple[float, float]]) -> Iterator[list[tuple[float, float]]]:
    """Stretches without a gap, thinned to what can be seen; of each few points the fullest is kept."""
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


def _area(points: Sequence[tuple[float, float]], now: float) -> str:
    drawn = ""
    for run in _runs(points):
        line = " ".join(f"{_x(at, now):.1f},{_y(part):.1f}" for at, part in run)
        first, last = _x(run[0][0], now), _x(run[-1][0], now)
        drawn += f'<polygon class="area" points="{first:.1f},{_y(0):.1f} {line} {last:.1f},{_y(0):.1f}"/>'
    return drawn + _line(points, now, "used")


def _line(points: Sequence[tuple[float, float]], now: float, name: str) -> str:
    return "".join(
        f'<polyline class="{name}" points="{" ".join(f"{_x(at, now):.1f},{_y(part):.1f}" for at, part in run)}"/>'
        for run in _runs(points)
    )
