"""The System tab: where the machine's memory is, which engines live, what every job is doing."""

from __future__ import annotations

import time
from collections.abc import Sequence
from html import escape
from itertools import cycle
from typing import Any

import gradio as gr

from studio.engines_service import EngineStatus
from studio.errors import InvalidInput
from studio.jobs.model import Job, JobState
from studio.memory.ledger import LedgerEntry
from studio.memory.reading import MemoryReading
from studio.memory.sizes import GIB
from studio.studio import Studio
from studio.workers.model import WorkerStatus
from tabs.html import about, button, chip, html_piece, piece
from tabs.outputs_list import ago
from tabs.system_models import ModelsPanel
from tabs.wiring import QUIET, clicked, toasted

TICK_SECONDS = 2.0
JOBS_SHOWN = 30
ENDED_SHOWN = 6
_WORKER_COLOURS = ("m3", "m4", "m5", "m6")


class SystemTab:
    """Draws the tab; while it is open, and only then, a slow timer asks for news."""

    def __init__(self, studio: Studio) -> None:
        self._studio = studio
        self.timer = gr.Timer(TICK_SECONDS, active=False)
        with gr.Row(elem_classes="columns"):
            with gr.Column(scale=6, min_width=340):
                self.memory = html_piece(elem_id="memory")
                self.jobs = html_piece(elem_id="jobs")
                self.models = ModelsPanel(studio)
            with gr.Column(scale=5, min_width=340):
                self.engines = html_piece(elem_id="engines")

    def wire(self, tab: gr.Tab, others: Sequence[gr.Tab]) -> None:
        """Opening this tab starts its timer, opening another one stops it."""
        drawn = [self.memory, self.engines, self.jobs, self.models.drawn]
        tab.select(lambda: [gr.Timer(active=True), *self._draw()], None, [self.timer, *drawn], **QUIET)
        self.timer.tick(self._draw, None, drawn, **QUIET)
        self.engines.click(self._engine_clicked, None, drawn, **QUIET)
        self.jobs.click(self._job_clicked, None, drawn, **QUIET)
        self.models.drawn.click(self._models_clicked, None, drawn, **QUIET)
        for other in others:
            other.select(lambda: gr.Timer(active=False), None, self.timer, **QUIET)

    def _draw(self) -> list[str]:
        studio = self._studio
        workers = studio.workers.snapshot()
        jobs = studio.jobs.list(limit=JOBS_SHOWN)
        return [
            memory_panel(studio.memory.reading(), studio.memory.report(), workers),
            engines_panel(studio.engines.statuses(), workers, studio.memory.ledger.ended(ENDED_SHOWN)),
            jobs_panel(jobs),
            self.models.draw(),
        ]

    @toasted
    def _engine_clicked(self, event: gr.EventData) -> list[str]:
        data = clicked(event)
        engine = data.get("engine", "")
        if data.get("act") == "load":
            self._studio.engines.load(engine)
        elif data.get("act") == "unload":
            report = self._studio.engines.unload(engine)
            gr.Info(f"{engine} is unloaded; {report.returned_gib:.2f} GiB came back.")
        return self._draw()

    @toasted
    def _models_clicked(self, event: gr.EventData) -> list[str]:
        self.models.clicked(event)
        return self._draw()

    @toasted
    def _job_clicked(self, event: gr.EventData) -> list[str]:
        data = clicked(event)
        act, job = data.get("act"), data.get("job", "")
        if act == "cancel":
            self._studio.jobs.cancel(job)
        elif act == "retry":
            self._studio.jobs.retry(job)
        elif act == "remove":
            self._studio.jobs.remove(job)
        else:
            raise InvalidInput("This button is not known.")
        return self._draw()


def memory_panel(reading: MemoryReading, report: dict[str, Any], workers: Sequence[WorkerStatus]) -> str:
    """One bar for the whole machine: programs, page cache, each worker, what is free, and the limit lines."""
    pool = reading.pool / GIB
    used = reading.used / GIB
    held = sum(worker.memory_gib for worker in workers)
    cache = max(0.0, min(reading.cached / GIB, pool - used))
    parts = [("Programs", max(0.0, used - held), "m1")]
    parts += [(worker.engine_id, worker.memory_gib, colour) for worker, colour in zip(workers, cycle(_WORKER_COLOURS))]
    parts.append(("Page cache, given up when needed", cache, "m2"))
    bar = "".join(f'<i style="width:{100 * gib / pool:.2f}%;background:var(--g-{colour})"></i>' for _, gib, colour in parts)
    lines = "".join(f'<u style="left:{100 * limit:.0f}%"></u>' for limit in report["limits"].values() if 0 < limit <= 1)
    legend = "".join(
        f'<span style="--k:var(--g-{colour})">{escape(name)} <b>{gib:.2f} GiB</b></span>' for name, gib, colour in parts
    )
    free = pool - used
    said = f"{used:.1f} of {pool:.1f} GiB in use, {free:.1f} GiB can be had"
    verdicts = "".join(_verdict(tier, verdict, report["reserves"][tier]) for tier, verdict in report["verdicts"].items())
    return piece(
        '<section class="panel" aria-label="Memory">'
        f'<div class="row spread wrap"><h3>Memory</h3><small>{escape(said)}</small></div>'
        f'<div class="membar" role="img" aria-label="{escape(said)}">{bar}{lines}</div><div class="legend">{legend}</div>'
        f'<div class="verdicts">{verdicts}</div></section>'
    )


def _verdict(tier: str, verdict: dict[str, Any], reserve: float) -> str:
    """What a job of this tier would meet now, and what is kept free for it."""
    state = chip("ready", tier) if verdict["admitted"] else chip("waiting", tier)
    kept = f"<small>{reserve:.1f} GiB stay in reserve</small>"
    return f'<div class="verdict">{state}<div>{escape(verdict["sentence"])}</div>{kept}</div>'


def engines_panel(
    engines: Sequence[EngineStatus], workers: Sequence[WorkerStatus], ended: Sequence[LedgerEntry], now: float | None = None
) -> str:
    """Every engine with what it holds, and what came back from the workers that ended lately."""
    rows = "".join(_engine_row(engine, [one for one in workers if one.engine_id == engine.card.id]) for engine in engines)
    returned = "".join(_ended_row(entry, now or time.time()) for entry in ended)
    back = _table("Given back", ("Engine", "Held", "Came back", "When"), returned) if returned else ""
    return _table("Engines", ("Engine", "State", "Holds", "Idle", ""), rows) + back


def _ended_row(entry: LedgerEntry, now: float) -> str:
    back = "–" if entry.returned is None else f"{entry.returned / GIB:.2f} GiB"
    why = f"<br><small>{escape(entry.death)}</small>" if entry.death else ""
    held = f"{max(entry.peak, entry.resident) / GIB:.2f} GiB"
    return (
        f'<tr><td><b>{escape(entry.engine_id)}</b>{why}</td><td class="num">{held}</td><td class="num">{back}</td>'
        f'<td class="num"><small>{ago(now - (entry.ended or now))}</small></td></tr>'
    )


def _engine_row(engine: EngineStatus, workers: Sequence[WorkerStatus]) -> str:
    card = engine.card
    residency = str(engine.residency)
    state = chip(residency) if engine.ready else chip("broken", "not ready")
    said = "" if engine.ready else f"<br><small>{escape(engine.readiness)} {escape(engine.next_step)}</small>"
    held = f"{sum(worker.memory_gib for worker in workers):.2f} GiB" if workers else "–"
    idle = "–"
    if workers:
        waited = min(worker.idle_seconds for worker in workers)
        limit = workers[0].idle_limit
        idle = f"{about(waited)}" + (f" of {about(limit)}" if limit else "") if waited else "in use"
    act = ""
    if engine.ready:
        act = (
            button("unload", f"Unload {card.title}", show=False, style="", engine=card.id)
            if workers
            else button("load", f"Load {card.title}", show=False, style="", engine=card.id)
        )
    facts = f"{card.tier.value}, {card.device.value}, {card.weights_licence.name}"
    return (
        f"<tr><td><b>{escape(card.title)}</b><br><small>{escape(facts)}</small>{said}</td><td>{state}</td>"
        f'<td class="num">{held}</td><td class="num">{idle}</td><td>{act}</td></tr>'
    )


def jobs_panel(jobs: Sequence[Job], now: float | None = None) -> str:
    if not jobs:
        return piece('<div class="empty">No jobs yet.</div>')
    rows = "".join(_job_row(job, now or time.time()) for job in jobs)
    return _table("Jobs", ("Job", "State", "Progress", "When", ""), rows)


def _table(title: str, headings: Sequence[str], rows: str) -> str:
    head = "".join(f"<th>{heading}</th>" for heading in headings)
    return piece(
        f'<section class="panel" aria-label="{title}"><h3>{title}</h3><div class="scroll">'
        f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div></section>"
    )


def _job_row(job: Job, now: float) -> str:
    note = job.error.reason if job.error else job.note
    if not job.state.ended:
        act = button("cancel", f"Stop {job.title}", "close", job=job.id)
    else:
        act = button("remove", f"Remove {job.title} from the list", "trash", job=job.id)
        if job.state in (JobState.FAILED, JobState.CANCELLED):
            act = button("retry", f"Try {job.title} again", "again", job=job.id) + act
    kind = " · ".join(filter(None, (job.kind.replace("_", " "), note)))
    return (
        f"<tr><td><b>{escape(job.title)}</b><br><small>{escape(kind)}</small>"
        f'</td><td>{chip(job.state.value)}</td><td class="num">{round(100 * job.progress)} %</td>'
        f'<td class="num"><small>{ago(now - job.created)}</small></td><td><div class="actions">{act}</div></td></tr>'
    )
