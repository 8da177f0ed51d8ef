"""Asking for the transcript of a voice that was saved without one."""

from __future__ import annotations

import logging

from studio.errors import GreenroomError
from studio.jobs.model import Job
from studio.jobs.service import JobService
from studio.voices.model import Voice

log = logging.getLogger(__name__)


def submit_transcript_job(jobs: JobService, voice: Voice) -> Job | None:
    """Start the job that writes down what is said in a fresh voice; None where it has a transcript or nothing can listen.

    Saving a voice must not fail because no recogniser is ready, so what stands in the way is only logged.
    """
    if voice.transcript:
        return None
    try:
        return jobs.submit("voice_transcript", {"voice": voice.name})
    except GreenroomError as error:
        log.info("No transcript is made: %s", error)
        return None
