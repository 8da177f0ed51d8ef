"""Run times of film steps on this machine: measured during jobs, estimated before them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from capabilities.director.film.plan import FilmStep
from capabilities.video.engines import ClipSettings
from capabilities.video.render import work_of
from studio.jobs.runtime_stats import RuntimeStats, Workload

_RECKONED = {"scene": 16e-9, "clip": 12e-9, "talk": 60e-9, "compose": 18e-9, "join": 4e-9}
"""Seconds for each pixel of each picture where nothing was measured yet: of two cores of a machine of 2020."""
_START_SECONDS = 6.0
"""Of a job around its steps: workers begin, the library takes the file in."""


@dataclass(frozen=True)
class Price:
    """Seconds of work, and whether every part of it was measured on this machine."""

    seconds: float
    measured: bool = True

    def __add__(self, other: Price) -> Price:
        return Price(self.seconds + other.seconds, self.measured and other.measured)


FREE = Price(0.0)


class FilmTimes:
    """Statistics of the steps that no other statistics cover. Any thread may call any method.

    Args:
        painter: statistics of painted shots.
    """

    def __init__(self, path: Path, painter: RuntimeStats) -> None:
        self.stats = RuntimeStats(path)
        self._painter = painter

    def price(self, step: FilmStep, form: ClipSettings) -> Price:
        """Return the cost of one step."""
        if step.sort == "scene":
            known = self._painter.seconds(work_of(form, step.frames))
        else:
            known = self.stats.seconds(_work(step.sort, step.size, step.frames))
        if known is not None:
            return Price(known.seconds)
        return Price(_RECKONED[step.sort] * step.size[0] * step.size[1] * step.frames, measured=False)

    def seconds(self, step: FilmStep, form: ClipSettings) -> float:
        return self.price(step, form).seconds

    def learn(self, step: FilmStep, seconds: float) -> None:
        self.stats.learn(_work(step.sort, step.size, step.frames), seconds)

    def join(self, size: tuple[int, int], frames: int) -> Price:
        """Return the cost of sound, joining and adding to the library."""
        known = self.stats.seconds(_work("join", size, frames))
        return Price(known.seconds) if known else Price(_RECKONED["join"] * size[0] * size[1] * frames, measured=False)

    def learn_join(self, size: tuple[int, int], frames: int, seconds: float) -> None:
        self.stats.learn(_work("join", size, frames), seconds)

    def around(self) -> Price:
        """Return the fixed cost of a job."""
        known = self.stats.seconds(Workload("film", "around"))
        return Price(known.seconds) if known else Price(_START_SECONDS, measured=False)

    def learn_around(self, seconds: float) -> None:
        self.stats.learn(Workload("film", "around"), seconds)


def _work(sort: str, size: tuple[int, int], frames: int) -> Workload:
    return Workload("film", sort, size[0], size[1], frames)
