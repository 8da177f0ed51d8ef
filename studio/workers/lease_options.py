"""The callbacks and the size of work that belong to a lease."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from engines.contract.card import ProblemSize
from studio.callbacks import never_cancelled, no_op


@dataclass(frozen=True)
class LeaseOptions:
    """The callbacks of a lease's caller, and the size of its work.

    Args:
        cancelled: called about twenty times a second; must be cheap.
        on_progress: called with a fraction 0 to 1 and a note, in the caller's thread.
        on_state: called with "waiting", "loading" or "running" and a sentence, in the caller's thread.
        extent: size of the largest piece of work, for engines whose memory depends on it; None if unknown.
    """

    cancelled: Callable[[], bool] = never_cancelled
    on_progress: Callable[[float, str], None] = no_op
    on_state: Callable[[str, str], None] = no_op
    extent: ProblemSize | None = None
