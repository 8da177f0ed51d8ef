"""What a job hands to the language service: whether it is to stop, and where it tells what it waits for."""

from __future__ import annotations

from collections.abc import Callable

from studio.errors import Cancelled
from studio.jobs.capability import JobContext
from studio.jobs.model import JobState


def stop_of(context: JobContext) -> Callable[[], bool]:
    """Tells, as often as it is called, whether the job was cancelled; it never raises."""

    def cancelled() -> bool:
        try:
            context.check()
        except Cancelled:
            return True
        return False

    return cancelled


def phases_of(context: JobContext) -> Callable[[str, str], None]:
    """Hears a state by its name and a note, and makes them those of the job."""

    def phase(state: str, note: str) -> None:
        context.phase(JobState(state), note)

    return phase
