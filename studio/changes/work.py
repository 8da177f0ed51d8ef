"""Current activity for the header of every open page: unfinished jobs, recently finished ones, and the GPU."""

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
    """An unfinished job; `seconds_left` is None if it is unknown."""

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
    """Current activity.

    Args:
        jobs: running ones first, then queued ones.
        ended: latest first.
        gpu: memory in use on the GPU, "" without one.
    """

    jobs: tuple[JobAtWork, ...] = ()
    ended: tuple[EndedJob, ...] = ()
    gpu: str = ""

    def as_dict(self) -> dict[str, object]:
        return asdict(self)


def work_of(studio: Services) -> Work:
    """Return the activity of the newest jobs. Titles are sent to pages only, whose lists show them anyway."""
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
