"""The estimate of a job before it is submitted. Times come from runs on this machine only."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from studio.jobs.runtime_stats import RuntimeEstimate


@dataclass(frozen=True)
class JobEstimate:
    """What a job would take.

    Args:
        engine: id of the engine that would work.
        seconds: length of the result, 0 if unknown. frames: pictures of the result, 0 for sound.
        time: how long the job would take; None if this was not measured on this machine yet.
        spoken: for speech, the first sentences whose spoken text differs from the written one, as (written, spoken).
        fits: whether the engine fits into memory now. memory: a sentence about that.
    """

    engine: str
    seconds: float
    frames: int
    time: RuntimeEstimate | None
    fits: bool = True
    memory: str = ""
    spoken: tuple[tuple[str, str], ...] = ()

    def as_dict(self) -> dict[str, Any]:
        return {**asdict(self), "seconds": round(self.seconds, 2), "time": None if self.time is None else asdict(self.time)}
