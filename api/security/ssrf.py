"""Prevents Gradio from reading addresses and local files that a request names (SSRF).

A value of a call may name a file by an address or by a path, as may the route for files; Gradio would fetch, copy or serve it.
The studio does not send requests to addresses that a request names, and reads only files that were uploaded or made here.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from api.security.incoming import IncomingFiles, is_address, read_json
from api.security.request_body import gather, replay, sized, written
from api.security.responses import RequestRefused, send_error
from studio.errors import InvalidInput
from studio.files import file_within

LONGEST_JSON = 32 * 1024 * 1024
"""Limit of a call's values, in MB; files use the upload, and a book is under two."""

LONGEST_PATH = 1024
LONGEST_NAME = 255
"""Longest part of a path, in bytes; file systems do not support more."""

CALL = "greenroom.call"
"""Key of the parsed body in the scope of a call."""

_FILE = "/gradio_api/file="
_NO_CALLS = ("/gradio_api/upload", "/gradio_api/mcp", "/gradio_api/mcp/")
_CALLS = ("/gradio_api/", "/api/v1/")


class SsrfGuard:
    """Refuses calls and requests that name foreign files or malformed paths.

    Args:
        shown: further folders whose files the page shows.
    """

    def __init__(self, app: ASGIApp, files: IncomingFiles, shown: tuple[Path, ...] = ()) -> None:
        self.app = app
        self.files = files
        self.shown = (files.uploads, files.outputs, *shown)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path: str = scope.get("path", "")
        if scope["type"] != "http":
            await self.app(scope, receive, send)
        elif path.startswith(_FILE):
            await self._file(scope, receive, send, path.removeprefix(_FILE))
        elif _is_odd(path):
            await send_error(scope, receive, send, 404, RequestRefused("request.nothing-here"))
        elif scope["method"] == "POST" and path.startswith(_CALLS) and path not in _NO_CALLS and not _is_form(scope):
            await self._call(scope, receive, send)
        else:
            await self.app(scope, receive, send)

    async def _file(self, scope: Scope, receive: Receive, send: Send, path: str) -> None:
        if is_address(path) and not Path(path).is_absolute():
            await send_error(scope, receive, send, 403, RequestRefused("request.fetches-nothing"))
        elif file_within(path, self.shown) is not None:
            await self.app(scope, receive, send)
        else:
            await send_error(scope, receive, send, 403, RequestRefused("request.file-not-ours"))

    async def _call(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = await gather(receive, LONGEST_JSON)
        if body is None:
            await send_error(scope, receive, send, 413, RequestRefused("request.call-too-large", megabytes=LONGEST_JSON >> 20))
            return
        try:
            call: Any = read_json(body) if body.strip() else {}
            if self.files.check(call):
                body = written(call)
        except InvalidInput as error:
            await send_error(scope, receive, send, 422, error)
            return
        await self.app({**sized(scope, len(body)), CALL: call}, replay(body, receive), send)


def _is_form(scope: Scope) -> bool:
    """Return whether a call of /api/v1 is a form with files; its values are checked where they are read."""
    kind = Headers(scope=scope).get("content-type", "").lower()
    return str(scope["path"]).startswith("/api/v1/") and kind.startswith("multipart/form-data")


def _is_odd(path: str) -> bool:
    """Return whether the path is malformed, so that no file or route can have it."""
    if len(path) > LONGEST_PATH or not path.isprintable():
        return True
    return any(len(name.encode("utf-8", "replace")) > LONGEST_NAME for name in path.split("/"))
