"""Why a process ended, in a sentence."""

from __future__ import annotations

import signal
from dataclasses import dataclass

from engines.worker.wire import LOST_LINK_EXIT

MEANINGS = {
    signal.SIGSEGV: "it touched memory that is not its own",
    signal.SIGBUS: "it touched memory that is not there, or a file was cut short under it",
    signal.SIGILL: "a library uses instructions that this processor lacks",
    signal.SIGFPE: "a library divided by zero",
    signal.SIGABRT: "a library gave up",
}
LESS_MEMORY = "Unload other engines, or give it less at once; then try again."
TRY_AGAIN = "Try again: the next call starts a fresh worker. Its log is under logs in the data folder."

COMPUTING = 0.05
"""Share of the time from which on a silent process is at work and not hung."""


@dataclass(frozen=True)
class ExitReason:
    """How a worker ended: one sentence, a next step, and whether nobody had asked for it."""

    reason: str
    hint: str = TRY_AGAIN
    unasked: bool = True
    stalled: bool = False


def explain(title: str, returncode: int, *, out_of_memory: bool) -> ExitReason:
    """Put an exit status into words.

    Args:
        returncode: as subprocess gives it: an exit code, or minus the signal's number.
        out_of_memory: whether the kernel counted an out-of-memory kill during the process's life.
    """
    if returncode == LOST_LINK_EXIT:
        return ExitReason(f"The worker of {title} lost its connection to the studio; a library may have closed it.")
    if returncode >= 0:
        return ExitReason(f"The worker of {title} ended by itself with exit code {returncode}.")
    number = -returncode
    name = signal.Signals(number).name if number in signal.valid_signals() and number < signal.SIGRTMIN else f"signal {number}"
    if number == signal.SIGKILL and out_of_memory:
        return ExitReason(f"The worker of {title} was killed by the system because memory ran out (SIGKILL).", LESS_MEMORY)
    if number == signal.SIGKILL:
        return ExitReason(
            f"The worker of {title} was killed from outside (SIGKILL), most likely for lack of memory.", LESS_MEMORY
        )
    meaning = next((text for known, text in MEANINGS.items() if known == number), "")
    if meaning:
        return ExitReason(f"The worker of {title} crashed: {meaning} ({name}).")
    return ExitReason(f"The worker of {title} was ended from outside ({name}).")


def silence(title: str, seconds: float, state: str, cpu_share: float) -> ExitReason:
    """Why a process that lives gave no sign of life.

    Args:
        state: as the kernel writes it: R, S, D, T, …; "" when it cannot be read.
        cpu_share: of the time since it was suspected, how much its threads were computing; 0 when unknown.
    """
    for_so_long = f"gave no sign of life for {seconds:g} seconds and was ended"
    if state in ("T", "t"):
        return ExitReason(f"The worker of {title} was stopped from outside (SIGSTOP): it {for_so_long}.", stalled=True)
    if state == "D":
        return ExitReason(f"The worker of {title} waited for the disk: it {for_so_long}.", stalled=True)
    if cpu_share > COMPUTING or state == "R":
        return ExitReason(
            f"The worker of {title} was still computing and {for_so_long}: one step of its library took that long.",
            "Try again when the machine is less busy, or give it less at once.",
            stalled=True,
        )
    return ExitReason(f"The worker of {title} {for_so_long}.", "Try again; a fresh worker is started.", stalled=True)
