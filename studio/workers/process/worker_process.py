"""One worker process with its process group, its pipes and the thread that watches it."""

from __future__ import annotations

import contextlib
import itertools
import os
import select
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Generator
from typing import Any

from engines.contract.errors import EngineError, WireError
from engines.worker.wire import PROTOCOL, pack
from media.refusals import refusal
from studio.settings import HOME
from studio.workers.process.call import Call, CallObserver, CallTimeouts
from studio.workers.process.exit_reason import ExitReason, explain
from studio.workers.process.launch import LaunchPlan
from studio.workers.process.log import WorkerLog
from studio.workers.process.metering import oom_kills
from studio.workers.process.transport import SocketTransport

GONE_SECONDS = 5.0
Spawn = Callable[..., "subprocess.Popen[bytes]"]


REAP_SECONDS = 10.0
"""After its pipe is closed, a process is given so long to be reaped: on a full machine the kernel takes a while to say why."""


class WorkerProcess:
    """Owns one child process, its process group, the transport to it, the output pipe and the thread that watches them.

    Threads: one request runs at a time, in its caller's thread; any thread may call `kill` or `end`. The watching thread reads
    everything the child sends, reaps it, kills the rest of its group and then calls `on_exit` once. Locks: the transport's, then
    `_fate`, which guards the running request and how the process ends. Neither is held while `on_exit` runs.

    A message that was sent in part cannot be undone, so if sending stops in the middle of one the worker is killed.

    Args:
        spawn: starts the process, as subprocess.Popen; must run it in a thread that outlives the worker, because the kernel kills
            the child together with the thread that started it.
    """

    def __init__(
        self, launch: LaunchPlan, patience: CallTimeouts, log: WorkerLog, on_exit: Callable[[WorkerProcess], None], spawn: Spawn
    ) -> None:
        self.title = launch.title
        self.pid = 0
        self.started = time.time()
        self._launch, self._patience, self._log, self._on_exit, self._spawn = launch, patience, log, on_exit, spawn
        self._fate = threading.Lock()
        self._numbers = itertools.count(1)
        self._active: Call | None = None
        self._intent: ExitReason | None = None
        self._death: ExitReason | None = None
        self._exited = threading.Event()

    def start(self, watch: CallObserver) -> None:
        """Start the process and wait for its hello.

        Raises:
            EngineError, WorkerDied, WorkerStalled, Cancelled; the process has ended then.
        """
        hello = self._active = Call(self, 0, watch)
        self._open()
        try:
            version = hello.await_hello().get("protocol")
        except BaseException:
            self.kill(ExitReason.of("worker.start-given-up", engine=self.title, unasked=False))
            raise
        if version != PROTOCOL:
            self.kill(ExitReason.of("worker.other-protocol", engine=self.title))
            raise EngineError("worker.other-version", engine=self.title)
        self._active = None

    def request(self, kind: str, value: Any, watch: CallObserver) -> Generator[Any, None, Any]:
        """Run one request: yields the items of a stream and returns the result (see Call.run).

        Raises:
            EngineError: another request is running; a worker runs one at a time.
        """
        call = Call(self, next(self._numbers), watch)
        with self._fate:
            if self._active is not None:
                raise EngineError("worker.busy", engine=self.title)
            self._active = call
        try:
            return (yield from call.run(kind, value))
        finally:
            self._forget(call)

    def adopt(self, title: str, log: WorkerLog, on_exit: Callable[[WorkerProcess], None]) -> bool:
        """Transfer the process to another owner: its name in messages, its log, its exit callback. Returns False if it has ended
        or is about to."""
        with self._fate:
            if self._exited.is_set() or self._intent is not None or not self.pid or _readable(self._pidfd):
                return False
            log.pid = self.pid
            self.title, self._log, self._on_exit = title, log, on_exit
            return True

    def stop_active(self) -> None:
        """Stop a request that its caller has left unfinished, such as a stream that was never closed."""
        call = self._active
        if call is not None:
            if not call.over:
                self.abandon(call)
            call.over = True
            self._forget(call)

    def _forget(self, call: Call) -> None:
        with self._fate:
            if self._active is call:
                self._active = None

    def end(self, asking_seconds: float = 1.0) -> bool:
        """Ask the process to exit, wait, then kill its group. Returns whether it has ended and was reaped."""
        death = ExitReason.of("worker.unloaded", engine=self.title, unasked=False)
        with self._fate:
            self._intent = self._intent or death
        if self._transport.send_at_once(pack("exit", 0), asking_seconds):
            self._exited.wait(asking_seconds)
        self.kill(death)
        return self._exited.wait(GONE_SECONDS)

    def kill(self, death: ExitReason) -> None:
        """Kill the process group at once; the first reason given is reported. Safe to call at any time."""
        with self._fate:
            if self._exited.is_set() or not self.pid:
                return
            self._intent = self._intent or death
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.pid, signal.SIGKILL)

    def wait(self, seconds: float) -> bool:
        """Return whether the process has ended and was reaped within this time."""
        return self._exited.wait(seconds)

    @property
    def alive(self) -> bool:
        return bool(self.pid) and not self._exited.is_set() and self._intent is None

    @property
    def heard(self) -> float:
        """When data was last transferred to or from the process, by time.monotonic."""
        return self._transport.heard

    @property
    def death(self) -> ExitReason | None:
        return self._death

    def send(self, parts: list[memoryview], check: Callable[[], None]) -> None:
        try:
            self._transport.send(parts, check, self._broken_off)
        except OSError:
            self._exited.wait(REAP_SECONDS)  # the pipe is closed: the reason follows as soon as the child is reaped
            check()
            if self._death is not None:  # the end may have woken the call already, which `check` leaves to its reader
                raise self._death.error() from None
            raise EngineError("worker.deaf", retryable=True, engine=self.title) from None

    def _broken_off(self) -> None:
        self.kill(ExitReason.of("worker.message-cut", engine=self.title, unasked=False))

    def abandon(self, call: Call) -> None:
        if self._death is None:
            with contextlib.suppress(EngineError):
                self.send(pack("cancel", call.number), self._refuse_to_wait)
            if not call.drain(self._patience.cancel_grace):
                self.kill(ExitReason.of("worker.did-not-stop", engine=self.title, unasked=False))
                self._exited.wait(REAP_SECONDS)

    def _refuse_to_wait(self) -> None:
        raise EngineError("worker.deaf-at-start", engine=self.title)

    def _open(self) -> None:
        ours, theirs = socket.socketpair()
        output, their_output = os.pipe()
        self._oom_kills = oom_kills()
        try:
            command = self._launch.command(theirs.fileno(), self._patience.pulse)
            self._process = self._spawn(
                command, cwd=HOME, env=self._launch.environment, stdin=subprocess.DEVNULL, stdout=their_output,
                stderr=their_output, pass_fds=(theirs.fileno(),), start_new_session=True,
            )  # fmt: skip
        except BaseException as error:
            ours.close()
            os.close(output)
            if isinstance(error, OSError):
                raise EngineError("worker.not-started", engine=self.title, cause=refusal(error)) from error
            raise
        finally:
            theirs.close()
            os.close(their_output)
        os.set_blocking(output, False)
        self._transport = SocketTransport(ours)
        self._output, self._pidfd = output, os.pidfd_open(self._process.pid)
        self.pid = self._log.pid = self._process.pid
        threading.Thread(target=self._watch, name=f"worker-{self.pid}", daemon=True).start()

    def _watch(self) -> None:
        sources = select.poll()
        for fd in (self._transport.fileno(), self._output, self._pidfd):
            sources.register(fd, select.POLLIN)
        while self._pidfd not in (ready := {fd for fd, _ in sources.poll()}):
            if self._output in ready and not self._read_output():
                sources.unregister(self._output)
            if self._transport.fileno() in ready and not self._read_message():
                sources.unregister(self._transport)
        self._bury()

    def _read_message(self) -> bool:
        """Read once. Returns whether the pipe is still usable; if not, the process is killed."""
        try:
            self._deliver()
        except BlockingIOError:
            return True
        except EOFError:
            if not _readable(self._pidfd, 0.5):  # a process that dies closes its pipe a moment before it is gone
                self.kill(ExitReason.of("worker.pipe-closed", engine=self.title))
            return False
        except WireError as error:
            self.kill(ExitReason.of("worker.message-wrong", engine=self.title, problem=error.message))
            return False
        return True

    def _deliver(self) -> None:
        message = self._transport.receive()
        call = self._active
        if message is not None and call is not None and call.number == message.call and message.kind != "pulse":
            call.inbox.put(message)

    def _read_output(self) -> bool:
        try:
            data = os.read(self._output, 1 << 16)
        except BlockingIOError:
            return True
        except OSError:
            return False
        self._log.write(data)
        return bool(data)

    def _bury(self) -> None:
        """Reap the dead process. Until then its group's number cannot be reused, so the rest of the group is killed first."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)
        with contextlib.suppress(OSError, EOFError, WireError):
            while True:  # an answer that was sent just before the end is still delivered
                self._deliver()
        while _readable(self._output) and self._read_output():
            pass
        with self._fate:
            returncode = self._process.wait()
            died_of = explain(self.title, returncode, out_of_memory=oom_kills() > self._oom_kills)
            self._death = self._intent or died_of
            self._exited.set()
        self._log.finish(f"The process ended: {died_of.reason}")
        self._release()
        call = self._active
        if call is not None:
            call.inbox.put(None)
        self._on_exit(self)

    def _release(self) -> None:
        self._transport.close()
        os.close(self._output)
        os.close(self._pidfd)


def _readable(fd: int, seconds: float = 0.0) -> bool:
    ready = select.poll()
    ready.register(fd, select.POLLIN)
    return bool(ready.poll(1000 * seconds))


def answer(process: WorkerProcess, kind: str, value: Any, watch: CallObserver) -> Any:
    """Run a request that has one answer."""
    request = process.request(kind, value, watch)
    try:
        next(request)
    except StopIteration as answered:
        return answered.value
    finally:
        request.close()
    raise EngineError("worker.answered-in-parts", engine=process.title)
