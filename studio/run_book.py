"""How long work took on this machine and how much memory it held, by engine and size: learned from finished runs, for the next.

One small JSON file. A run is told by what its cost hangs on (`Work`); cost is taken to grow with pixels, frames and steps.
"""

from __future__ import annotations

import contextlib
import json
import logging
import threading
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from studio.files import write_json

LAST_RUNS = 24
"""Kept of each engine, variant and size of picture."""
_FARTHEST = 2.5
"""A picture so many times larger or smaller is still a ground for an estimate; beyond it nothing is said."""
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Work:
    """What one run has to do.

    Args:
        variant: what else changes the cost (a preset, a cache), as words; runs of other variants are never compared.
        width, height: in pixels; 0 where there are none. frames: pictures, or whatever else is counted. steps: of each.
    """

    engine: str
    variant: str = ""
    width: int = 0
    height: int = 0
    frames: int = 1
    steps: int = 1

    @property
    def pixels(self) -> int:
        return max(1, self.width * self.height)

    @property
    def units(self) -> int:
        return self.pixels * max(1, self.frames) * max(1, self.steps)


@dataclass(frozen=True)
class RunEstimate:
    """Seconds that some work should take. `exact`: this very size has run here before; else it is scaled from another."""

    seconds: float
    exact: bool


@dataclass(frozen=True)
class _Run:
    work: Work
    seconds: float
    peak_bytes: int


class RunBook:
    """The finished runs. A missing or damaged file is an empty one, and a book that cannot be written fails no job.

    Any thread may call anything; the lock guards the list and is held while the file is written.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._runs = _read(path)

    def learn(self, work: Work, seconds: float, peak_bytes: int = 0) -> None:
        """Note a finished run.

        Args:
            peak_bytes: the most that its worker held meanwhile, of the pool it is budgeted in; 0 when that is not known.
        """
        if seconds <= 0:
            return
        with self._lock:
            self._runs.append(_Run(work, seconds, peak_bytes))
            alike = [run for run in self._runs if _same_size(run.work, work)]
            for old in alike[:-LAST_RUNS]:
                self._runs.remove(old)
            with contextlib.suppress(OSError):
                self._path.parent.mkdir(parents=True, exist_ok=True)
                write_json(self._path, {"runs": [asdict(run) for run in self._runs]})

    def seconds(self, work: Work) -> RunEstimate | None:
        """How long it should take; None while nothing comparable has run here."""
        alike = self._of(work)
        exact = [run for run in alike if (run.work.width, run.work.height) == (work.width, work.height)]
        if exact:
            return RunEstimate(_median(run.seconds / run.work.units for run in exact) * work.units, True)
        near = [run for run in alike if 1 / _FARTHEST <= run.work.pixels / work.pixels <= _FARTHEST]
        if not near:
            return None
        return RunEstimate(_median(run.seconds / run.work.units for run in near) * work.units, False)

    def peak_bytes(self, work: Work) -> int | None:
        """The most that runs of this size, and of as many frames at least, were seen to hold; None when there was none."""
        sizes = [run.peak_bytes for run in self._of(work) if run.peak_bytes and _covers(run.work, work)]
        return max(sizes, default=None)

    def _of(self, work: Work) -> list[_Run]:
        with self._lock:
            return [run for run in self._runs if (run.work.engine, run.work.variant) == (work.engine, work.variant)]


def _same_size(one: Work, other: Work) -> bool:
    return (one.engine, one.variant, one.width, one.height) == (other.engine, other.variant, other.width, other.height)


def _covers(run: Work, work: Work) -> bool:
    return (run.width, run.height) == (work.width, work.height) and run.frames >= work.frames


def _median(values: Iterable[float]) -> float:
    ordered = sorted(values)
    return ordered[len(ordered) // 2]


def _read(path: Path) -> list[_Run]:
    try:
        stored: Any = json.loads(path.read_bytes())
        return [_Run(Work(**run["work"]), float(run["seconds"]), int(run["peak_bytes"])) for run in stored["runs"]]
    except FileNotFoundError:
        return []
    except (OSError, ValueError, TypeError, KeyError) as error:
        log.warning("What was learned of earlier runs cannot be read (%s); it is learned again.", type(error).__name__)
        return []
