"""The jobs section of the System tab: all kinds in one list with filters, search, cancel, retry, move and remove."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import gradio as gr

from studio.errors import InvalidInput
from studio.jobs.model import ACTIVE, Job, JobState
from studio.services import Services
from tabs.common.formats import about
from tabs.common.html import html_piece, newest
from tabs.common.notices.undo import removed_job
from tabs.common.templating import render
from tabs.common.wiring import clicked
from tabs.system.times import times_table

JOBS_SHOWN = 50
QUEUED_LOOKED_AT = 1000
ALL, UNENDED = "", "unended"


class JobsSection:
    """The filters and the drawn list, whose clicks the tab passes on."""

    def __init__(self, studio: Services) -> None:
        self._studio = studio
        states = [("All states", ALL), ("Not ended", UNENDED), *((state.value.capitalize(), state.value) for state in JobState)]
        kinds = [("All kinds", ALL), *((one.describe().title, kind) for kind, one in studio.capabilities.items())]
        with gr.Row(elem_classes="filters"):
            self.state = gr.Dropdown(states, value=ALL, label="State", elem_id="jobs-state", min_width=130)
            self.kind = gr.Dropdown(kinds, value=ALL, label="Kind", elem_id="jobs-kind", min_width=130)
            self.search = gr.Textbox(label="Search", placeholder="title or id", elem_id="jobs-search", max_lines=1, min_width=160)
        self.piece = html_piece(elem_id="jobs", on_draw="greenroom.keepFolds(element)", value=newest("jobs"))
        self.asked: list[Any] = [self.state, self.kind, self.search]
        self.drawn: list[Any] = [self.piece]

    def draw(self, state: str, kind: str, search: str) -> list[str]:
        states = tuple(ACTIVE) if state == UNENDED else tuple(filter(None, [state]))
        jobs = self._studio.jobs.list(states, tuple(filter(None, [kind])), JOBS_SHOWN, search or "")
        times = times_table(self._studio.estimate_accuracy())
        queued = self._studio.jobs.list([JobState.QUEUED], limit=QUEUED_LOOKED_AT)
        return [jobs_panel(jobs, queued, filtered=bool(state or kind or search)) + times]

    def clicked(self, event: gr.EventData) -> None:
        """Run the action of a button.

        Raises:
            GreenroomError: the action is not possible.
        """
        data = clicked(event)
        act, job, jobs = data.get("act"), data.get("job", ""), self._studio.jobs
        if act == "cancel":
            jobs.cancel(job)
        elif act == "retry":
            jobs.retry(job)
        elif act == "remove":
            title = jobs.get(job).title
            jobs.remove(job)
            removed_job(job, title)
        elif act == "move":
            place = data.get("place", "")
            if not place.isdigit():
                raise InvalidInput("page.no-place-in-queue")
            jobs.move(job, int(place))
        else:
            raise InvalidInput("page.button-unknown")


def jobs_panel(jobs: Sequence[Job], queued: Sequence[Job] = (), now: float | None = None, *, filtered: bool = False) -> str:
    """Return the HTML of the list.

    Args:
        queued: all queued jobs, including filtered ones, because places are counted in the whole lane.
    """
    moment = now or time.time()
    waiting = _places(queued)
    rows = [_row(job, moment, waiting.get(job.id)) for job in jobs]
    return render("system/jobs.html", rows=rows, filtered=filtered)


@dataclass(frozen=True)
class _JobRow:
    """One job in the table; `up` and `down` are the places to which it can be moved, 0 for none."""

    job: Job
    told: str
    cost: tuple[str, ...]
    age: float
    may_retry: bool
    up: int
    down: int


def _places(jobs: Sequence[Job]) -> dict[str, tuple[int, int]]:
    """Return for every queued job its place in its lane, and the number of queued jobs there."""
    queues: dict[str, list[Job]] = {}
    for job in jobs:
        if job.state is JobState.QUEUED:
            queues.setdefault(job.lane, []).append(job)
    return {
        job.id: (place, len(queue))
        for queue in queues.values()
        for place, job in enumerate(sorted(queue, key=lambda one: one.ahead), 1)
    }


def _row(job: Job, now: float, place: tuple[int, int] | None) -> _JobRow:
    note = job.error.reason if job.error else job.note
    if job.state is JobState.QUEUED and job.ahead and not note:
        note = f"{job.ahead} ahead in line"
    at, last = place or (0, 0)
    return _JobRow(
        job=job,
        told=" · ".join(filter(None, (_kind_title(job.kind), note))),
        cost=_cost(job),
        age=now - job.created,
        may_retry=job.state is not JobState.DONE,
        up=max(0, at - 1),
        down=at + 1 if at < last else 0,
    )


def _cost(job: Job) -> tuple[str, ...]:
    """Return the seconds of work and the peak memory of one engine."""
    worked = (about(job.work_seconds),) if job.work_seconds else ()
    return (*worked, f"{job.peak_gib:.2f} GiB") if job.peak_gib else worked


def _kind_title(kind: str) -> str:
    return kind.replace("_", " ").capitalize()
