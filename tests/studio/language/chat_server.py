"""A real HTTP server that speaks OpenAI's chat completions, well or badly, as it is told."""

from __future__ import annotations

import json
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Behaviour = Callable[["ChatHandler", dict[str, Any]], None]
"""Answers one question; what it is given is the question's body."""

KEY = "a-key-of-the-test"


class ChatServer(ThreadingHTTPServer):
    """Attributes: behaviour answers every question, unless `queued` ones are left; questions are the bodies that came."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), ChatHandler)
        self.behaviour: Behaviour = says("Good morning.")
        self.queued: deque[Behaviour] = deque()
        self.questions: list[dict[str, Any]] = []
        self.asked: list[str] = []
        self.models = ["tiny-chat", "nomic-embed-text"]
        self.owner = "library"
        self.loaded: dict[str, int] | None = None
        self.key = ""
        self.broken = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/v1"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is no news."""


class ChatHandler(BaseHTTPRequestHandler):
    server: ChatServer
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: Any) -> None:
        """Silence."""

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        if self.server.key and self.headers.get("Authorization") != f"Bearer {self.server.key}":
            self.send_json(401, {"error": {"message": "wrong key"}})
        elif self.path == "/v1/models":
            rows = [{"id": name, "object": "model", "owned_by": self.server.owner} for name in self.server.models]
            self.send_json(200, {"object": "list", "data": rows})
        elif self.path == "/api/ps" and self.server.loaded is not None:
            models = [{"name": name, "size": size, "size_vram": 0} for name, size in self.server.loaded.items()]
            self.send_json(200, {"models": models})
        else:
            self.send_json(404, {"error": "not found"})

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))) or b"{}")
        self.server.asked.append(self.path)
        if self.path == "/api/generate" and self.server.loaded is not None and body.get("keep_alive") == 0:
            self.server.loaded.pop(body["model"], None)
            self.send_json(200, {"done": True})
        elif self.server.key and self.headers.get("Authorization") != f"Bearer {self.server.key}":
            self.send_json(401, {"error": {"message": "wrong key"}})
        else:
            self.server.questions.append(body)
            behaviour = self.server.queued.popleft() if self.server.queued else self.server.behaviour
            behaviour(self, body)

    def send_json(self, status: int, value: Any) -> None:
        self.send_bytes(status, json.dumps(value).encode(), "application/json")

    def send_bytes(self, status: int, data: bytes, kind: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def begin_events(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        self.close_connection = True

    def event(self, value: Any) -> None:
        self.raw(b"data: " + (value if isinstance(value, bytes) else json.dumps(value).encode()) + b"\n\n")

    def raw(self, data: bytes) -> None:
        self.wfile.write(data)
        self.wfile.flush()

    def delta(self, text: str) -> None:
        self.event({"choices": [{"index": 0, "delta": {"content": text}, "finish_reason": None}]})

    def end_events(self, reason: str = "stop", tokens: int = 7) -> None:
        self.event({"choices": [{"index": 0, "delta": {}, "finish_reason": reason}]})
        self.event({"choices": [], "usage": {"prompt_tokens": 11, "completion_tokens": tokens}})
        self.event(b"[DONE]")


def says(text: str | Callable[[dict[str, Any]], str], *, piece: int = 7, pause: float = 0.0, reason: str = "stop") -> Behaviour:
    """Streams a text in pieces."""

    def behave(handler: ChatHandler, body: dict[str, Any]) -> None:
        said = text if isinstance(text, str) else text(body)
        handler.begin_events()
        for start in range(0, len(said), piece):
            handler.delta(said[start : start + piece])
            if handler.server.broken.wait(pause) if pause else handler.server.broken.is_set():
                return
        handler.end_events(reason, max(1, len(said) // piece))

    return behave


def says_at_once(text: str) -> Behaviour:
    """Ignores that it was asked to stream."""

    def behave(handler: ChatHandler, body: dict[str, Any]) -> None:
        choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
        handler.send_json(200, {"choices": [choice], "usage": {"prompt_tokens": 3, "completion_tokens": 2}})

    return behave


def breaks_off(text: str) -> Behaviour:
    """Says a part, then is gone."""

    def behave(handler: ChatHandler, body: dict[str, Any]) -> None:
        handler.begin_events()
        if text:
            handler.delta(text)

    return behave


def answers(status: int, value: Any) -> Behaviour:
    return lambda handler, body: handler.send_json(status, value)


def sends(data: bytes, kind: str = "text/event-stream") -> Behaviour:
    return lambda handler, body: handler.send_bytes(200, data, kind)


def refuses() -> Behaviour:
    """As OpenAI's models refuse: in a field of its own."""

    def behave(handler: ChatHandler, body: dict[str, Any]) -> None:
        handler.begin_events()
        handler.event({"choices": [{"index": 0, "delta": {"refusal": "I cannot."}, "finish_reason": None}]})
        handler.end_events()

    return behave


def waits(seconds: float, then: Behaviour | None = None, begun: bool = False) -> Behaviour:
    """Late: before the first word, or in the middle."""

    def behave(handler: ChatHandler, body: dict[str, Any]) -> None:
        if begun:
            handler.begin_events()
            handler.delta("Good")
        until = time.monotonic() + seconds
        while time.monotonic() < until and not handler.server.broken.is_set():
            time.sleep(0.02)
        if then is not None:
            then(handler, body)

    return behave


def takes_no(word: str, then: Behaviour) -> Behaviour:
    """Refuses a kind of response format, and answers without it."""

    def behave(handler: ChatHandler, body: dict[str, Any]) -> None:
        if body.get("response_format", {}).get("type") == word or (word == "any" and "response_format" in body):
            handler.send_json(400, {"error": {"message": f"response_format {word} is not supported"}})
        else:
            then(handler, body)

    return behave


@contextmanager
def chat_server() -> Iterator[ChatServer]:
    server = ChatServer()
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    try:
        yield server
    finally:
        server.broken.set()
        server.shutdown()
        server.server_close()
