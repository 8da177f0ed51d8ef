"""Outputs of the library as results of a job."""

from __future__ import annotations

from studio.jobs.model import JobOutput
from studio.library import Library, LibraryOutput


def finished_video(library: Library, job_id: str) -> LibraryOutput | None:
    """Return the video that an earlier attempt at a job has added to the library, if the server ended just after that."""
    return next((output for output in library.list(limit=None, kinds=("video",)) if output.job == job_id), None)


def as_job_output(output: LibraryOutput) -> JobOutput:
    return JobOutput(output.id, str(output.path), output.kind)
