"""One request to a worker, from sending to its end, with all ways in which it can end."""

from __future__ import annotations

import queue
import time
from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any, Protocol

from engines.contract.errors import EngineError, EngineNotReady, EngineOutOfMemory, WireError, WorkerDied, WorkerStalled
from engines.worker.wire import WireMessage, pack
from media.errors import Cancelled, GreenroomError, InvalidInput, MediaError, NotFound, restored
from studio.callbacks import never_cancelled, no_op
from studio.workers.process.exit_reason import ExitReason, silence
from studio.workers.process.metering import Pulse, pulse_of

POLL_SECONDS = 0.05
SECOND_LOOK_SECONDS = 0.5

_TOLD_ERRORS: dict[str, type[GreenroomError]] = {
    sort.__name__: sort
    for sort in (EngineError, EngineNotReady, EngineOutOfMemory, WireError, MediaError, InvalidInput, NotFound)
}


@dataclass(frozen=True)
class CallTimeouts:
    """Time limits of a worker, in seconds."""

    start: float
    heartbeat: float
    cancel_grace: float

    @property
    def pulse(self) -> float:
        return min(1.0, self.heartbeat / 5)


@dataclass(frozen=True)
class CallObserver:
    """The caller's callbacks and limits during a request.

    Args:
        cancelled: called about twenty times a second; must be cheap.
        on_progress: called with a fraction 0 to 1 and a note, in the caller's thread.
        stall_seconds: longest time without progress, an item or the result.
        silence_seconds: longest time without a heartbeat; after that the process itself counts as hung.
    """

    stall_seconds: float
    silence_seconds: float
    cancelled: Callable[[], bool] = never_cancelled
    on_progress: Callable[[float, str], None] = no_op


class Pipe(Protocol):
    """The part of a worker process that a call uses."""

    title: str
    pid: int

    @property
    def heard(self) -> float:
        """When data was last transferred, by the monotonic clock."""

    @property
    def death(self) -> ExitReason | None:
        """How the process ended; None while it lives."""

    def send(self, parts: list[memoryview], check: Callable[[], None]) -> None:
        """Send a message; `check` is called while the worker does not read, and may raise."""

    def kill(self, death: ExitReason) -> None:
        """Kill the process group at once, for this reason."""

    def abandon(self, call: Call) -> None:
        """Ask the worker to stop this call; kill it if it does not within the grace period."""


class Call:
    """A request. It runs in the caller's thread, which waits and checks for cancel, heartbeat and stall.

    The worker's watching thread puts messages into `inbox`, and None when the process has ended.
    """

    def __init__(self, pipe: Pipe, number: int, watch: CallObserver) -> None:
        self.number = number
        self.inbox: queue.SimpleQueue[WireMessage | None] = queue.SimpleQueue()
        self.over = False
        self._pipe = pipe
        self._watch = watch
        self._begun = self._told = time.monotonic()
        self._suspected: float | None = None
        self._pulse = Pulse()

    def run(self, kind: str, value: Any) -> Generator[Any, None, Any]:
        """Send the request, yield the items of a stream as they come, return the result. Closing the generator cancels.

        Raises:
            Cancelled, WorkerDied, WorkerStalled, and any GreenroomError of the engine.
        """
        self._pipe.send(pack(kind, self.number, value), self._check)
        try:
            while True:
                message = self._next()
                if message.kind == "item":
                    yield self._value_of(message)
                    self._check()
                    self._told = (
                        time.monotonic()
                    )  # the time that the caller spent on the item does not count as the worker's silence
                    self._pipe.send(pack("more", self.number), self._check)
                elif message.kind in {"result", "error"}:
                    self.over = True
                    return self._outcome(message)
        finally:
            if not self.over:
                self._pipe.abandon(self)

    def await_hello(self) -> dict[str, Any]:
        """Wait for the first message of a new worker."""
        while True:
            message = self._next()
            if message.kind == "hello":
                self.over = True
                hello = self._value_of(message)
                return hello if isinstance(hello, dict) else {}

    def drain(self, seconds: float) -> bool:
        """After a cancel, wait for the end of the call and discard its messages. Returns whether it ended."""
        end = time.monotonic() + seconds
        while not self.over and self._pipe.death is None:
            try:
                message = self.inbox.get(timeout=max(0.001, end - time.monotonic()))
            except queue.Empty:
                return False
            self.over = message is not None and message.kind in {"result", "error"}
        return self.over

    def _next(self) -> WireMessage:
        while True:
            self._check()
            try:
                message = self.inbox.get(timeout=POLL_SECONDS)
            except queue.Empty:
                self._check_life()
                continue
            if message is None:
                raise self._died()
            self._told = time.monotonic()
            if message.kind != "progress":
                return message
            self._pass_on(message)

    def _pass_on(self, message: WireMessage) -> None:
        fields = self._value_of(message)
        if not isinstance(fields, dict) or not isinstance(fields.get("fraction"), float):
            raise WireError("worker.progress-no-number", engine=self._pipe.title)
        self._watch.on_progress(min(1.0, max(0.0, fields["fraction"])), str(fields.get("note", "")))

    def _outcome(self, message: WireMessage) -> Any:
        value = self._value_of(message)
        if message.kind == "result":
            return value
        raise self._told_error(value)

    def _told_error(self, fields: Any) -> GreenroomError:
        if not (isinstance(fields, dict) and isinstance(fields.get("reason"), str) and isinstance(fields.get("hint"), str)):
            return WireError("worker.failed-silently", engine=self._pipe.title)
        if fields.get("class") == Cancelled.__name__:
            return EngineError("worker.stopped-itself", retryable=True, engine=self._pipe.title)
        sort = _TOLD_ERRORS.get(str(fields.get("class")), EngineError)
        return restored(fields, sort)

    def _value_of(self, message: WireMessage) -> Any:
        try:
            return message.value()
        except WireError as error:
            raise WireError("worker.answer-not-valid", engine=self._pipe.title, problem=error.reason) from error

    def _check(self) -> None:
        """Raise what has happened meanwhile. Also called while sending."""
        if self.over:
            raise EngineError("worker.stream-over", engine=self._pipe.title)
        if self._watch.cancelled():
            raise Cancelled()
        if self._pipe.death is not None and self.inbox.empty():
            raise self._died()

    def _check_life(self) -> None:
        """Kill a worker that is hung. Checks twice, half a second apart, because the machine may have been suspended."""
        now = time.monotonic()
        silent = now - max(self._pipe.heard, self._begun) > self._watch.silence_seconds
        stalled = now - self._told > self._watch.stall_seconds
        if not (silent or stalled):
            self._suspected = None
        elif self._suspected is None:
            self._suspected, self._pulse = now, pulse_of(self._pipe.pid)
        elif now - self._suspected > SECOND_LOOK_SECONDS:
            self._end_hung(silent, now - self._suspected)

    def _end_hung(self, silent: bool, looked_for: float) -> None:
        if silent:
            pulse = pulse_of(self._pipe.pid)
            share = (pulse.cpu_seconds - self._pulse.cpu_seconds) / looked_for
            death = silence(self._pipe.title, self._watch.silence_seconds, pulse.state, share)
        else:
            death = ExitReason.of("worker.stalled", engine=self._pipe.title, seconds=self._watch.stall_seconds, stalled=True)
        self._pipe.kill(death)
        raise WorkerStalled.saying(death.message)

    def _died(self) -> WorkerDied:
        death = self._pipe.death or ExitReason.of("worker.gone", engine=self._pipe.title)
        return death.error()
