"""Keeps Gradio from fetching things from elsewhere, and shuts those of its routes that the studio has no use for.

A value of a call may name a file by an address, and the route for files takes one too; Gradio would fetch it, from public
hosts at least. Nothing here asks another machine for something because a request says so.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from starlette.types import ASGIApp, Receive, Scope, Send

from api.security.request_body import gather, replay
from api.security.responses import send_error

LONGEST_JSON = 32 * 1024 * 1024
"""Of a call's values; files go through the upload, and a book is under two."""

_ADDRESS = re.compile(r"\s*(?:[a-z][a-z0-9+.-]*:|[\\/]{2})", re.IGNORECASE)
_FETCHING = re.compile(
    r"/gradio_api/(?:file=|file/|stream/|custom_component/)\s*(?:[a-z][a-z0-9+.-]*:|[\\/]{2}).*", re.IGNORECASE | re.DOTALL
)
_UNUSED = re.compile(
    r"/gradio_api/(?:proxy=.*|vibe-.*|undo-vibe-.*|dev/.*|deep_link|runs/?|run-history/.*|profiling/.*)|/monitoring(?:/.*)?",
    re.DOTALL,
)
_CALLS = re.compile(r"/gradio_api/(?:run|api|call|queue|component_server|stream|process_recording|reset|cancel)\b.*", re.DOTALL)


class SsrfGuard:
    """Refuse calls that name a file by an address, and Gradio's routes for fetching, editing, sharing and watching."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        if _FETCHING.fullmatch(scope["path"]):
            await send_error(scope, receive, send, 403, "The studio fetches nothing from elsewhere.")
        elif _UNUSED.fullmatch(scope["path"]):
            await send_error(scope, receive, send, 404, "The studio has no such page.")
        elif scope["method"] == "POST" and _CALLS.fullmatch(scope["path"]):
            await self._call(scope, receive, send)
        else:
            await self.app(scope, receive, send)

    async def _call(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = await gather(receive, LONGEST_JSON)
        if body is None:
            await send_error(scope, receive, send, 413, f"A call may hold {LONGEST_JSON >> 20} MB; upload files instead.")
            return
        try:
            foreign = next(_foreign_files(json.loads(body)), None) if body else None
        except RecursionError:
            await send_error(scope, receive, send, 422, "The body of this call is nested too deeply.")
            return
        except ValueError:
            foreign = None  # no JSON: a form, or something that is refused further in
        if foreign is not None:
            await send_error(scope, receive, send, 422, "A file must be uploaded; the studio fetches none from an address.")
            return
        await self.app(scope, replay(body, receive), send)


def _foreign_files(value: Any) -> Iterator[str]:
    """Every path of a file in `value` that is an address: a scheme, or a share of another machine."""
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict):
            path = one.get("path")
            if isinstance(path, str) and _ADDRESS.match(path):
                yield path
            waiting.extend(one.values())
        elif isinstance(one, list):
            waiting.extend(one)
