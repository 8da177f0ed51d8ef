"""Calls about jobs: how far they are, and what is to become of them."""

from __future__ import annotations

from pydantic import Field

from api.operations.answers.jobs import JobAnswer, JobEventAnswer, JobHistory
from api.operations.context import OperationContext
from api.operations.operation import Access, Group, Input
from studio.errors import InvalidInput, NotFound

GROUP = Group("jobs", "Jobs", "How far jobs are, what they left, and what is to become of them.")
MOST_LISTED = 1000


class JobId(Input):
    job_id: str = Field(description="The id that `submit` gave.")


class JobsInput(Input):
    state: str = Field(
        "", description="queued, waiting, loading, running, done, failed, cancelled or interrupted; empty for all."
    )
    limit: int = Field(50, description="At most so many, 1 to 1000.")
    kind: str = Field("", description="voiceover, lip_sync and so on; empty for all.")
    text: str = Field("", description="To be found in the title or the id.")


class MoveInput(Input):
    job_id: str = Field(description='The id of a job in the state "queued".')
    place: int = Field(1, description="1 is the next to run; a large number is the last.")


@GROUP.operation(Access.READS, errors=(NotFound,), example={"job_id": "JOB"})
def job(context: OperationContext, call: JobId) -> JobAnswer:
    """State, progress, outputs and error of one job."""
    return context.job(context.studio.jobs.get(call.job_id))


@GROUP.operation(Access.READS, example={"state": "done", "limit": 10})
def jobs(context: OperationContext, call: JobsInput) -> list[JobAnswer]:
    """The studio's jobs with their states and results, newest first; also those that others began."""
    states, kinds = (call.state,) if call.state else (), (call.kind,) if call.kind else ()
    found = context.studio.jobs.list(states, kinds, within(call.limit, MOST_LISTED), call.text)
    return [context.job(one) for one in found]


@GROUP.operation(Access.DELETES, errors=(NotFound,), example={"job_id": "JOB"})
def cancel(context: OperationContext, call: JobId) -> JobAnswer:
    """Stop a job, whether it waits or runs."""
    return context.job(context.studio.jobs.cancel(call.job_id))


@GROUP.operation(Access.WRITES, errors=(NotFound,), example={"job_id": "ENDED"})
def retry(context: OperationContext, call: JobId) -> JobAnswer:
    """Hand in the work of an ended job again, as a new job; what the old one had rendered is used again."""
    return context.job(context.studio.jobs.retry(call.job_id))


@GROUP.operation(Access.WRITES, tool=False, errors=(NotFound,), example={"job_id": "QUEUED", "place": 1})
def move_job(context: OperationContext, call: MoveInput) -> JobAnswer:
    """Give a queued job another place in its queue."""
    if not 1 <= call.place <= 1_000_000:
        raise InvalidInput("job.place-wrong", place=call.place)
    return context.job(context.studio.jobs.move(call.job_id, call.place))


@GROUP.operation(Access.DELETES, errors=(NotFound,), example={"job_id": "ENDED"})
def remove_job(context: OperationContext, call: JobId) -> JobAnswer:
    """Take an ended job off the list; its outputs stay."""
    found = context.studio.jobs.get(call.job_id)
    context.studio.jobs.remove(call.job_id)
    return context.job(found)


@GROUP.operation(Access.READS, errors=(NotFound,), example={"job_id": "JOB"})
def job_history(context: OperationContext, call: JobId) -> JobHistory:
    """What a job cost and what happened to it: seconds of work, the most GiB one engine held, its history."""
    found = context.studio.jobs.get(call.job_id)
    events = [JobEventAnswer(at=one.at, kind=one.kind, data=one.data) for one in context.studio.jobs.events(found.id)]
    return JobHistory(
        id=found.id,
        work_seconds=round(found.work_seconds, 3),
        peak_gib=round(found.peak_gib, 3),
        ahead=found.ahead,
        events=events,
    )


def within(given: int, most: int) -> int:
    """
    Raises:
        InvalidInput: not 1 to `most`.
    """
    if not 1 <= given <= most:
        raise InvalidInput("call.limit-wrong", limit=given, most=most)
    return given
