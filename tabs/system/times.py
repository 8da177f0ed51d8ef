"""The System tab's table of what work takes on this machine, and how well that was foretold."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from studio.jobs.runtime_stats import EstimateAccuracy
from tabs.common.html import about

ROWS_SHOWN = 30


def times_table(rows: Sequence[EstimateAccuracy]) -> str:
    """HTML to stand in a piece."""
    note = "Learned from finished work here; estimates before a job rest on it."
    if not rows:
        body = '<div class="empty">Nothing was measured yet. The first finished jobs fill this table.</div>'
    else:
        drawn = "".join(_row(one) for one in rows[:ROWS_SHOWN])
        heads = "".join(f"<th>{head}</th>" for head in ("Engine", "Last work", "Takes", "Runs", "Estimates were off by"))
        body = f'<div class="scroll"><table><thead><tr>{heads}</tr></thead><tbody>{drawn}</tbody></table></div>'
    return (
        '<section class="panel below" aria-label="What work takes here"><h3>What work takes here</h3>'
        f'<p class="soft">{note}</p>{body}</section>'
    )


def _row(one: EstimateAccuracy) -> str:
    low, high = about(one.low), about(one.high)
    takes = about(one.seconds) if low == high else f"{low} to {high}"
    off = "not judged yet" if one.off is None else f"{one.off:.0%} ({one.judged} judged)"
    return (
        f'<tr><td><b>{escape(one.work.engine)}</b></td><td>{escape(_work(one))}</td><td class="num">{takes}</td>'
        f'<td class="num">{one.runs}</td><td class="num">{off}</td></tr>'
    )


def _work(one: EstimateAccuracy) -> str:
    work = one.work
    counted = f"{work.frames:,} characters" if work.variant == "text" else f"{work.frames:,} frames"
    size = f"{work.width} × {work.height}" if work.width else ""
    steps = f"{work.steps} steps" if work.steps > 1 else ""
    kind = "" if work.variant == "text" else work.variant.replace("_", " ")
    return ", ".join(filter(None, (kind, size, counted, steps)))
