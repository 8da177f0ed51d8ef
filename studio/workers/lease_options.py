"""What the taker of a lease wants to be asked and told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from engines.contract.card import ProblemSize
from studio.callbacks import never_cancelled, no_op


@dataclass(frozen=True)
class LeaseOptions:
    """How a taker can be asked and told.

    Args:
        cancelled: asked some twenty times a second; must be cheap.
        on_progress: fraction 0..1 and a note, in the taker's thread.
        on_state: "waiting", "loading" or "running", and a sentence; in the taker's thread.
        extent: of the largest piece of the work, for engines whose memory hangs on it; None when that is not known.
    """

    cancelled: Callable[[], bool] = never_cancelled
    on_progress: Callable[[float, str], None] = no_op
    on_state: Callable[[str, str], None] = no_op
    extent: ProblemSize | None = None
