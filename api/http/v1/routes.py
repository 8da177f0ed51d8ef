"""`/api/v1/…`: every public call by its name, uploads, events of a job, and the OpenAPI document."""

from __future__ import annotations

import contextlib
import functools
import json
import logging
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from functools import cached_property
from typing import Any

import anyio
import anyio.to_thread
from fastapi import FastAPI
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from api.http.v1.arguments import arguments_of, read_form, stored
from api.http.v1.events import EVENTS, HEADERS, HEARTBEAT, HEARTBEAT_SECONDS, JobEvents, event, job_event
from api.http.v1.feed import JobFeed
from api.http.v1.openapi import document
from api.operations.calling import Operations
from api.operations.files import Links
from api.operations.operation import Operation
from api.operations.registry import OPERATIONS
from api.problems import problem_of, problem_response, unexpected
from studio.errors import GreenroomError, InvalidInput, NotFound, storage_error_of
from studio.jobs.model import Job

PREFIX = "/api/v1"
WAITING_AT_ONCE = 64
"""Maximum number of calls that wait for a job, each in a thread. Further ones get an error that suggests `submit`."""
CALLS_AT_ONCE = 24

log = logging.getLogger(__name__)
Handler = Callable[[Request], Awaitable[Response]]


class HttpApi:
    """The routes over one open studio.

    Args:
        root_path: where a reverse proxy shows the studio, "" without one.
    """

    def __init__(self, operations: Operations, root_path: str = "") -> None:
        self._operations = operations
        self._root = root_path
        self._waiting = threading.BoundedSemaphore(WAITING_AT_ONCE)
        self._feed = JobFeed(operations.context.studio.jobs)

    def add_routes(self, app: FastAPI) -> None:
        """Declare the routes, before Gradio is mounted at "/"."""
        routes = [
            Route(f"{PREFIX}/openapi.json", self._document),
            Route(f"{PREFIX}/uploads", _in_words(self._upload), methods=["POST"]),
            Route(f"{PREFIX}/jobs/{{job_id}}/events", JobEvents(self._operations, self._feed, self._links).answer),
        ]
        for operation in OPERATIONS.values():
            handler = functools.partial(self._call, operation)
            methods = ["GET", "POST"] if operation.by_get else ["POST"]
            routes.append(Route(f"{PREFIX}/{operation.name}", _in_words(handler), methods=methods))
        routes.append(Route(f"{PREFIX}/{{name:path}}", _in_words(_no_such_call), methods=["GET", "POST"]))
        app.router.routes.extend(routes)

    # Calls

    async def _call(self, operation: Operation, request: Request) -> Response:
        arguments = await arguments_of(request, operation, self._operations.files)
        links, gone = self._links(request), threading.Event()
        if not operation.waits:
            body = await anyio.to_thread.run_sync(self._answer, operation, arguments, links, limiter=self._limiter)
            return Response(body, media_type="application/json")
        if not self._waiting.acquire(blocking=False):
            raise GreenroomError("call.busy", retryable=True)
        if EVENTS in request.headers.get("accept", ""):
            return StreamingResponse(self._told(operation, arguments, links), media_type=EVENTS, headers=HEADERS)
        try:
            body = await self._waited(operation, arguments, links, gone, request)
        finally:
            self._waiting.release()
        return Response(body, media_type="application/json")

    def _answer(self, operation: Operation, arguments: Mapping[str, Any], links: Links, **more: Any) -> bytes:
        answer = self._operations.call(operation.name, arguments, links=links, **more)
        return json.dumps(operation.as_json(answer), ensure_ascii=False).encode()

    async def _waited(
        self, operation: Operation, arguments: Mapping[str, Any], links: Links, gone: threading.Event, request: Request
    ) -> bytes:
        """Return the answer of a call that waits. If the client disconnects, the thread ends and the job continues."""
        failure: GreenroomError | None = None
        body = b""
        async with anyio.create_task_group() as group:
            group.start_soon(_set_when_left, request, gone)
            work = functools.partial(self._answer, operation, arguments, links, gone=gone)
            try:
                body = await anyio.to_thread.run_sync(work, limiter=self._long_limiter)
            except GreenroomError as error:  # the task group would wrap the exception, so it is raised after the group has ended
                failure = error
            group.cancel_scope.cancel()
        if failure is not None:
            raise failure
        return body

    async def _told(self, operation: Operation, arguments: Mapping[str, Any], links: Links) -> AsyncIterator[str]:
        """Yield events of the job that a call waits for, and then its result or its error."""
        gone = threading.Event()
        send, receive = anyio.create_memory_object_stream[str](1000)

        def follow(job: Job) -> None:
            anyio.from_thread.run_sync(_put, send, job_event(job, links))

        def work() -> str:
            try:
                answer = self._operations.call(operation.name, arguments, links=links, follow=follow, gone=gone)
                return event("result", operation.as_json(answer))
            except GreenroomError as error:
                return event("error", problem_of(error))

        async def run() -> None:
            async with send:
                await send.send(await anyio.to_thread.run_sync(work, limiter=self._long_limiter, abandon_on_cancel=True))

        try:
            async with anyio.create_task_group() as group:
                group.start_soon(run)
                async with receive:
                    while True:
                        told = HEARTBEAT
                        with anyio.move_on_after(HEARTBEAT_SECONDS):
                            try:
                                told = await receive.receive()
                            except anyio.EndOfStream:
                                break
                        yield told
        finally:
            gone.set()
            self._waiting.release()

    # The rest

    async def _upload(self, request: Request) -> Response:
        """Store the files of a form and answer with the references by which calls name them."""
        form = await read_form(request)
        try:
            sent = [one for _, one in form.multi_items() if isinstance(one, UploadFile)]
            if not sent:
                raise InvalidInput("call.no-file-sent")
            kept = [
                {
                    "file": await run_in_threadpool(stored, one, self._operations.files),
                    "name": one.filename or "",
                    "size": one.size or 0,
                }
                for one in sent
            ]
        finally:
            await form.close()
        return JSONResponse({"files": kept})

    async def _document(self, request: Request) -> Response:
        return Response(self._written, media_type="application/json")

    @cached_property
    def _written(self) -> bytes:
        return json.dumps(document(self._root), ensure_ascii=False).encode()

    def _links(self, request: Request) -> Links:
        return Links(f"{request.url.scheme}://{request.headers.get('host', '')}{self._root}")

    @cached_property
    def _limiter(self) -> anyio.CapacityLimiter:
        return anyio.CapacityLimiter(CALLS_AT_ONCE)

    @cached_property
    def _long_limiter(self) -> anyio.CapacityLimiter:
        return anyio.CapacityLimiter(WAITING_AT_ONCE)


def _in_words(handler: Handler) -> Handler:
    """Return a handler that answers errors as problem details."""

    @functools.wraps(handler)
    async def answered(request: Request) -> Response:
        try:
            return await handler(request)
        except GreenroomError as error:
            return problem_response(error)
        except ClientDisconnect:
            raise
        except OSError as error:
            log.exception("A call could not be answered.")
            return problem_response(storage_error_of(error) or unexpected())

    return answered


async def _no_such_call(request: Request) -> Response:
    raise NotFound("call.operation-unknown", call=str(request.path_params["name"])[:60])


async def _set_when_left(request: Request, gone: threading.Event) -> None:
    while True:
        message = await request.receive()
        if message["type"] == "http.disconnect":
            gone.set()
            return


def _put(stream: Any, told: str) -> None:
    """Drop progress events for a slow client; the next one contains everything."""
    with contextlib.suppress(anyio.WouldBlock, anyio.BrokenResourceError, anyio.ClosedResourceError):
        stream.send_nowait(told)
