"""The error that is stored with a job whose work ended in an exception."""

from __future__ import annotations

import logging
import secrets

from studio.errors import GreenroomError, storage_error_of
from studio.jobs.model import JobError

log = logging.getLogger(__name__)


def job_error(error: BaseException, job_id: str) -> JobError:
    """Return the message for any exception: errors of the studio keep theirs, for others only the type is named.

    The text of a foreign exception may contain paths and secrets, so it is written to the log only, with a mark that the hint
    names.
    """
    if isinstance(error, GreenroomError):
        log.info("Job %s failed [%s]: %s", job_id, error.code, error)
        return JobError.of(error)
    mark = f"E-{secrets.token_hex(3)}"
    log.error("Job %s failed unexpectedly (%s)", job_id, mark, exc_info=error)
    if (storage := storage_error_of(error)) is not None:
        return JobError.of(storage)
    if isinstance(error, MemoryError):
        return JobError.of(GreenroomError("job.memory-of-studio", retryable=True))
    return JobError.of(GreenroomError("job.mistake", retryable=True, kind=type(error).__name__, mark=mark))


def crash_error() -> JobError:
    """Return the error of a job during which the server crashed too often."""
    return JobError.of(GreenroomError("job.crash-loop", retryable=True))
