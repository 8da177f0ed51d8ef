"""The memory watch while engines work: warns, closes the gate, and ends one worker before the machine runs out of memory."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from engines.contract import Tier
from studio.callbacks import no_op
from studio.memory import messages as sentences
from studio.memory.machine.gpu import GpuFacts
from studio.memory.machine.readings import MemoryReading
from studio.memory.model import Limits, Resident
from studio.units import about, gib

HISTORY_SECONDS = 3600.0
HISTORY_STEP_SECONDS = 5.0
SLOW_SECONDS = 10.0
WATCHED_SECONDS = 15.0
SETTLE_SECONDS = 5.0
EASED_BY = 0.03
"""Hysteresis: a fall below a limit is reported only this far below it, so that use near it is not reported again and again."""
log = logging.getLogger(__name__)


class MemoryPressure(StrEnum):
    """The state of the pool, by the limits of the settings."""

    CALM = "calm"
    WARNING = "warning"
    CLOSED = "closed"  # nothing new is admitted
    ENDING = "ending"  # the youngest heavy worker is ended


@dataclass(frozen=True)
class Sample:
    """One point of the plot: seconds since the epoch, bytes, percent of time stalled for memory."""

    at: float
    used: int
    available: int
    swap_used: int = 0
    pressure: float | None = None
    card_used: int | None = None

    def as_dict(self) -> dict[str, float | None]:
        return {
            "at": round(self.at, 1), "used": gib(self.used), "available": gib(self.available), "swap": gib(self.swap_used),
            "pressure": self.pressure, "card": None if self.card_used is None else gib(self.card_used),
        }  # fmt: skip


_ORDER = tuple(MemoryPressure)
_LEVEL_SENTENCES = {
    MemoryPressure.CALM: "Memory has room again",
    MemoryPressure.WARNING: "Memory is getting short: no medium or heavy engine is loaded",
    MemoryPressure.CLOSED: "Memory is nearly full: no work is begun",
    MemoryPressure.ENDING: "Memory is full: the youngest heavy engine is ended",
}


def level_of(fraction: float, limits: Limits) -> MemoryPressure:
    if fraction >= limits.kill:
        return MemoryPressure.ENDING
    if fraction >= limits.admit:
        return MemoryPressure.CLOSED
    return MemoryPressure.WARNING if fraction >= limits.hard else MemoryPressure.CALM


def victim_of(workers: Sequence[Resident]) -> Resident | None:
    """Return the worker to end if memory runs out: the youngest heavy one, else the youngest medium one. Light ones are kept,
    because they hold too little to help."""
    for tier in (Tier.HEAVY, Tier.MEDIUM):
        of_tier = [worker for worker in workers if worker.tier is tier]
        if of_tier:
            return max(of_tier, key=lambda worker: worker.started)
    return None


class MemorySampler:
    """Reads memory every `fast_seconds` while an engine works, a medium or heavy one is resident, or a page has asked recently;
    else every `slow_seconds`.

    One thread of its own, started by `start` and ended by `stop`; `tick` is one step of it and may be called without the thread.
    The lock guards only the history and is never held while `read`, `workers` or `end_worker` run. After a worker was ended, no
    other is ended until use is below the kill limit, or `settle_seconds` have passed.
    """

    def __init__(
        self,
        read: Callable[[], tuple[MemoryReading, GpuFacts | None]],
        limits: Limits,
        workers: Callable[[], Sequence[Resident]],
        end_worker: Callable[[str, str], None],
        *,
        fast_seconds: float = 1.0,
        slow_seconds: float = SLOW_SECONDS,
        settle_seconds: float = SETTLE_SECONDS,
        monotonic: Callable[[], float] = time.monotonic,
        clock: Callable[[], float] = time.time,
        feel: Callable[[float | None], None] = no_op,
        tell: Callable[[str, str], None] = no_op,
    ) -> None:
        """Args:
        feel: called with the GPU's temperature at every sample. tell: called for every limit that is crossed.
        """
        self._read = read
        self._feel, self._tell = feel, tell
        self._limits = limits
        self._workers = workers
        self._end_worker = end_worker
        self._fast_seconds = fast_seconds
        self._slow_seconds = max(slow_seconds, fast_seconds)
        self._settle_seconds = settle_seconds
        self._monotonic = monotonic
        self._clock = clock
        self._lock = threading.Lock()
        self._history: deque[Sample] = deque(maxlen=int(HISTORY_SECONDS / HISTORY_STEP_SECONDS))
        self._level = self._told = MemoryPressure.CALM
        self._ended_at: float | None = None
        self._watched_until = float("-inf")
        self._wake = threading.Event()
        self._stopping = False
        self._thread: threading.Thread | None = None

    @property
    def level(self) -> MemoryPressure:
        """The level at the last tick."""
        return self._level

    def watch(self) -> None:
        """Tick fast for a while, because a page shows memory."""
        if self._monotonic() >= self._watched_until:
            self._wake.set()
        self._watched_until = self._monotonic() + WATCHED_SECONDS

    def history(self) -> list[Sample]:
        """Return the last hour, oldest first, one sample for each few seconds: the one with the highest use."""
        with self._lock:
            oldest = self._clock() - HISTORY_SECONDS
            return [sample for sample in self._history if sample.at >= oldest]

    def tick(self) -> float:
        """Take one sample and act on it; returns the seconds until the next one."""
        reading, gpu = self._read()
        workers = self._workers()
        self._remember(reading, gpu)
        self._feel(None if gpu is None else gpu.temperature)
        self._announce(reading)
        self._guard(reading, workers)
        demanding = any(worker.busy or worker.tier is not Tier.LIGHT for worker in workers)
        return self._fast_seconds if demanding or self._monotonic() < self._watched_until else self._slow_seconds

    def start(self) -> None:
        if self._thread is None:
            self._stopping = False
            self._thread = threading.Thread(target=self._loop, name="memory-sampler", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        self._stopping = True
        self._wake.set()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join(timeout=10)
        self._thread = None

    def _loop(self) -> None:
        pause = self._fast_seconds
        while not self._stopping:
            self._wake.wait(pause)
            self._wake.clear()
            if self._stopping:
                return
            try:
                pause = self.tick()
            # The watch must continue whatever error one sample raises.
            except Exception:
                log.exception("A memory sample failed")

    def _remember(self, reading: MemoryReading, gpu: GpuFacts | None) -> None:
        card_used = gpu.used if gpu is not None and gpu.has_own_memory else None
        sample = Sample(self._clock(), reading.used, reading.pool_available, reading.swap_used, reading.pressure_some, card_used)
        with self._lock:
            last = self._history[-1] if self._history else None
            if last is None or sample.at // HISTORY_STEP_SECONDS != last.at // HISTORY_STEP_SECONDS:
                self._history.append(sample)
            elif sample.used >= last.used:
                self._history[-1] = sample

    def _announce(self, reading: MemoryReading) -> None:
        self._level = level_of(reading.fraction, self._limits)
        told = self._told
        if _ORDER.index(self._level) > _ORDER.index(told):
            self._told = self._level
        elif _ORDER.index(eased := level_of(reading.fraction + EASED_BY, self._limits)) < _ORDER.index(told):
            self._told = eased
        if self._told is not told:
            in_use = f"{reading.fraction:.0%} of {about(reading.pool)} in use"
            if self._told is not MemoryPressure.CALM:
                log.warning("Memory is %s: %s", self._told, in_use)
            self._tell("memory", f"{_LEVEL_SENTENCES[self._told]} ({in_use}).")

    def _guard(self, reading: MemoryReading, workers: Sequence[Resident]) -> None:
        if self._level is not MemoryPressure.ENDING:
            self._ended_at = None
            return
        now = self._monotonic()
        if self._ended_at is not None and now - self._ended_at < self._settle_seconds:
            return
        victim = victim_of(workers)
        if victim is not None:
            self._ended_at = now
            reason = sentences.ended_for_memory(victim.title, victim.tier, reading.used, reading.pool, self._limits.kill)
            log.error("%s", reason)
            self._tell("ended", reason)
            self._end_worker(victim.engine_id, reason)
