"""Adapters from a job's context to the callbacks of the language service."""

from __future__ import annotations

from collections.abc import Callable

from studio.errors import Cancelled
from studio.jobs.capability import JobContext
from studio.jobs.model import JobState


def stop_of(context: JobContext) -> Callable[[], bool]:
    """Return a function that tells whether the job was cancelled; it never raises."""

    def cancelled() -> bool:
        try:
            context.check()
        except Cancelled:
            return True
        return False

    return cancelled


def phases_of(context: JobContext) -> Callable[[str, str], None]:
    """Return a function that sets the phase and note of the job."""

    def phase(state: str, note: str) -> None:
        context.phase(JobState(state), note)

    return phase
