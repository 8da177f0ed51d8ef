"""What a job would amount to, before it is handed in. Times come from this machine's own runs; nothing is guessed."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from studio.jobs.runtime_stats import RuntimeEstimate


@dataclass(frozen=True)
class JobEstimate:
    """
    Args:
        engine: id of the engine that would work. seconds: of the result, 0 while not known. frames: 0 for sound.
        time: how long it should take; None = not measured yet on this machine.
        spoken: of speech, sentences that are said otherwise than they are written, as written and as said; the first ones.
        fits: whether the engine can be had in memory now. memory: that in a sentence.
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
