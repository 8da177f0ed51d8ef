"""The studio's MCP server: public calls as tools over streamable HTTP, with the same protection as other routes.

Gradio's MCP server is not used: it calls queued endpoints through a client without the token, accepts files only as addresses
that it fetches, and returns results as Python's repr. This one calls the operations directly and returns results as JSON with
addresses of the studio.

It uses the SDK's low-level server. The high-level one (FastMCP) derives tools from functions: it validates their arguments
first and with its own messages, prefixes every error with "Error executing tool", and cannot limit the size of a request's
body.
"""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cached_property
from typing import Any

import anyio
import anyio.to_thread
from fastapi import FastAPI
from mcp.server.lowlevel import Server
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp.types import CallToolResult, TextContent, Tool
from starlette.requests import Request
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from api.mcp.tools import INSTRUCTIONS, tools
from api.operations.calling import Operations
from api.operations.files import FileRef, Links
from api.operations.registry import OPERATIONS
from api.problems import briefly, problem_of
from api.security.incoming import read_json
from api.security.request_body import gather, replay
from api.security.responses import send_error
from studio.errors import GreenroomError, InvalidInput, NotFound
from studio.jobs.model import Job

PATH = "/gradio_api/mcp"
CALLS_AT_ONCE = 32
PROGRESS_SECONDS = 5.0

log = logging.getLogger(__name__)


class McpServer:
    """The MCP server at `/gradio_api/mcp/`. `running` must be active while it serves.

    Args:
        root_path: where a reverse proxy shows the studio, "" without one.
        max_upload_mb: limit of a request, including encoded files.
    """

    def __init__(self, operations: Operations, root_path: str = "", max_upload_mb: int = 500) -> None:
        self._operations = operations
        self._root = root_path
        self._server: Server[Any, Request] = Server("Greenroom", instructions=INSTRUCTIONS)
        self._server.list_tools()(self._list)  # type: ignore[no-untyped-call]
        self._server.call_tool(validate_input=False)(self._call)  # the operations validate their arguments, with our messages
        self._manager = StreamableHTTPSessionManager(app=self._server, stateless=True, max_request_body_size=max_upload_mb << 20)

    @cached_property
    def _tools(self) -> dict[str, Tool]:
        """Created at the first request, because most studios get none."""
        return tools()

    def add_routes(self, app: FastAPI) -> None:
        """Declare the routes, with and without the slash; before Gradio is mounted at "/"."""
        for path in (PATH, f"{PATH}/"):
            app.router.routes.append(Route(path, endpoint=self))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] == "POST":
            body = await gather(receive)
            if body is None:
                return
            try:
                read_json(body)
            except InvalidInput as error:
                await send_error(scope, receive, send, 400, error)
                return
            receive = replay(body, receive)
        await self._manager.handle_request(scope, receive, send)

    @asynccontextmanager
    async def running(self, app: FastAPI) -> AsyncIterator[None]:
        """For the application's lifespan."""
        self._limiter = anyio.CapacityLimiter(CALLS_AT_ONCE)
        async with self._manager.run():
            yield

    async def _list(self) -> list[Tool]:
        return list(self._tools.values())

    async def _call(self, name: str, arguments: dict[str, Any]) -> CallToolResult:
        try:
            if name not in self._tools:
                raise NotFound("call.tool-unknown", tool=name[:80], known=self._tools)
            return _result(name, await self._while_telling(name, arguments))
        except GreenroomError as error:
            return _refused(error)

    async def _while_telling(self, name: str, arguments: dict[str, Any]) -> Any:
        """Return the answer; meanwhile report progress to a client that requests it."""
        failure: GreenroomError | None = None
        answer: Any = None
        telling, links = _CallProgress(self._server), self._links()

        def work() -> Any:
            return self._operations.call(name, arguments, links=links, follow=telling.follow)

        async with anyio.create_task_group() as group:
            group.start_soon(telling.run)
            try:
                answer = await anyio.to_thread.run_sync(work, limiter=self._limiter)
            except GreenroomError as error:  # kept until the group has ended, which would wrap it
                failure = error
            group.cancel_scope.cancel()
        if failure is not None:
            raise failure
        return answer

    def _links(self) -> Links:
        """Return links relative to the address that the client used."""
        request = self._server.request_context.request
        return Links(
            f"{request.url.scheme}://{request.headers.get('host', '')}{self._root}" if request is not None else self._root
        )


class _CallProgress:
    """Reports progress to the client of the current call, at intervals that also prevent time-outs: many clients give up after
    a minute without a message."""

    def __init__(self, server: Server[Any, Request]) -> None:
        self._context = server.request_context
        self._lock = threading.Lock()
        self._job: Job | None = None

    def follow(self, job: Job) -> None:
        with self._lock:
            self._job = job

    async def run(self) -> None:
        token = self._context.meta.progressToken if self._context.meta is not None else None
        if token is None:
            return
        seconds = 0.0
        while True:
            await anyio.sleep(PROGRESS_SECONDS)
            seconds += PROGRESS_SECONDS
            with self._lock:
                job = self._job
            note = f": {job.note}" if job is not None and job.note else ""
            done = f" {100 * job.progress:.0f} % done," if job is not None else ""
            words = f"{done} at work for {seconds:.0f} s{note}".strip()
            await self._context.session.send_progress_notification(token, seconds, message=words)


def _result(name: str, answer: Any) -> CallToolResult:
    """Return the answer as text, with files as addresses, and as structured content."""
    operation = OPERATIONS[name]
    parts = [getattr(answer, part) for part in type(answer).model_fields] if operation.parts else [answer]
    told = operation.as_json(answer)
    plain = list(told.values()) if operation.parts else [told]
    values = [one.url if isinstance(one, FileRef) else value for one, value in zip(parts, plain, strict=True)]
    texts = [one if isinstance(one, str) else json.dumps(one, ensure_ascii=False, indent=1) for one in values]
    structured = {"result": values[0] if len(values) == 1 else values}
    return CallToolResult(content=[TextContent(type="text", text=text) for text in texts], structuredContent=structured)


def _refused(error: GreenroomError) -> CallToolResult:
    """Return the error as a sentence for the model, and as problem details with the code for the client."""
    return CallToolResult(
        content=[TextContent(type="text", text=briefly(str(error)))], structuredContent={"error": problem_of(error)}, isError=True
    )
