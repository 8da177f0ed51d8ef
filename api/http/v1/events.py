"""Server-sent events: the progress of a job, and the answer of a call that waits for it.

Each event contains the complete job, so a missed one does no harm. Its id is the job's version: a client that reconnects sends
the last id that it has seen, and gets newer events. A comment keeps an idle connection open.

Source: https://html.spec.whatwg.org/multipage/server-sent-events.html
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from api.http.v1.feed import JobFeed
from api.operations.answers.jobs import JobAnswer
from api.operations.calling import Operations
from api.operations.files import Links
from api.problems import problem_response
from studio.errors import GreenroomError, NotFound
from studio.jobs.model import Job

EVENTS = "text/event-stream"
HEARTBEAT_SECONDS = 15.0
RETRY = "retry: 2000\n\n"
HEARTBEAT = ": at work\n\n"
MOST_STREAMS = 100
HEADERS = {"cache-control": "no-store", "x-accel-buffering": "no"}


class JobEvents:
    """`GET /api/v1/jobs/{id}/events`.

    Args:
        links: returns the addresses of files as the client of a request reaches them.
    """

    def __init__(self, operations: Operations, feed: JobFeed, links: Callable[[Request], Links]) -> None:
        self._operations, self._feed, self._links = operations, feed, links
        self._jobs = operations.context.studio.jobs
        self._open = 0

    async def answer(self, request: Request) -> Response:
        try:
            job = await run_in_threadpool(self._jobs.get, request.path_params["job_id"])
            seen = _version(request)
            if job.state.ended and job.version <= seen:
                return Response(status_code=204)  # 204 tells a browser not to reconnect
            if self._open >= MOST_STREAMS:
                raise GreenroomError("call.too-many-streams", retryable=True)
        except GreenroomError as error:
            return problem_response(error)
        return StreamingResponse(self._stream(job, seen, self._links(request)), media_type=EVENTS, headers=HEADERS)

    async def _stream(self, job: Job, seen: int, links: Links) -> AsyncIterator[str]:
        self._open += 1
        try:
            yield RETRY
            while True:
                counter = self._feed.counter()
                if job.version > seen:
                    yield job_event(job, links)
                    seen = job.version
                if job.state.ended or self._operations.closing.is_set():
                    return
                await self._feed.wait(counter, HEARTBEAT_SECONDS)
                if self._feed.counter() == counter:
                    yield HEARTBEAT
                job = await run_in_threadpool(self._jobs.get, job.id)
        except NotFound:
            return  # removed meanwhile
        finally:
            self._open -= 1


def job_event(job: Job, links: Links) -> str:
    return event("job", JobAnswer.of(job, links).model_dump(mode="json", exclude_unset=True), str(job.version))


def event(name: str, value: Any, number: str = "") -> str:
    """Return one event with a value as JSON."""
    head = f"id: {number}\n" if number else ""
    return f"{head}event: {name}\ndata: {json.dumps(value, ensure_ascii=False)}\n\n"


def _version(request: Request) -> int:
    """Return the version of the last event that the client has seen, or -1."""
    told = request.headers.get("last-event-id") or request.query_params.get("last_event_id", "")
    return int(told) if told.isascii() and told.isdigit() and len(told) < 18 else -1
