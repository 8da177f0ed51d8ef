"""Measured run times of this machine, by engine and size, and estimates from them.

They are stored in one small JSON file. A run is described by what its cost depends on (`Workload`); the time is assumed to be
proportional to pixels, frames and steps.
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
"""An estimate is made from runs on pictures up to this many times larger or smaller, and otherwise not at all."""
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Workload:
    """The size of one run.

    Args:
        variant: what else changes the cost (a preset, a cache), as words; only runs of the same variant are compared.
        width, height: in pixels; 0 if there are none. frames: pictures, or whatever else is counted. steps: for each of them.
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
class RuntimeEstimate:
    """The seconds that some work should take.

    `exact`: the same size has run here before; else the time is scaled from another size. `low` to `high` covers the estimates
    of nearly all of the `runs` that were used; with one run there is no range. `reckoned`: nothing like it has run here; the
    time follows from published figures of similar machines.
    """

    seconds: float
    exact: bool
    low: float = 0.0
    high: float = 0.0
    runs: int = 0
    reckoned: bool = False


@dataclass(frozen=True)
class EstimateAccuracy:
    """How estimates compared with the measured times, for one engine, variant and size.

    Args:
        seconds: of one run as large as the last one; `low`, `high` as in RuntimeEstimate.
        off: the median deviation of the measured from the estimated time, as a fraction; None if there was no estimate.
        judged: how many runs had an estimate.
    """

    work: Workload
    runs: int
    seconds: float
    low: float
    high: float
    off: float | None
    judged: int


@dataclass(frozen=True)
class _Run:
    work: Workload
    seconds: float
    expected: float = 0.0
    """The seconds that were estimated before the run; 0 when there was no estimate."""


class RuntimeStats:
    """The finished runs. A missing or damaged file counts as empty, and a file that cannot be written does not fail a job.

    Any thread may call any method; the lock guards the list and is held while the file is written.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._runs = _read(path)

    def learn(self, work: Workload, seconds: float) -> None:
        """Record a finished run."""
        if seconds <= 0:
            return
        said = self.seconds(work)
        with self._lock:
            self._runs.append(_Run(work, seconds, 0.0 if said is None else said.seconds))
            alike = [run for run in self._runs if _same_size(run.work, work)]
            for old in alike[:-LAST_RUNS]:
                self._runs.remove(old)
            with contextlib.suppress(OSError):
                self._path.parent.mkdir(parents=True, exist_ok=True)
                write_json(self._path, {"runs": [asdict(run) for run in self._runs]})

    def seconds(self, work: Workload) -> RuntimeEstimate | None:
        """Estimate how long the work takes; None while nothing comparable has run here."""
        alike = self._of(work)
        exact = [run for run in alike if (run.work.width, run.work.height) == (work.width, work.height)]
        if exact:
            return _estimate(exact, work, exact=True)
        near = [run for run in alike if 1 / _FARTHEST <= run.work.pixels / work.pixels <= _FARTHEST]
        if not near:
            return None
        return _estimate(near, work, exact=False)

    def calibration(self) -> list[EstimateAccuracy]:
        """Return the measurements so far and the accuracy of estimates: one row for each engine, variant and size, the latest
        first."""
        with self._lock:
            runs = list(reversed(self._runs))
        groups: dict[tuple[str, str, int, int], list[_Run]] = {}
        for run in runs:
            groups.setdefault((run.work.engine, run.work.variant, run.work.width, run.work.height), []).append(run)
        return [_calibration(group) for group in groups.values()]

    def _of(self, work: Workload) -> list[_Run]:
        with self._lock:
            return [run for run in self._runs if (run.work.engine, run.work.variant) == (work.engine, work.variant)]


def estimate_accuracy(kept: Iterable[RuntimeStats | None]) -> list[EstimateAccuracy]:
    """Return the rows of all statistics, each of them once."""
    found = {id(stats): stats for stats in kept if stats is not None}
    return [row for stats in found.values() for row in stats.calibration()]


def _same_size(one: Workload, other: Workload) -> bool:
    return (one.engine, one.variant, one.width, one.height) == (other.engine, other.variant, other.width, other.height)


def _estimate(runs: list[_Run], work: Workload, *, exact: bool) -> RuntimeEstimate:
    paces = sorted(run.seconds / run.work.units for run in runs)
    low, high = paces[round(0.1 * (len(paces) - 1))], paces[round(0.9 * (len(paces) - 1))]
    return RuntimeEstimate(_median(paces) * work.units, exact, low * work.units, high * work.units, len(runs))


def _calibration(runs: list[_Run]) -> EstimateAccuracy:
    """Return the row of runs of the same engine, variant and size, the latest first."""
    last = runs[0].work
    now = _estimate(runs, last, exact=True)
    off = [abs(run.seconds - run.expected) / run.expected for run in runs if run.expected]
    return EstimateAccuracy(last, len(runs), now.seconds, now.low, now.high, _median(off) if off else None, len(off))


def _median(values: Iterable[float]) -> float:
    ordered = sorted(values)
    return ordered[len(ordered) // 2]


def _read(path: Path) -> list[_Run]:
    try:
        stored: Any = json.loads(path.read_bytes())
        return [_Run(Workload(**run["work"]), float(run["seconds"]), float(run.get("expected", 0))) for run in stored["runs"]]
    except FileNotFoundError:
        return []
    except (OSError, ValueError, TypeError, KeyError) as error:
        log.warning("What was learned of earlier runs cannot be read (%s); it is learned again.", type(error).__name__)
        return []
