"""The head of the System tab: a bar for the machine, one for a discrete GPU, the last hour, verdicts, temperature, events.

Everything is drawn from the report of /memory, the history and the events, so that recordings of any machine can be drawn.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import cycle
from typing import Any

from tabs.common.templating import render
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
    """One part of a bar."""

    name: str
    gib: float
    colour: str


def memory_panel(
    report: Report,
    history: Sequence[Mapping[str, float | None]] = (),
    events: Sequence[Mapping[str, Any]] = (),
    now: float | None = None,
) -> str:
    """Return the HTML of the head of the tab.

    Args:
        report: as MemoryManager.report gives it; sizes in GiB.
        history: as MemoryManager.history gives it, oldest first. events: newest first.
    """
    moment = now or time.time()
    said = machine_sentence(report)
    gpu = report["gpu"]
    card = _card_bar(report)
    return render(
        "system/memory.html",
        said=said,
        warnings=_warnings(report),
        gpu=gpu,
        machine=_machine_bar(report, said),
        swap=_swap(report),
        card=card,
        card_said=_card_sentence(report) if card else "",
        verdicts=[_verdict(tier, one) for tier, one in report["verdicts"].items()],
        plot=history_plot(history, report, moment),
        gauges=[] if gpu is None else _gauges(gpu),
        heat_guard=_heat_guard(report),
        events=[
            (_EVENT_CHIPS.get(event["kind"], "cold"), event["kind"], event["sentence"], moment - event["at"])
            for event in events[:EVENTS_SHOWN]
        ],
    )


def machine_sentence(report: Report) -> str:
    return f"{report['used']:.1f} of {report['pool']:.1f} GiB in use, {report['available']:.1f} GiB can be had"


def machine_parts(report: Report) -> list[MemoryBarSegment]:
    """Return the parts of the machine's memory in the order of the bar; they add up to the pool."""
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
    """Return the same for a discrete GPU; [] without one."""
    if not _has_card(report):
        return []
    gpu = report["gpu"]
    held = _named((row["title"], row["on_card"]) for row in _holders(report) if row["on_card"])
    used = gpu["used"] if gpu["used"] is not None else sum(gib for _, gib in held)
    parts = [MemoryBarSegment("Desktop and other programs", max(0.0, used - sum(gib for _, gib in held)), "m1")]
    parts += [MemoryBarSegment(title, gib, colour) for (title, gib), colour in zip(held, cycle(_HOLDER_COLOURS))]
    return [*parts, MemoryBarSegment("Free", max(0.0, gpu["total"] - used), "free")]


def _named(held: Iterable[tuple[str, float]]) -> list[tuple[str, float]]:
    """Return the names, with numbers if several workers have the same engine."""
    seen: Counter[str] = Counter()
    named = []
    for title, gib in held:
        seen[title] += 1
        named.append((title if seen[title] == 1 else f"{title} {seen[title]}", gib))
    return named


def _holders(report: Report) -> list[Mapping[str, Any]]:
    """Return the studio's workers and other holders of the report (a ComfyUI server) with their measured memory. A worker that
    waits at the gate has no process and is omitted."""
    waiting = [row for row in report["workers"] if row.get("state") == "loading" and not row.get("pid")]
    rows = [*(row for row in report["workers"] if row not in waiting), *report.get("holders", ())]
    return [{**row, "memory": row.get("memory") or 0.0, "on_card": row.get("on_card") or 0.0} for row in rows]


def _has_card(report: Report) -> bool:
    gpu = report["gpu"]
    return bool(gpu and not gpu["unified"] and gpu["total"])


@dataclass(frozen=True)
class _Stretch:
    """A drawn part of a bar; `width` in percent."""

    name: str
    gib: str
    colour: str
    width: str


@dataclass(frozen=True)
class _Bar:
    """A drawn bar.

    Args:
        told: its description. limits: lines over the bar, in percent. reserve: memory that is kept free, "" for none; `whose`
            says for what.
    """

    told: str
    parts: tuple[_Stretch, ...]
    limits: tuple[str, ...]
    reserve: str
    reserve_width: str
    whose: str


def _machine_bar(report: Report, said: str) -> _Bar:
    if _has_card(report):  # heavy engines use that memory, and little of this
        reserve, whose = report["verdicts"]["light"]["free"], "Kept free on the machine"
    else:
        reserve, whose = report["reserve"], _KEPT
    return _bar(machine_parts(report), report["pool"], report["limits"].values(), reserve, said, whose)


def _card_bar(report: Report) -> _Bar | None:
    parts = card_parts(report)
    if not parts:
        return None
    gpu = report["gpu"]
    return _bar(parts, gpu["total"], (), gpu.get("reserve") or 0.0, f"{gpu['name']}: {_card_sentence(report)}")


def _card_sentence(report: Report) -> str:
    total, free = report["gpu"]["total"], card_parts(report)[-1].gib
    return f"{total - free:.1f} of {total:.1f} GiB in use, {free:.1f} GiB free"


def _bar(
    parts: Sequence[MemoryBarSegment], pool: float, limits: Iterable[float], reserve: float, said: str, whose: str = _KEPT
) -> _Bar:
    shown = [part for part in parts if part.gib >= 0.005]
    return _Bar(
        told="; ".join([said, *(f"{part.name} {_gib(part.gib)}" for part in shown)]),
        parts=tuple(_Stretch(part.name, _gib(part.gib), part.colour, f"{100 * part.gib / pool:.2f}") for part in shown),
        limits=tuple(f"{100 * limit:.0f}" for limit in limits if 0 < limit <= 1),
        reserve=_gib(reserve) if reserve else "",
        reserve_width=f"{min(100.0, 100 * reserve / pool):.2f}",
        whose=whose,
    )


def _gib(gib: float) -> str:
    return f"{gib:.2f} GiB" if gib < 10 else f"{gib:.1f} GiB"


def _swap(report: Report) -> str:
    total, used = report.get("swap_total") or 0.0, report["swap_used"]
    if not total:
        return "No swap space."
    waiting = (report.get("pressure") or {}).get("some")
    stalled = "" if waiting is None else f" · programs waited for memory {waiting:.1f} % of the last ten seconds"
    return f"Swap: {used:.2f} of {total:.1f} GiB used{stalled}"


def _warnings(report: Report) -> list[str]:
    heat = report.get("heat") or {}
    return [sentence for sentence in (_LEVELS.get(report.get("level", ""), ""), heat.get("paused", "")) if sentence]


@dataclass(frozen=True)
class _Verdict:
    """Whether a job of a tier would be admitted now."""

    chip: str
    label: str
    sentence: str
    kept: str


def _verdict(tier: str, verdict: Mapping[str, Any]) -> _Verdict:
    if not verdict["admitted"]:
        return _Verdict("waiting", f"{tier}: would wait", verdict["sentence"], "")
    whose = "of the card" if verdict["on_card"] else "of this machine"
    return _Verdict("ready", tier, verdict["sentence"], f"{verdict['free']:.1f} GiB {whose} must stay free")


def _gauges(gpu: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return the readings of the GPU's driver by name; "" for missing ones."""
    figures = (
        ("Temperature", gpu["temperature"], "°C"),
        ("Power", gpu["power"], "W"),
        ("Busy", gpu["utilisation"], "%"),
        ("Clock", gpu.get("clock"), "MHz"),
        ("Memory clock", gpu.get("memory_clock"), "MHz"),
    )
    return [(name, "" if value is None else f"{value:.0f} {unit}") for name, value, unit in figures]


def _heat_guard(report: Report) -> str:
    """Return the temperature at which new work waits; "" without a reading."""
    gpu, heat = report["gpu"], report.get("heat") or {}
    if gpu is None or not heat.get("pause_above") or gpu["temperature"] is None:
        return ""
    return f"New GPU work pauses above {heat['pause_above']:.0f} °C and goes on below {heat['resume_below']:.0f} °C."
