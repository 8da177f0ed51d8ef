"""Compression of answers: gzip for text, and a cache of the page's compressed HTML.

Streams and compressed formats are sent unchanged: events, sound, video, pictures, archives, byte ranges, and downloads of
unknown type.
"""

from __future__ import annotations

import gzip
import hashlib
from collections import OrderedDict
from dataclasses import dataclass

from starlette.datastructures import Headers
from starlette.middleware.gzip import DEFAULT_EXCLUDED_CONTENT_TYPES, GZipMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.http.page_copy import packed_page

SMALLEST = 1000
LEVEL, BEST = 5, 9
UNTOUCHED = (*DEFAULT_EXCLUDED_CONTENT_TYPES, "application/octet-stream", "font/*")
PAGES_KEPT = 16
"""Number of cached pages; Gradio writes the host name into the page, so each name has its own."""

_NAMES = ("host", "x-forwarded-host", "x-forwarded-proto", "x-gradio-server")
"""Headers from which Gradio derives the page's address."""


class Compression(GZipMiddleware):
    """Starlette's middleware with the studio's exclusions."""

    def __init__(self, app: ASGIApp) -> None:
        super().__init__(app, minimum_size=SMALLEST, compresslevel=LEVEL, exclude_content_types=UNTOUCHED)


@dataclass(frozen=True)
class _Page:
    body: bytes
    packed: bytes
    content_type: bytes
    etag: bytes


class PageCache:
    """Caches the page's HTML. Gradio generates half a megabyte for each visit, and it does not change while the server runs.

    The query (a tab, a section, a job) is used by the page's script only, so the page does not depend on it; it is removed
    because Gradio would interpret a `page` in it and fail. Browsers revalidate with an ETag. `head` is inserted at the
    beginning of the page's head; Gradio would insert it by script after the first paint. It contains the script that expands
    the packed configuration (page_copy.py). Use it on the event loop only. The page contains nothing about the client, and
    authorization was checked before.
    """

    def __init__(self, app: ASGIApp, head: str = "") -> None:
        self._app, self._head = app, head.encode()
        self._pages: OrderedDict[tuple[str, ...], _Page] = OrderedDict()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] != "/" or scope["method"] != "GET":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        named = (scope["scheme"], *(headers.get(name, "") for name in _NAMES))
        page = self._pages.get(named)
        if page is None:
            page = await self._made(scope, receive, send)
            if page is None:
                return
            self._pages[named] = page
            while len(self._pages) > PAGES_KEPT:
                self._pages.popitem(last=False)
        await _give(page, headers, send)

    async def _made(self, scope: Scope, receive: Receive, send: Send) -> _Page | None:
        """Return the page from the application, or None if it gave another answer, which is then sent."""
        plain = {
            **scope,
            "query_string": b"",
            "headers": [one for one in scope["headers"] if one[0] not in (b"accept-encoding", b"if-none-match")],
        }
        answer: list[Message] = []

        async def hold(message: Message) -> None:
            answer.append(message)

        await self._app(plain, receive, hold)
        content_type = Headers(raw=answer[0]["headers"]).get("content-type", "")
        if answer[0]["status"] != 200 or not content_type.startswith("text/html"):
            for message in answer:
                await send(message)
            return None
        written = packed_page(b"".join(message.get("body", b"") for message in answer[1:]))
        body = written.replace(b"<head>", b"<head>" + self._head, 1)
        etag = f'"{hashlib.sha256(body).hexdigest()[:24]}"'.encode()
        return _Page(body, gzip.compress(body, BEST), content_type.encode(), etag)


async def _give(page: _Page, asked: Headers, send: Send) -> None:
    known = asked.get("if-none-match", "").removeprefix("W/").encode() == page.etag
    packs = "gzip" in asked.get("accept-encoding", "")
    body = b"" if known else page.packed if packs else page.body
    headers = [(b"etag", page.etag), (b"cache-control", b"private, no-cache"), (b"vary", b"Accept-Encoding")]
    if not known:
        headers += [(b"content-type", page.content_type), (b"content-length", str(len(body)).encode())]
        if packs:
            headers.append((b"content-encoding", b"gzip"))
    await send({"type": "http.response.start", "status": 304 if known else 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})
