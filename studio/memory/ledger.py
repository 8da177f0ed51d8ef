"""The record of memory use: which worker has held how much since when, and how much was freed when it ended."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace

from studio.units import GIB, gib
from studio.workers.model import UnloadReport

ENTRIES_KEPT = 200
USES_REMEMBERED_SECONDS = 3600.0


@dataclass(frozen=True)
class LedgerEntry:
    """The life of one worker. Times are seconds since the epoch, sizes bytes.

    Args:
        since: when it had loaded; None if its start failed.
        resident: memory right after the load. peak: the most memory in any run so far.
        ended: when it had ended; None while it lives.
        returned: by how much available memory rose then; None while it lives.
        within_tolerance: whether all of its memory was freed, within the tolerance.
        death: why it ended unexpectedly; "" otherwise.
    """

    engine_id: str
    pid: int
    since: float | None
    resident: int = 0
    load_seconds: float = 0.0
    peak: int = 0
    runs: int = 0
    ended: float | None = None
    returned: int | None = None
    within_tolerance: bool | None = None
    death: str = ""

    def as_dict(self) -> dict[str, object]:
        return {
            "engine": self.engine_id, "pid": self.pid, "since": self.since, "resident": gib(self.resident),
            "peak": gib(self.peak), "runs": self.runs, "ended": self.ended,
            "returned": None if self.returned is None else gib(self.returned),
            "within_tolerance": self.within_tolerance, "death": self.death,
        }  # fmt: skip


@dataclass(frozen=True)
class EngineTotals:
    """Totals of one engine since the studio started."""

    loads: int = 0
    load_seconds: float = 0.0
    runs: int = 0
    deaths: int = 0


class MemoryLedger:
    """Keeps the living entries and the last ended ones. A WorkerObserver; any thread may call any method. One lock, inside which
    no other is acquired."""

    def __init__(self, clock: Callable[[], float] = time.time, keep: int = ENTRIES_KEPT) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._living: dict[int, LedgerEntry] = {}
        self._ended: deque[LedgerEntry] = deque(maxlen=keep)
        self._uses: dict[str, deque[float]] = {}
        self._totals: dict[str, EngineTotals] = {}

    def on_loaded(self, engine_id: str, pid: int, resident_gib: float, seconds: float) -> None:
        size = int(resident_gib * GIB)
        with self._lock:
            entry = LedgerEntry(engine_id, pid, self._clock(), resident=size, load_seconds=seconds, peak=size)
            self._living[pid] = entry
            self._add(engine_id, loads=1, load_seconds=seconds)

    def on_peak(self, engine_id: str, pid: int, peak_gib: float, variant: str = "") -> None:
        with self._lock:
            entry = self._entry(engine_id, pid)
            self._living[pid] = replace(entry, peak=max(entry.peak, int(peak_gib * GIB)), runs=entry.runs + 1)
            self._uses.setdefault(engine_id, deque(maxlen=1000)).append(self._clock())
            self._add(engine_id, runs=1)

    def on_died(self, engine_id: str, pid: int, reason: str) -> None:
        with self._lock:
            self._living[pid] = replace(self._entry(engine_id, pid), death=reason)
            self._add(engine_id, deaths=1)

    def on_returned(self, engine_id: str, pid: int, report: UnloadReport) -> None:
        with self._lock:
            entry = self._living.pop(pid, None) or LedgerEntry(engine_id, pid, None)
            returned = int(report.returned_gib * GIB)
            self._ended.append(replace(entry, ended=self._clock(), returned=returned, within_tolerance=report.within_tolerance))

    def living(self) -> list[LedgerEntry]:
        """Return the entries of living workers, the oldest first."""
        with self._lock:
            return list(self._living.values())

    def ended(self, limit: int = 50) -> list[LedgerEntry]:
        """Return the last ended entries, the newest first."""
        with self._lock:
            return list(self._ended)[: -limit - 1 : -1]

    def totals(self) -> dict[str, EngineTotals]:
        """Return totals by engine id, over all workers since the start."""
        with self._lock:
            return dict(self._totals)

    def recent_uses(self, engine_id: str) -> int:
        """Count the runs of the engine within the last hour."""
        with self._lock:
            uses = self._uses.get(engine_id)
            while uses and uses[0] < self._clock() - USES_REMEMBERED_SECONDS:
                uses.popleft()
            return len(uses or ())

    def _add(self, engine_id: str, *, loads: int = 0, load_seconds: float = 0.0, runs: int = 0, deaths: int = 0) -> None:
        old = self._totals.get(engine_id, EngineTotals())
        self._totals[engine_id] = EngineTotals(
            old.loads + loads, old.load_seconds + load_seconds, old.runs + runs, old.deaths + deaths
        )

    def _entry(self, engine_id: str, pid: int) -> LedgerEntry:
        return self._living.get(pid) or LedgerEntry(engine_id, pid, None)
