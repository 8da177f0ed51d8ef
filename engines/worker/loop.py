"""The worker's connection to the studio, and the loop that runs the engine's calls.

Requests from the studio, each with a call number: `prepare` (modules to import), `load` (engine, options, site), `configure`
(options), `call` (method, args, kwargs, stream), and for a running one `cancel` and `more` (the studio has taken an item). `exit`
ends the process. Answers: any number of `progress` and `item`, then one `result` or `error`. `pulse` is the heartbeat.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import queue
import signal
import socket
import threading
import time
import traceback
from collections.abc import Generator, Iterator, Sequence
from select import POLLIN, poll
from typing import Any

from pydantic import ValidationError

from engines.contract import CALLABLE_METHODS, Engine, EnginePaths
from engines.contract.errors import EngineError, WireError
from engines.worker.error_messages import as_greenroom_error
from engines.worker.wire import LOST_LINK_EXIT, MessageReader, WireMessage, pack
from media.errors import Cancelled, GreenroomError

ITEMS_AHEAD = 8
"""Parts a stream may be ahead of its taker, so that a slow taker does not fill the studio's memory."""

PROGRESS_PERIOD = 0.05


class ServerConnection:
    """The worker's end of the pipe.

    Threads: a listener thread reads and sends the heartbeat; the main thread takes requests and sends answers. `_send_lock` keeps
    messages whole and is a leaf; `_changed` guards the set of cancelled calls and the credit of the running stream, and nothing
    is sent while it is held. An end of file means that the studio is gone: the process group is ended.
    """

    def __init__(self, pipe: socket.socket, pulse_seconds: float) -> None:
        self._pipe = pipe
        self._pulse_seconds = pulse_seconds
        self._send_lock = threading.Lock()
        self._changed = threading.Condition()
        self._requests: queue.SimpleQueue[WireMessage] = queue.SimpleQueue()
        self._waiting = 0
        self._cancelled: set[int] = set()
        self._last_finished = 0
        self._credit = 0
        threading.Thread(target=self._listen, name="listener", daemon=True).start()

    def send(self, kind: str, call: int, value: Any = None) -> None:
        """Send a message.

        Raises:
            WireError: the value cannot be passed; nothing was sent.
        """
        parts = pack(kind, call, value)
        with self._send_lock:
            for part in parts:
                self._pipe.sendall(part)

    def next_request(self) -> WireMessage:
        """Wait for a request. The heartbeat is sent from its arrival until `finished`."""
        return self._requests.get()

    def finished(self, call: int) -> None:
        with self._changed:
            self._waiting -= 1
            self._last_finished = call
            self._cancelled.discard(call)

    def is_cancelled(self, call: int) -> bool:
        return call in self._cancelled

    def begin_stream(self) -> None:
        with self._changed:
            self._credit = ITEMS_AHEAD

    def await_credit(self, call: int) -> None:
        """Return when one more item may be sent. Raises Cancelled."""
        with self._changed:
            self._changed.wait_for(lambda: self._credit > 0 or call in self._cancelled)
            if call in self._cancelled:
                raise Cancelled()
            self._credit -= 1

    def _listen(self) -> None:
        reader = MessageReader()
        arrivals = poll()
        arrivals.register(self._pipe, POLLIN)
        try:
            while True:
                if self._waiting and not arrivals.poll(1000 * self._pulse_seconds):
                    self.send("pulse", 0)
                    continue
                message = reader.receive(self._pipe)
                if message is not None:
                    self._dispatch(message)
        except EOFError:
            os.killpg(0, signal.SIGKILL)
        except (OSError, WireError):
            os._exit(LOST_LINK_EXIT)

    def _dispatch(self, message: WireMessage) -> None:
        if message.kind == "exit":
            os._exit(0)
        with self._changed:
            if message.kind == "cancel":
                if message.call > self._last_finished:
                    self._cancelled.add(message.call)
            elif message.kind == "more":
                self._credit += 1
            else:
                self._waiting += 1
            self._changed.notify_all()
        if message.kind not in {"cancel", "more"}:
            self._requests.put(message)


class RemoteRunContext:
    """The engine's RunContext over the connection; one object for all calls."""

    def __init__(self, link: ServerConnection) -> None:
        self._link = link
        self._told = 0.0
        self.call = 0

    def progress(self, fraction: float, note: str = "") -> None:
        self.check()
        now = time.monotonic()
        if now - self._told >= PROGRESS_PERIOD or fraction >= 1:
            self._told = now
            self._link.send("progress", self.call, {"fraction": float(fraction), "note": str(note)})

    def check(self) -> None:
        if self._link.is_cancelled(self.call):
            raise Cancelled()


class EngineHolder:
    """The engine of this process: none before `load`, then one instance until the end."""

    def __init__(self, link: ServerConnection) -> None:
        self._link = link
        self._run = RemoteRunContext(link)
        self._engine: Engine | None = None
        self.title = "The engine"

    def handle(self, request: WireMessage) -> Any:
        """Run a request and return the value to send back. Raises whatever the engine raises."""
        self._run.call = request.call
        self._run.check()
        fields = request.value()
        if request.kind == "prepare":
            return self._prepare(**fields)
        if request.kind == "load":
            return self._load(**fields)
        if self._engine is None:
            raise EngineError("engine.not-loaded", engine=self.title)
        if request.kind == "configure":
            return self._engine.configure(self._engine.Options.model_validate(fields["options"]))
        if request.kind == "call":
            return self._call(request.call, self._engine, **fields)
        raise WireError("wire.request-unknown", kind=request.kind)

    def _prepare(self, modules: Sequence[str]) -> None:
        """Import the libraries of an engine in advance; a failed import is reported by the load."""
        for module in modules:
            with contextlib.suppress(Exception):
                importlib.import_module(module)

    def _load(self, engine: str, options: dict[str, Any], site: dict[str, Any]) -> None:
        module, _, name = engine.partition(":")
        sort = getattr(importlib.import_module(module), name, None)
        if not (isinstance(sort, type) and issubclass(sort, Engine)):
            raise EngineError("engine.none-at", engine=engine)
        self.title = sort.card.title
        loaded = sort(EnginePaths(**site), sort.Options.model_validate(options), self._run)
        loaded.load()
        self._engine = loaded

    def _call(self, call: int, engine: Engine, method: str, args: tuple, kwargs: dict[str, Any], stream: bool) -> Any:
        if method not in CALLABLE_METHODS[engine.card.capability]:
            raise EngineError("engine.no-method", engine=self.title, method=method)
        result = getattr(engine, method)(*args, **kwargs)
        if not stream:
            return result
        self._link.begin_stream()
        return self._stream(call, iter(result))

    def _stream(self, call: int, items: Iterator[Any]) -> None:
        try:
            for item in items:
                self._link.await_credit(call)
                self._link.send("item", call, item)
        finally:
            if isinstance(items, Generator):
                items.close()


def serve(link: ServerConnection) -> None:
    """Run requests one after the other until the studio sends exit; never returns."""
    holder = EngineHolder(link)
    while True:
        request = link.next_request()
        try:
            result = holder.handle(request)
            link.send("result", request.call, result)
        except Exception as error:
            if not isinstance(error, Cancelled):
                traceback.print_exc()
            link.send("error", request.call, _fields_of(error, holder.title))
        finally:
            link.finished(request.call)


def _fields_of(error: Exception, title: str) -> dict[str, Any]:
    if isinstance(error, ValidationError):
        error = EngineError("engine.options-wrong", engine=title)
    told: GreenroomError = as_greenroom_error(error, title)
    return {"class": type(told).__name__, **told.as_dict()}
