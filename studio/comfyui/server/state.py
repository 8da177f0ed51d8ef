"""The state of the ComfyUI server, for the System page."""

from __future__ import annotations

from dataclasses import dataclass

from engines.contract import Readiness
from studio.workers.model import WorkerStatus


@dataclass(frozen=True)
class ServerState:
    """
    Args:
        worker: what it holds of this machine's memory, as measured; None while it holds nothing, or runs on another machine.
        peak_gib: the most it held in its last job, 0 while that is not known.
        address: of a server that others run, "" for one of the studio's own.
        local: its memory is this machine's.
        answers: there is a server that could be asked to unload its models.
    """

    readiness: Readiness
    worker: WorkerStatus | None
    peak_gib: float
    address: str
    local: bool
    answers: bool
