"""Why a process ended, as a message."""

from __future__ import annotations

import signal
from dataclasses import dataclass

from engines.contract.errors import WorkerDied, WorkerStalled
from engines.worker.wire import LOST_LINK_EXIT
from media.messages.message import Message

CRASHES = (signal.SIGSEGV, signal.SIGBUS, signal.SIGILL, signal.SIGFPE, signal.SIGABRT)
"""Signals by which a process dies of its own fault; the catalogue says what each of them means."""

COMPUTING = 0.05
"""Share of the time from which on a silent process is at work and not hung."""


@dataclass(frozen=True)
class ExitReason:
    """How a worker ended: the message, and whether the end was unexpected."""

    message: Message
    unasked: bool = True
    stalled: bool = False

    @classmethod
    def of(cls, code: str, /, *, unasked: bool = True, stalled: bool = False, **parameters: object) -> ExitReason:
        return cls(Message.of(code, **parameters), unasked, stalled)

    @property
    def reason(self) -> str:
        return self.message.reason()

    def error(self) -> WorkerDied:
        """Return the error for the caller of the worker."""
        return (WorkerStalled if self.stalled else WorkerDied).saying(self.message)


def explain(title: str, returncode: int, *, out_of_memory: bool) -> ExitReason:
    """Explain the exit status of a process.

    Args:
        returncode: as subprocess gives it: an exit code, or minus the signal's number.
        out_of_memory: whether the kernel counted an out-of-memory kill during the process's life.
    """
    if returncode == LOST_LINK_EXIT:
        return ExitReason.of("worker.link-lost", engine=title)
    if returncode >= 0:
        return ExitReason.of("worker.exited", engine=title, status=returncode)
    number = -returncode
    name = signal.Signals(number).name if number in signal.valid_signals() and number < signal.SIGRTMIN else f"signal {number}"
    if number == signal.SIGKILL and out_of_memory:
        return ExitReason.of("worker.out-of-memory", engine=title)
    if number == signal.SIGKILL:
        return ExitReason.of("worker.killed", engine=title)
    return ExitReason.of("worker.crashed" if number in CRASHES else "worker.ended", engine=title, signal=name)


def silence(title: str, seconds: float, state: str, cpu_share: float) -> ExitReason:
    """Explain why a living process sends no heartbeat.

    Args:
        state: as the kernel writes it: R, S, D, T, …; "" if it cannot be read.
        cpu_share: the share of the time since the suspicion in which its threads were computing; 0 if unknown.
    """
    if state in ("T", "t"):
        code = "worker.silent-stopped"
    elif state == "D":
        code = "worker.silent-waiting-for-disk"
    elif cpu_share > COMPUTING or state == "R":
        code = "worker.silent-computing"
    else:
        code = "worker.silent"
    return ExitReason.of(code, engine=title, seconds=seconds, stalled=True)
