"""The studio's MCP server: the public endpoints as tools over streamable HTTP, behind the same door as everything else.

Gradio has one of its own, which is not used: it calls queued endpoints through a client of its own that comes without a
token, takes files only as addresses that it fetches, and gives results as Python's text. This one calls the endpoints
directly and gives results as JSON and as addresses under the studio.
"""

from __future__ import annotations

import base64
import binascii
import json
import logging
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import anyio
import anyio.to_thread
import gradio as gr
from fastapi import FastAPI
from mcp.server.lowlevel import Server
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp.types import CallToolResult, TextContent, Tool
from starlette.requests import Request
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from api.mcp.tools import INSTRUCTIONS, ToolCall, tools
from api.operations.endpoint import UNEXPECTED
from api.operations.operations import Operations
from api.security.incoming import read_json
from api.security.request_body import gather, replay
from api.security.responses import briefly, send_error
from studio.errors import GreenroomError, InvalidInput, NotFound, storage_error_of
from studio.services import Services

PATH = "/gradio_api/mcp"
CALLS_AT_ONCE = 32
PROGRESS_SECONDS = 5.0
_ENDINGS = {"audio": ".audio", "video": ".video", "image": ".image"}

log = logging.getLogger(__name__)


class McpServer:
    """Answers MCP at `/gradio_api/mcp/`; `running` must be entered while it does.

    Args:
        uploads: where files that come inside a call are put.
        root_path: where a reverse proxy shows the studio, "" without one.
        max_upload_mb: of a whole request, files inside it as they are written there.
    """

    def __init__(
        self, endpoints: Operations, studio: Services, uploads: Path, root_path: str = "", max_upload_mb: int = 500
    ) -> None:
        self._endpoints = endpoints
        self._studio = studio
        self._uploads = uploads
        self._root = root_path
        self._server: Server[Any, Request] = Server("Greenroom", instructions=INSTRUCTIONS)
        self._server.list_tools()(self._list)  # type: ignore[no-untyped-call]
        self._server.call_tool(validate_input=False)(self._call)  # endpoints check their arguments, in our words
        self._manager = StreamableHTTPSessionManager(app=self._server, stateless=True, max_request_body_size=max_upload_mb << 20)

    @cached_property
    def _tools(self) -> dict[str, ToolCall]:
        """Described at the first request: most studios are never asked."""
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
                await send_error(scope, receive, send, 400, str(error))
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
        return [call.tool for call in self._tools.values()]

    async def _call(self, name: str, arguments: dict[str, Any]) -> CallToolResult:
        try:
            found = self._tools.get(name)
            if found is None:
                raise NotFound("call.tool-unknown", tool=name[:80], known=self._tools)
            values = await self._while_telling(lambda: self._run(found, arguments))
            return self._result(values, arguments, name)
        except GreenroomError as error:
            return _told(str(error))
        except gr.Error as error:
            return _told(str(error.message))
        except Exception as error:
            log.exception("The tool %s failed.", name)
            return _told(str(storage_error_of(error) or UNEXPECTED))

    async def _while_telling(self, work: Callable[[], tuple[Any, ...]]) -> tuple[Any, ...]:
        failure: Exception | None = None
        values: tuple[Any, ...] = ()
        async with anyio.create_task_group() as group:
            group.start_soon(self._tell_progress)
            try:
                values = await anyio.to_thread.run_sync(work, limiter=self._limiter)
            except Exception as error:  # kept until the group has ended, which would wrap it
                failure = error
            group.cancel_scope.cancel()
        if failure is not None:
            raise failure
        return values

    async def _tell_progress(self) -> None:
        """Signs of life for a client that asked for them: many give up on a call that is silent for a minute."""
        context = self._server.request_context
        token = context.meta.progressToken if context.meta is not None else None
        if token is None:
            return
        seconds = 0.0
        while True:
            await anyio.sleep(PROGRESS_SECONDS)
            seconds += PROGRESS_SECONDS
            await context.session.send_progress_notification(token, seconds, message=f"at work for {seconds:.0f} s")

    def _run(self, call: ToolCall, arguments: dict[str, Any]) -> tuple[Any, ...]:
        given = {
            key: {"path": self._file(value, key)} if key in call.files and value is not None else value
            for key, value in arguments.items()
        }
        answer = getattr(self._endpoints, call.tool.name)(**given)
        return answer if isinstance(answer, tuple) else (answer,)

    def _file(self, value: Any, field: str) -> str:
        """The path of a file argument, which the endpoint checks again.

        Raises:
            InvalidInput: an address of elsewhere, or base64 that is none.
        """
        if not isinstance(value, str):
            raise InvalidInput("call.not-a-text", field=field)
        if value.startswith("data:"):
            return str(self._stored(value, field))
        own = urlsplit(value)
        name = own.path.rpartition("/media/outputs/")[2] if own.scheme in ("http", "https") else value
        if own.scheme in ("http", "https") and (not name or "/" in name):
            raise InvalidInput("call.file-by-address", field=field)
        try:
            return str(self._studio.library.get(name).path)
        except NotFound:
            return value

    def _stored(self, address: str, field: str) -> Path:
        head, _, body = address.partition(",")
        kind = head.removeprefix("data:").partition("/")[0]
        try:
            if not head.endswith(";base64"):
                raise ValueError
            content = base64.b64decode(body, validate=True)
        except (binascii.Error, ValueError):
            raise InvalidInput("call.no-data-address", field=field) from None
        folder = self._uploads / secrets.token_hex(16)
        folder.mkdir(parents=True)
        path = folder / f"{field}{_ENDINGS.get(kind, '.bin')}"
        path.write_bytes(content)
        return path

    def _result(self, values: tuple[Any, ...], arguments: dict[str, Any], name: str) -> CallToolResult:
        told: list[Any] = []
        for value in values:
            told.append(self._address(value, arguments, name) if isinstance(value, gr.FileData) else value)
        texts = [one if isinstance(one, str) else json.dumps(one, ensure_ascii=False, indent=1) for one in told]
        structured = {"result": told[0] if len(told) == 1 else told}
        return CallToolResult(content=[TextContent(type="text", text=text) for text in texts], structuredContent=structured)

    def _address(self, file: gr.FileData, arguments: dict[str, Any], name: str) -> str:
        """Where a client fetches a file: under the address that it called."""
        request = self._server.request_context.request
        base = f"{request.url.scheme}://{request.headers.get('host', '')}{self._root}" if request is not None else self._root
        if name == "voice_sample":
            return f"{base}/media/voice-samples?voice={quote(str(arguments.get('voice', '')), safe='')}"
        path = Path(file.path)
        for output in self._studio.library.list(limit=None):
            if output.path == path:
                return f"{base}/media/outputs/{quote(output.id, safe='')}"
            if path in output.companions:
                return f"{base}/media/outputs/{quote(output.id, safe='')}/{path.suffix[1:]}"
        return f"{base}/gradio_api/file={quote(str(path))}"


def _told(sentence: str) -> CallToolResult:
    return CallToolResult(content=[TextContent(type="text", text=briefly(sentence))], isError=True)
