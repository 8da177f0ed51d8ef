"""HTTP client for one language server: short requests with a timeout, and long answers that can be cancelled at any time.

It uses no proxy of the environment and follows no redirect, so that data go to the configured address only. Every answer has a
limit in bytes; nothing that is sent or received is logged.
"""

from __future__ import annotations

import ipaddress
import json
import queue
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import httpx

from studio.language.address import never_asked
from studio.language.errors import FormatRefusedError, LanguageError

CONNECT_SECONDS = 5.0
QUESTION_SECONDS = 10.0
SILENCE_SECONDS = 60.0
"""Between two pieces of an answer."""

LARGEST_ANSWER = 4_000_000
LARGEST_LIST = 8_000_000
POLL_SECONDS = 0.1
_LEFT = object()
_TOO_LONG = ("context length", "context size", "exceed_context", "too many tokens", "maximum context")
_FORMAT = ("response_format", "json_schema", "json_object", "grammar", "schema")
"""Words in a refusal, in small letters, by which it is known."""


@dataclass(frozen=True)
class ServerAddress:
    """A server's base address with `/v1`, and its key, which no text of this class contains."""

    url: str
    api_key: str = field(default="", repr=False)
    first_seconds: float = 300.0

    @property
    def root(self) -> str:
        """The address without `/v1`, under which servers have routes of their own."""
        return self.url.removesuffix("/v1")

    @property
    def headers(self) -> dict[str, str]:
        own = {"Authorization": f"Bearer {self.api_key}"} if self.api_key else {}
        return {"Accept-Encoding": "identity", "User-Agent": "Greenroom", **own}


def asked(server: ServerAddress, url: str, body: Mapping[str, Any] | None = None, seconds: float = QUESTION_SECONDS) -> Any:
    """Return the JSON of a route: GET, or POST with a body.

    Raises:
        LanguageError: no server answers, or the answer is invalid.
    """
    timeout = httpx.Timeout(seconds, connect=min(seconds, CONNECT_SECONDS))
    try:
        with (
            _client(server, timeout) as client,
            client.stream("GET" if body is None else "POST", url, json=body, extensions={"trace": _judge}) as answer,
        ):
            data, until = b"", time.monotonic() + 2 * seconds
            for block in answer.iter_raw():
                data += block
                if len(data) > LARGEST_LIST:
                    raise LanguageError("llm.answer-too-large")
                if time.monotonic() > until:
                    raise LanguageError("llm.too-late", retryable=True, seconds=seconds)
            if not answer.is_success:
                raise refusal(answer.status_code, data)
    except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError) as error:
        raise _unreachable(error, server) from None
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        raise LanguageError("llm.no-chat-server") from None


@cache
def _certificates() -> ssl.SSLContext:
    """Return the certificates, loaded once, because that takes longer than a request."""
    return httpx.create_ssl_context(trust_env=False)


def _client(server: ServerAddress, timeout: httpx.Timeout) -> httpx.Client:
    return httpx.Client(trust_env=False, follow_redirects=False, timeout=timeout, headers=server.headers, verify=_certificates())


def streamed(server: ServerAddress, body: Mapping[str, Any], check: Callable[[], None]) -> Iterator[bytes]:
    """Yield the bytes of a chat's answer as they arrive.

    Args:
        check: raises if the caller has cancelled; called ten times a second. The connection is then closed at once.

    Raises:
        LanguageError: refused, timed out, too large, or interrupted.
    """
    exchange = _Exchange(server, body)
    threading.Thread(target=exchange.run, name="language-server", daemon=True).start()
    try:
        yield from exchange.blocks(check)
    finally:
        exchange.leave()


class _Exchange:
    """One request: a thread reads, the caller takes. The socket is shut down from outside if the caller leaves."""

    def __init__(self, server: ServerAddress, body: Mapping[str, Any]) -> None:
        self._server, self._body = server, body
        self._arriving: queue.SimpleQueue[bytes | Exception | object] = queue.SimpleQueue()
        self._socket: socket.socket | None = None
        self._over = threading.Event()

    def run(self) -> None:
        timeout = httpx.Timeout(self._server.first_seconds + SILENCE_SECONDS, connect=CONNECT_SECONDS)
        try:
            with (
                _client(self._server, timeout) as client,
                client.stream(
                    "POST", f"{self._server.url}/chat/completions", json=self._body, extensions={"trace": self._note}
                ) as answer,
            ):
                self._read(answer)
            self._arriving.put(_LEFT)
        except Exception as error:  # whoever asked is told, in the thread that asked
            self._arriving.put(error)

    def _read(self, answer: httpx.Response) -> None:
        done = 0
        refused = b""
        for block in answer.iter_raw():
            if self._over.is_set():
                return
            done += len(block)
            if done > LARGEST_ANSWER:
                raise LanguageError("llm.answer-too-large")
            if answer.is_success:
                self._arriving.put(block)
            else:
                refused += block
        if not answer.is_success:
            raise refusal(answer.status_code, refused, chat=True)

    def _note(self, event: str, told: Mapping[str, Any]) -> None:
        """Keep the socket from httpx's trace events, so that it can be shut down."""
        _judge(event, told)
        if event == "connection.connect_tcp.complete":
            stream = told.get("return_value")
            self._socket = stream.get_extra_info("socket") if stream is not None else None
            if self._over.is_set():
                raise LanguageError("llm.cut-off", retryable=True)

    def blocks(self, check: Callable[[], None]) -> Iterator[bytes]:
        patience, since = self._server.first_seconds, time.monotonic()
        first = True
        while True:
            check()
            try:
                block = self._arriving.get(timeout=POLL_SECONDS)
            except queue.Empty:
                if time.monotonic() - since > patience:
                    raise LanguageError(
                        "llm.too-late" if first else "llm.fell-silent", retryable=True, seconds=patience
                    ) from None
                continue
            if block is _LEFT:
                return
            if isinstance(block, LanguageError):
                raise block
            if isinstance(block, Exception):
                raise _unreachable(block, self._server, begun=not first) from None
            assert isinstance(block, bytes)
            first, patience, since = False, min(SILENCE_SECONDS, self._server.first_seconds), time.monotonic()
            yield block

    def leave(self) -> None:
        self._over.set()
        if self._socket is not None:
            with suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)


def refusal(status: int, data: bytes, *, chat: bool = False) -> LanguageError:
    """Return the error for an HTTP status. The server's message is parsed but not shown, because it may repeat what was sent."""
    words = data[:20_000].decode("utf-8", "replace").lower()
    if status in (401, 403):
        return LanguageError("llm.key-wrong", status=status)
    if status == 404:
        return LanguageError("llm.model-unknown") if chat and "model" in words else LanguageError("llm.route-unknown")
    if status in (408, 429, 502, 503, 504):
        return LanguageError("llm.server-busy", retryable=True, status=status)
    if any(sign in words for sign in _TOO_LONG):
        return LanguageError("llm.text-too-long")
    if (
        chat
        and status in (400, 422, 500, 501)
        and any(sign in words for sign in ("response_format", "json_schema", "grammar", "schema"))
    ):
        return FormatRefusedError("llm.format-refused")
    if 300 <= status < 400:
        return LanguageError("llm.redirected", status=status)
    return LanguageError("llm.server-failed", retryable=status >= 500, status=status)


def _unreachable(error: Exception, server: ServerAddress, *, begun: bool = False) -> LanguageError:
    if begun:
        return LanguageError("llm.cut-off", retryable=True)
    if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout):
        return LanguageError("llm.nobody-there", retryable=True, url=server.url)
    if isinstance(error, httpx.TimeoutException):
        return LanguageError("llm.too-late", retryable=True, seconds=server.first_seconds)
    if isinstance(error, httpx.TransportError):
        return LanguageError("llm.cut-off", retryable=True)
    return LanguageError("llm.no-chat-server")


def _judge(event: str, told: Mapping[str, Any]) -> None:
    """Check the IP address of the connection before anything is sent, because a name can resolve to any address."""
    stream = told.get("return_value") if event == "connection.connect_tcp.complete" else None
    peer = stream.get_extra_info("server_addr") if stream is not None else None
    if isinstance(peer, tuple):
        with suppress(ValueError):
            if never_asked(ipaddress.ip_address(str(peer[0]).split("%")[0])):
                raise LanguageError("llm.address-forbidden", host=str(peer[0]))
