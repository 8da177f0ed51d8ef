"""The job card: what a job is doing, drawn from its row alone, the same on every tab."""

from __future__ import annotations

import time
from collections.abc import Sequence
from html import escape

from studio.jobs.model import Job, JobState
from tabs.common.html import about, button, chip, clock, piece, prose

_IDLE = "Nothing is running. What you generate appears here, and stays after a refresh."


def job_card(job: Job | None, others: Sequence[Job] = (), now: float | None = None) -> str:
    """HTML of the card.

    Args:
        job: the job in focus, or None.
        others: further jobs that have not ended, each with its own stop button.
        now: seconds since the epoch, for the running clock.
    """
    inside = f'<div class="note">{_IDLE}</div>' if job is None else _focus(job, now or time.time())
    if others:
        inside += f'<div class="others"><small>Also in line</small>{"".join(map(_other, others))}</div>'
    return piece(f'<section class="panel job" aria-label="Job">{inside}</section>')


def _focus(job: Job, now: float) -> str:
    percent = round(100 * job.progress)
    elapsed = "" if job.started is None else clock((job.ended or now) - job.started)
    buttons = ""
    if not job.state.ended:
        buttons = button("cancel", "Stop this job", "close", job=job.id)
    elif job.state in (JobState.FAILED, JobState.CANCELLED) and (job.error is None or job.error.retryable):
        buttons = button("retry", "Try again", "again", show=True, style="", job=job.id)
    return (
        f'<div class="row spread"><span class="title clip" title="{escape(job.title)}">{escape(job.title)}</span>'
        f'<span class="row">{chip(job.state.value)}{buttons}</span></div>'
        f'<div class="track {job.state.value}" role="progressbar" aria-label="Progress" aria-valuemin="0" aria-valuemax="100" '
        f'aria-valuenow="{percent}"><i style="width:{percent}%"></i></div>'
        f'<div class="row spread wrap"><span class="note">{escape(_note(job))}</span>'
        f'<span class="note">{_time_left(job)}{elapsed}</span></div>{_reason(job)}'
    )


def _note(job: Job) -> str:
    if job.state is JobState.QUEUED and job.ahead:
        return f"{job.ahead} ahead in line"
    return job.note or {"queued": "about to start", "done": "finished", "cancelled": "stopped"}.get(job.state.value, "")


def _time_left(job: Job) -> str:
    if job.state.ended or job.eta_seconds is None:
        return ""
    return f"about {about(job.eta_seconds)} left · "


def _reason(job: Job) -> str:
    if job.error is None:
        return ""
    hint = f" {prose(job.error.hint)}" if job.error.hint else ""
    return f'<div class="reason" role="alert">{prose(job.error.reason)}{hint}</div>'


def _other(job: Job) -> str:
    buttons = button("focus", "Show this job", "text", job=job.id) + button("cancel", "Stop this job", "close", job=job.id)
    return (
        f'<div class="row spread"><span class="clip">{escape(job.title)}</span><span class="row">{chip(job.state.value)}'
        f'<span class="soft">{round(100 * job.progress)} %</span>{buttons}</span></div>'
    )
