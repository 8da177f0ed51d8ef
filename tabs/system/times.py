"""The table of run times on this machine, and of the accuracy of estimates."""

from __future__ import annotations

from collections.abc import Sequence

from studio.jobs.runtime_stats import EstimateAccuracy
from tabs.common.formats import about
from tabs.common.templating import render

ROWS_SHOWN = 30


def times_table(rows: Sequence[EstimateAccuracy]) -> str:
    """Return the HTML of the table."""
    return render("system/times.html", rows=[_row(one) for one in rows[:ROWS_SHOWN]])


def _row(one: EstimateAccuracy) -> tuple[str, str, str, int, str]:
    """Return the cells of a row."""
    low, high = about(one.low), about(one.high)
    takes = about(one.seconds) if low == high else f"{low} to {high}"
    off = "not judged yet" if one.off is None else f"{one.off:.0%} ({one.judged} judged)"
    return one.work.engine, _work(one), takes, one.runs, off


def _work(one: EstimateAccuracy) -> str:
    work = one.work
    counted = f"{work.frames:,} characters" if work.variant == "text" else f"{work.frames:,} frames"
    size = f"{work.width} × {work.height}" if work.width else ""
    steps = f"{work.steps} steps" if work.steps > 1 else ""
    kind = "" if work.variant == "text" else work.variant.replace("_", " ")
    return ", ".join(filter(None, (kind, size, counted, steps)))
