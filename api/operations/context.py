"""What the function of a public call works with."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from api.operations.answers.jobs import JobAnswer
from api.operations.files import FileInputs, FileRef, Links
from studio.callbacks import no_op
from studio.errors import Cancelled, GreenroomError, NotFound
from studio.jobs.model import Job, JobState
from studio.services import Services
from studio.voices.preview import VoicePreviews

WAIT_SECONDS = 0.5
"""Seconds after which a waiting call notices that its client disconnected."""


@dataclass(frozen=True)
class OperationContext:
    """The studio and the client of one call.

    Attributes:
        links: addresses of files as this client reaches them; None if paths are returned. follow: called with the job that a
            call waits for, after each change.
        gone: set when the client has disconnected. closing: set when the studio closes.
    """

    studio: Services
    previews: VoicePreviews
    files: FileInputs
    closing: threading.Event
    links: Links | None = None
    follow: Callable[[Job], object] = no_op
    gone: threading.Event = field(default_factory=threading.Event)

    def finished(self, kind: str, spec: dict[str, object]) -> Job:
        """Submit a job and wait for it. The job continues if the client disconnects or the call is interrupted.

        Raises:
            GreenroomError: the job failed or was cancelled.
        """
        job = self.studio.jobs.submit(kind, spec)
        seen = -1
        while not job.state.ended:
            if self.closing.is_set() or self.gone.is_set():
                raise GreenroomError("studio.closing-job-goes-on", retryable=True, job=job.id)
            if job.version != seen:
                self.follow(job)
                seen = job.version
            self.studio.jobs.wait_for_change(self.studio.jobs.change_counter(), WAIT_SECONDS)
            job = self.studio.jobs.get(job.id)
        self.follow(job)
        if job.state is JobState.CANCELLED:
            raise Cancelled("job.was-cancelled", job=job.id)
        if job.error is not None:
            raise job.error.raised()
        return job

    def job(self, job: Job) -> JobAnswer:
        return JobAnswer.of(job, self.links)

    def output(self, job: Job, kind: str) -> FileRef:
        """Return the first file of a finished job of this kind.

        Raises:
            NotFound: there is none.
        """
        for output in job.outputs:
            if output.kind == kind:
                path = Path(output.path)
                return Links().file(path, (self.links or Links()).output(output.id, path))
        raise NotFound("job.no-such-file", job=job.id, kind=kind)

    def file(self, path: Path, route: str) -> FileRef:
        """Return a reference to a file that is served at `route`."""
        return (self.links or Links()).file(path, route)
