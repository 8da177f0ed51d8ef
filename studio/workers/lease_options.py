"""What the taker of a lease wants to be asked and told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from engines.contract.problem_size import ProblemSize
from studio.workers.process.call import never, unheard


def unseen(state: str, note: str) -> None:
    """For states that nobody follows."""


def unweighed(gib: float) -> None:
    """For peaks that nobody keeps."""


@dataclass(frozen=True)
class LeaseOptions:
    """How a taker can be asked and told.

    Args:
        cancelled: asked some twenty times a second; must be cheap.
        on_progress: fraction 0..1 and a note, in the taker's thread.
        on_state: "waiting", "loading" or "running", and a sentence; in the taker's thread.
        extent: of the largest piece of the work, for engines whose memory hangs on it; None when that is not known.
    """

    cancelled: Callable[[], bool] = never
    on_progress: Callable[[float, str], None] = unheard
    on_state: Callable[[str, str], None] = unseen
    extent: ProblemSize | None = None
