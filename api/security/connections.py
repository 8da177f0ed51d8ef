"""Limits for connections: the size of a request's head, the time for it, and the number of connections.

These limits apply before all middleware, which sees a request only after its head has been read.
"""

from __future__ import annotations

import asyncio
import json
import resource
from asyncio.events import TimerHandle
from http import HTTPStatus
from typing import NoReturn

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from api.security.responses import RequestRefused, told_in_short

LONGEST_HEAD = 64 * 1024
"""Limit for the request line and headers together, in bytes; browsers send up to eight thousand bytes of cookies for a host."""

MOST_HEADERS = 200
HEAD_SECONDS = 20.0
CLOSING_SECONDS = 2.0
MOST_CONNECTIONS = 1000
SPARE_FILES = 160
"""File descriptors reserved for databases, workers and pipes."""


def most_connections() -> int:
    """Return the maximum number of connections under this process's limit of open files."""
    allowed, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return MOST_CONNECTIONS if allowed == resource.RLIM_INFINITY else max(32, min(MOST_CONNECTIONS, allowed - SPARE_FILES))


class BoundedHttp(HttpToolsProtocol):
    """uvicorn's httptools protocol with limits. A connection that exceeds one gets an error and is closed. Everything that the
    parser buffers counts: a request's head, but also trailers and chunk sizes.
    """

    head_seconds = HEAD_SECONDS
    most = most_connections()

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        self._unread = self._head = self._count = 0
        self._timer: TimerHandle | None = None
        self._trouble: tuple[int, RequestRefused] | None = None
        self._refused = False
        super().connection_made(transport)
        self._wait_for_a_head()
        if len(self.connections) > self.most:
            self._refuse(503, RequestRefused("request.too-many-connections", retryable=True))

    def connection_lost(self, exc: Exception | None) -> None:
        self._head_is_there()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._refused or self.transport.is_closing():
            return
        self._unread += len(data)
        if self.cycle is None or self.cycle.response_complete:
            self._wait_for_a_head()
        super().data_received(data)
        if self._unread > LONGEST_HEAD and not (self._refused or self.transport.is_closing()):
            self._refuse(431, RequestRefused("request.head-too-long", kilobytes=LONGEST_HEAD >> 10))

    # Callbacks of the parser

    def on_message_begin(self) -> None:
        self._head = self._count = 0
        super().on_message_begin()

    def on_url(self, url: bytes) -> None:
        self._counted(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        self._count += 1
        self._counted(len(name) + len(value))
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        self._unread = 0
        self._head_is_there()
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self._unread = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._unread = 0
        super().on_message_complete()

    # Limits

    def _counted(self, length: int) -> None:
        self._head += length
        if self._count > MOST_HEADERS:
            self._stop(431, RequestRefused("request.too-many-headers", most=MOST_HEADERS))
        if self._head > LONGEST_HEAD:
            self._stop(431, RequestRefused("request.head-too-long", kilobytes=LONGEST_HEAD >> 10))

    def _stop(self, status: int, error: RequestRefused) -> NoReturn:
        """Abort parsing. uvicorn then answers 400, unless this class has answered."""
        self._trouble = status, error
        raise ValueError(str(error))

    def send_400_response(self, msg: str) -> None:
        self._refuse(*(self._trouble or (400, RequestRefused("request.no-http"))))

    def _wait_for_a_head(self) -> None:
        if self._timer is None:
            self._timer = self.loop.call_later(self.head_seconds, self._too_slow)

    def _head_is_there(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _too_slow(self) -> None:
        self._timer = None
        if not self.transport.is_closing():
            self._refuse(408, RequestRefused("request.head-too-slow", seconds=self.head_seconds))

    def _refuse(self, status: int, error: RequestRefused) -> None:
        """Answer and close. Further data is discarded for a moment, because closing at once could lose the answer."""
        self._head_is_there()
        self._refused = True
        if self.cycle is None or self.cycle.response_complete or not self.cycle.response_started:
            body = json.dumps(told_in_short(error)).encode()
            head = (
                f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\ncontent-type: application/json\r\n"
                f"content-length: {len(body)}\r\nconnection: close\r\n\r\n"
            )
            self.transport.write(head.encode() + body)
        if self.transport.can_write_eof():
            self.transport.write_eof()
        self._timer = self.loop.call_later(CLOSING_SECONDS, self.transport.close)
