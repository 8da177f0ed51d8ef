"""What the studio is doing, for the head of every open page: unfinished jobs, those that ended last, and the graphics card."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from studio.jobs.model import Job
from studio.services import Services
from studio.units import GIB

_LOOKED_AT = 100
_MOST_ENDED = 10
"""Of the jobs that ended last: enough for a page that looks at least every few seconds."""


@dataclass(frozen=True)
class JobAtWork:
    """An unfinished job; `seconds_left` is None while nobody knows."""

    id: str
    title: str
    state: str
    percent: int
    seconds_left: int | None


@dataclass(frozen=True)
class EndedJob:
    id: str
    title: str
    state: str


@dataclass(frozen=True)
class Work:
    """
    Args:
        jobs: running ones first, then those in line. ended: the newest first. gpu: memory of the card in use, "" without one.
    """

    jobs: tuple[JobAtWork, ...] = ()
    ended: tuple[EndedJob, ...] = ()
    gpu: str = ""

    def as_dict(self) -> dict[str, object]:
        return asdict(self)


def work_of(studio: Services) -> Work:
    """Look at the newest jobs. Titles are shown only to pages, which show them in their lists anyway."""
    jobs = studio.jobs.list(limit=_LOOKED_AT)
    active = sorted((job for job in jobs if not job.state.ended), key=lambda job: (job.started is None, job.created))
    ended = sorted((job for job in jobs if job.state.ended), key=lambda job: -(job.ended or job.created))
    return Work(
        tuple(_at_work(job) for job in active),
        tuple(EndedJob(job.id, job.title, job.state.value) for job in ended[:_MOST_ENDED]),
        _gpu(studio) if active else "",
    )


def _at_work(job: Job) -> JobAtWork:
    left = None if job.eta_seconds is None else round(job.eta_seconds)
    return JobAtWork(job.id, job.title, job.state.value, round(100 * job.progress), left)


def _gpu(studio: Services) -> str:
    facts = studio.memory.gpu()
    if facts is None or not facts.total or facts.used is None:
        return ""
    return f"{facts.used / GIB:.0f} of {facts.total / GIB:.0f} GiB"
