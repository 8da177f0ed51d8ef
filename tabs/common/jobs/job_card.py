"""The job card of every tab, drawn from the job's row only."""

from __future__ import annotations

import time
from collections.abc import Sequence

from studio.jobs.model import Job, JobState
from tabs.common.formats import about, clock
from tabs.common.templating import render


def job_card(job: Job | None, others: Sequence[Job] = (), now: float | None = None) -> str:
    """Return the HTML of the card.

    Args:
        job: the job in focus, or None.
        others: further unfinished jobs, each with a stop button.
        now: seconds since the epoch, for the clock.
    """
    if job is None:
        return render("common/jobs/job_card.html", job=None, others=others)
    return render(
        "common/jobs/job_card.html",
        job=job,
        others=others,
        may_retry=job.state in (JobState.FAILED, JobState.CANCELLED) and (job.error is None or job.error.retryable),
        note=_note(job),
        time_left=_time_left(job),
        elapsed="" if job.started is None else clock((job.ended or now or time.time()) - job.started),
    )


def job_bar(job: Job | None) -> str:
    """Return the HTML of one line about the job, for the bar with the buttons; "" without a job."""
    return "" if job is None else render("common/jobs/job_bar.html", job=job, note=_note(job), time_left=_time_left(job))


def _note(job: Job) -> str:
    if job.state is JobState.QUEUED and job.ahead:
        return f"{job.ahead} ahead in line"
    return job.note or {"queued": "about to start", "done": "finished", "cancelled": "stopped"}.get(job.state.value, "")


def _time_left(job: Job) -> str:
    if job.state.ended or job.eta_seconds is None:
        return ""
    return f"about {about(job.eta_seconds)} left · "
