"""The System tab's head: one bar for the whole machine, one for a plug-in card, the last hour, verdicts, heat, events.

Everything is drawn from the report of /memory, the history and the events, so any machine can be drawn from recorded ones.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from itertools import cycle
from typing import Any

from tabs.common.formats import ago
from tabs.common.html import chip, piece
from tabs.system.plot import history_plot

EVENTS_SHOWN = 6
_KEPT = "Kept free for a heavy engine"
_HOLDER_COLOURS = ("m3", "m4", "m5", "m6", "m7", "m8")
_LEVELS = {
    "warning": "Memory is getting short: a medium or heavy engine is loaded only where others make room for it.",
    "closed": "Memory is nearly full: no work is begun until there is room again.",
    "ending": "Memory is full: the youngest heavy engine is being ended before the machine stops.",
}
_EVENT_CHIPS = {"memory": "waiting", "ended": "failed", "refused": "failed", "heat": "busy", "idle": "cold"}

Report = Mapping[str, Any]


@dataclass(frozen=True)
class MemoryBarSegment:
    """One stretch of a bar."""

    name: str
    gib: float
    colour: str


def memory_panel(
    report: Report,
    history: Sequence[Mapping[str, float | None]] = (),
    events: Sequence[Mapping[str, Any]] = (),
    now: float | None = None,
) -> str:
    """The whole head of the tab.

    Args:
        report: as MemoryManager.report gives it; sizes in GiB.
        history: as MemoryManager.history gives it, oldest first. events: newest first.
    """
    moment = now or time.time()
    said = machine_sentence(report)
    return piece(
        '<section class="panel machine" aria-label="Memory"><div>'
        f'<div class="row spread wrap"><h3>Memory</h3><small>{escape(said)}</small></div>'
        f"{_warnings(report)}{_machine_bar(report, said)}{_card_bar(report)}{_verdicts(report)}</div>"
        f"<div>{history_plot(history, report, moment)}{_gauges(report)}{_happened(events, moment)}</div></section>"
    )


def machine_sentence(report: Report) -> str:
    return f"{report['used']:.1f} of {report['pool']:.1f} GiB in use, {report['available']:.1f} GiB can be had"


def machine_parts(report: Report) -> list[MemoryBarSegment]:
    """What the machine's memory holds, in the order of the bar; together they are the pool."""
    own_card = _has_card(report)
    held = _named((row["title"], row["memory"] - (row["on_card"] if own_card else 0.0)) for row in _holders(report))
    used, pool = report["used"], report["pool"]
    cache = max(0.0, min(report["cached"], pool - used))
    parts = [MemoryBarSegment("System and other programs", max(0.0, used - sum(gib for _, gib in held)), "m1")]
    parts += [MemoryBarSegment(title, gib, colour) for (title, gib), colour in zip(held, cycle(_HOLDER_COLOURS))]
    return [
        *parts,
        MemoryBarSegment("Page cache, given up when needed", cache, "m2"),
        MemoryBarSegment("Free", max(0.0, pool - used - cache), "free"),
    ]


def card_parts(report: Report) -> list[MemoryBarSegment]:
    """The same for a card with memory of its own; [] without one."""
    if not _has_card(report):
        return []
    gpu = report["gpu"]
    held = _named((row["title"], row["on_card"]) for row in _holders(report) if row["on_card"])
    used = gpu["used"] if gpu["used"] is not None else sum(gib for _, gib in held)
    parts = [MemoryBarSegment("Desktop and other programs", max(0.0, used - sum(gib for _, gib in held)), "m1")]
    parts += [MemoryBarSegment(title, gib, colour) for (title, gib), colour in zip(held, cycle(_HOLDER_COLOURS))]
    return [*parts, MemoryBarSegment("Free", max(0.0, gpu["total"] - used), "free")]


def _named(held: Iterable[tuple[str, float]]) -> list[tuple[str, float]]:
    """Several workers of one engine are numbered."""
    seen: Counter[str] = Counter()
    named = []
    for title, gib in held:
        seen[title] += 1
        named.append((title if seen[title] == 1 else f"{title} {seen[title]}", gib))
    return named


def _holders(report: Report) -> list[Mapping[str, Any]]:
    """The studio's workers and whoever else the report names (a ComfyUI server), each with what was measured of it. One that
    still waits at the gate has no process and holds nothing yet."""
    waiting = [row for row in report["workers"] if row.get("state") == "loading" and not row.get("pid")]
    rows = [*(row for row in report["workers"] if row not in waiting), *report.get("holders", ())]
    return [{**row, "memory": row.get("memory") or 0.0, "on_card": row.get("on_card") or 0.0} for row in rows]


def _has_card(report: Report) -> bool:
    gpu = report["gpu"]
    return bool(gpu and not gpu["unified"] and gpu["total"])


def _machine_bar(report: Report, said: str) -> str:
    unified = bool(report["gpu"] and report["gpu"]["unified"])
    heading = f"<h4>This machine{', shared with its GPU' if unified else ''}</h4>" if report["gpu"] else ""
    if _has_card(report):  # heavy engines are budgeted there, and take little here
        reserve, whom = report["verdicts"]["light"]["free"], "Kept free on the machine"
    else:
        reserve, whom = report["reserve"], _KEPT
    bar = _bar(machine_parts(report), report["pool"], report["limits"].values(), reserve, said, whom)
    return heading + bar + _swap(report)


def _card_bar(report: Report) -> str:
    parts = card_parts(report)
    if not parts:
        return ""
    gpu = report["gpu"]
    free = parts[-1].gib
    said = f"{gpu['name']}: {gpu['total'] - free:.1f} of {gpu['total']:.1f} GiB in use, {free:.1f} GiB free"
    heading = f'<div class="row spread wrap"><h4>{escape(gpu["name"])}</h4><small>{escape(said.partition(": ")[2])}</small></div>'
    return heading + _bar(parts, gpu["total"], (), gpu.get("reserve") or 0.0, said)


def _bar(parts: Sequence[MemoryBarSegment], pool: float, limits: Any, reserve: float, said: str, whom: str = _KEPT) -> str:
    """A bar, its limit lines and its legend. The reserve is hatched over the end: where it covers what is in use, it is
    eaten into."""
    shown = [part for part in parts if part.gib >= 0.005]
    stretches = "".join(f'<i style="width:{100 * part.gib / pool:.2f}%;background:var(--g-{part.colour})"></i>' for part in shown)
    hatch = f'<s style="width:{min(100.0, 100 * reserve / pool):.2f}%"></s>' if reserve else ""
    lines = "".join(
        f'<u style="left:{100 * limit:.0f}%"><b>{100 * limit:.0f}<span> %</span></b></u>' for limit in limits if 0 < limit <= 1
    )
    legend = "".join(
        f'<span style="--k:var(--g-{part.colour})">{escape(part.name)} <b>{_gib(part.gib)}</b></span>' for part in shown
    )
    kept = f'<span class="kept">{whom} <b>{_gib(reserve)}</b></span>' if reserve else ""
    told = "; ".join([said, *(f"{part.name} {_gib(part.gib)}" for part in shown)])
    return (
        f'<div class="membar{" limited" if lines else ""}" role="img" aria-label="{escape(told)}">'
        f'<div class="stretches">{stretches}{hatch}</div>{lines}</div><div class="legend">{legend}{kept}</div>'
    )


def _gib(gib: float) -> str:
    return f"{gib:.2f} GiB" if gib < 10 else f"{gib:.1f} GiB"


def _swap(report: Report) -> str:
    total, used = report.get("swap_total") or 0.0, report["swap_used"]
    if not total:
        return '<p class="soft">No swap space.</p>'
    waiting = (report.get("pressure") or {}).get("some")
    stalled = "" if waiting is None else f" · programs waited for memory {waiting:.1f} % of the last ten seconds"
    return f'<p class="soft">Swap: {used:.2f} of {total:.1f} GiB used{stalled}</p>'


def _warnings(report: Report) -> str:
    heat = report.get("heat") or {}
    said = [_LEVELS.get(report.get("level", ""), ""), heat.get("paused", "")]
    return "".join(f'<p class="reason" role="status">{escape(sentence)}</p>' for sentence in said if sentence)


def _verdicts(report: Report) -> str:
    return f'<div class="verdicts">{"".join(_verdict(tier, one) for tier, one in report["verdicts"].items())}</div>'


def _verdict(tier: str, verdict: Mapping[str, Any]) -> str:
    """What a job of this tier would meet now."""
    state = chip("ready", tier) if verdict["admitted"] else chip("waiting", f"{tier}: would wait")
    whose = "of the card" if verdict["on_card"] else "of this machine"
    kept = f"<small>{verdict['free']:.1f} GiB {whose} must stay free</small>" if verdict["admitted"] else ""
    return f'<div class="verdict">{state}<div>{escape(verdict["sentence"])}</div>{kept}</div>'


def _gauges(report: Report) -> str:
    """What the GPU's driver tells; what it does not tell is said as such."""
    gpu = report["gpu"]
    if gpu is None:
        return '<p class="soft gauges">No NVIDIA GPU answers on this machine; engines work on the processor.</p>'
    figures = [
        ("Temperature", gpu["temperature"], "°C"),
        ("Power", gpu["power"], "W"),
        ("Busy", gpu["utilisation"], "%"),
        ("Clock", gpu.get("clock"), "MHz"),
        ("Memory clock", gpu.get("memory_clock"), "MHz"),
    ]
    shown = "".join(f"<span>{name} <b>{_figure(value, unit)}</b></span>" for name, value, unit in figures)
    heat = report.get("heat") or {}
    guard = (
        f"<small>New GPU work pauses above {heat['pause_above']:.0f} °C and goes on below {heat['resume_below']:.0f} °C.</small>"
        if heat.get("pause_above") and gpu["temperature"] is not None
        else ""
    )
    return f'<div class="gauges"><b>{escape(gpu["name"])}</b><div class="counts">{shown}</div>{guard}</div>'


def _figure(value: float | None, unit: str) -> str:
    return '<abbr title="The driver does not tell this">N/A</abbr>' if value is None else f"{value:.0f} {unit}"


def _happened(events: Sequence[Mapping[str, Any]], now: float) -> str:
    if not events:
        return ""
    rows = "".join(
        f"<li>{chip(_EVENT_CHIPS.get(event['kind'], 'cold'), event['kind'])}<span>{escape(event['sentence'])} "
        f"<small>{ago(now - event['at'])}</small></span></li>"
        for event in events[:EVENTS_SHOWN]
    )
    return f'<h4>What happened</h4><ul class="happened">{rows}</ul>'
