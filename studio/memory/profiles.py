"""Measured memory of engines, from runs on this machine.

A row for each load (resident bytes, seconds), each run (peak bytes) and each unload (returned bytes) in an SQLite file. The next
reservation of an engine is the 95th percentile of its last runs; before the first it is its card's estimate. A variant is a
profile key (see engines.common.profile_key): the reload options and the size class of the problem.
"""

from __future__ import annotations

import logging
import math
import sqlite3
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from pathlib import Path

from engines.common.profile_key import problem_size_of, without_size
from engines.contract.card import ProblemSize
from studio.errors import StorageError
from studio.memory.estimate import MemoryEstimate
from studio.memory.model import HOST_SIDE_OF_A_CARD, Need
from studio.units import GIB

LAST_RUNS = 20
PERCENTILE = 0.95
log = logging.getLogger(__name__)


class MeasurementKind(StrEnum):
    """What was measured."""

    LOADED = "loaded"  # bytes held right after the load; seconds the load took
    PEAK = "peak"  # the most held during a run
    RETURNED = "returned"  # by how much available memory rose after the end


def percentile(values: Sequence[int], part: float) -> int:
    """Return the percentile by nearest rank: of a few values the largest."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(part * len(ordered)) - 1)]


class MemoryProfiles:
    """The measured sizes. Any thread may call any method: one connection, one lock, no other lock acquired inside.

    The measurements are not essential: a file that cannot be read is renamed and started again, and a failed write is only
    logged, since a run must never fail because of it.

    Raises:
        StorageError: the data folder cannot be written at all.
    """

    def __init__(self, path: Path, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            self._database = _open(path)
        except sqlite3.OperationalError as error:
            raise StorageError("memory.sizes-not-kept", problem=error) from None
        except sqlite3.DatabaseError as error:
            log.warning("The learned memory sizes cannot be read (%s); they are learned again.", error)
            for leftover in (path.with_name(f"{path.name}-wal"), path.with_name(f"{path.name}-shm")):
                leftover.unlink(missing_ok=True)
            path.replace(path.with_name(f"{path.name}.broken"))
            self._database = _open(path)

    def record(
        self, kind: MeasurementKind, engine_id: str, variant: str, size: int, *, host_bytes: int = 0, seconds: float = 0.0
    ) -> None:
        """Store one measurement.

        Args:
            size: bytes of the engine's pool.
            host_bytes: of the machine's memory beside it, if that pool is a plug-in card.
        """
        row = (engine_id, variant, kind.value, self._clock(), size, host_bytes, seconds)
        same = (engine_id, variant, kind.value)
        try:
            with self._lock, self._database as database:
                database.execute(
                    "INSERT INTO measurements (engine, variant, kind, at, bytes, host_bytes, seconds) "
                    "VALUES (?, ?, ?, ?, ?, ?, ?)",
                    row,
                )
                database.execute(
                    "DELETE FROM measurements WHERE engine = ? AND variant = ? AND kind = ? AND id NOT IN (SELECT id FROM "
                    "measurements WHERE engine = ? AND variant = ? AND kind = ? ORDER BY id DESC LIMIT ?)",
                    (*same, *same, LAST_RUNS),
                )
        except sqlite3.Error as error:
            log.warning("A memory measurement could not be kept: %s", error)

    def need(self, estimate: MemoryEstimate, variant: str = "", *, plug_in: bool = False) -> Need:
        """Return what the next load of this engine needs: measured, or the estimate while there is no measurement.

        A load without a run proves only that at least so much is needed. For a size that has not run yet, the next smaller
        measured one is used plus the estimated difference, but never more than a larger one took. Runs of unknown size count for
        every size while there are none of known size.

        Args:
            plug_in: the engine uses the memory of a graphics card of its own.
        """
        wanted, others = problem_size_of(variant), self._sizes(estimate.id, without_size(variant))
        peaks = self._last(estimate.id, variant if others else without_size(variant), MeasurementKind.PEAK)
        loads = self._last(estimate.id, without_size(variant), MeasurementKind.LOADED)
        on_card = estimate.plug_in_memory_gib if plug_in else 0.0
        size = int((on_card or estimate.memory_gib) * GIB)
        host_bytes = int(estimate.plug_in_host_gib * GIB) or min(HOST_SIDE_OF_A_CARD, size)
        if peaks:
            size = percentile([row[0] for row in peaks], PERCENTILE)
            host_bytes = percentile([row[1] for row in peaks], PERCENTILE) or host_bytes
        elif wanted is not None:
            size = _between(others, wanted, size, int(estimate.work_gib * GIB))
        if loads:
            size = max(size, percentile([row[0] for row in loads], PERCENTILE))
        return Need(
            estimate.id, estimate.title, estimate.tier, estimate.device, size,
            measured=bool(peaks), host_bytes=host_bytes, savings=estimate.savings, remedy=estimate.remedy,
        )  # fmt: skip

    def reload_seconds(self, estimate: MemoryEstimate, variant: str = "") -> float:
        """Return the median of the last loads, or the estimate."""
        loads = self._last(estimate.id, variant, MeasurementKind.LOADED)
        seconds = sorted(row[2] for row in loads)
        return seconds[len(seconds) // 2] if seconds else estimate.reload_seconds

    def close(self) -> None:
        with self._lock:
            self._database.close()

    def _sizes(self, engine_id: str, base: str) -> dict[ProblemSize, int]:
        """Return what runs of the measured sizes took."""
        question = "SELECT variant, bytes FROM measurements WHERE engine = ? AND kind = ?"
        try:
            with self._lock:
                rows = self._database.execute(question, (engine_id, MeasurementKind.PEAK.value)).fetchall()
        except sqlite3.Error as error:
            log.warning("The learned memory sizes cannot be read: %s", error)
            return {}
        found: dict[ProblemSize, list[int]] = {}
        for variant, size in rows:
            if (extent := problem_size_of(variant)) is not None and without_size(variant) == base:
                found.setdefault(extent, []).append(size)
        return {extent: percentile(sizes, PERCENTILE) for extent, sizes in found.items()}

    def _last(self, engine_id: str, variant: str, kind: MeasurementKind) -> list[tuple[int, int, float]]:
        question = (
            "SELECT bytes, host_bytes, seconds FROM measurements WHERE engine = ? AND variant = ? AND kind = ? "
            "ORDER BY id DESC LIMIT ?"
        )
        try:
            with self._lock:
                return self._database.execute(question, (engine_id, variant, kind.value, LAST_RUNS)).fetchall()
        except sqlite3.Error as error:
            log.warning("The learned memory sizes cannot be read: %s", error)
            return []


def _between(others: Mapping[ProblemSize, int], wanted: ProblemSize, estimate: int, work: int) -> int:
    """Estimate a size from what smaller and larger ones took; `work` is the part that grows with the size."""
    smaller = [(one.units, size) for one, size in others.items() if one.within(wanted)]
    larger = [size for one, size in others.items() if wanted.within(one)]
    if smaller:
        units, seen = max(smaller)
        estimate = seen + int(work * (1 - units / wanted.units))
    return min([estimate, *larger])


def _open(path: Path) -> sqlite3.Connection:
    database = sqlite3.connect(path, check_same_thread=False, timeout=5)
    try:
        database.execute("PRAGMA journal_mode=WAL")
        database.execute("PRAGMA synchronous=NORMAL")
        with database:
            database.execute(
                "CREATE TABLE IF NOT EXISTS measurements (id INTEGER PRIMARY KEY, engine TEXT NOT NULL, "
                "variant TEXT NOT NULL, kind TEXT NOT NULL, at REAL NOT NULL, bytes INTEGER NOT NULL, "
                "host_bytes INTEGER NOT NULL, seconds REAL NOT NULL)"
            )
            database.execute("CREATE INDEX IF NOT EXISTS by_engine ON measurements (engine, variant, kind, id)")
    except sqlite3.Error:
        database.close()
        raise
    return database
