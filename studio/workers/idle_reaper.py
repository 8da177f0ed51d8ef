"""The timer of the worker pool: ends workers that were idle too long and samples the memory of busy ones."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

from studio.workers.idle_times import IdleTimeouts
from studio.workers.model import WorkerState
from studio.workers.process.metering import MemoryMeter
from studio.workers.registry import SlotRegistry
from studio.workers.slot import WorkerSlot

SAMPLE_SECONDS = 0.1
log = logging.getLogger(__name__)


class IdleReaper:
    """One thread. It sleeps on the registry's condition until something changes or the next idle worker is due, and wakes ten
    times a second only while a worker is busy. No lock is held while a worker is ended."""

    def __init__(
        self,
        registry: SlotRegistry,
        idle: IdleTimeouts,
        meter: MemoryMeter,
        end: Callable[[WorkerSlot], object],
        tell: Callable[[str, str], None],
    ) -> None:
        self._registry, self._idle, self._meter, self._end, self._tell = registry, idle, meter, end, tell
        self._stopping = False
        self._thread = threading.Thread(target=self._loop, name="worker-keeper", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        with self._registry.changed:
            self._stopping = True
            self._registry.changed.notify_all()
        self._thread.join(5.0)

    def _loop(self) -> None:
        while not self._stopping:
            with self._registry.changed:
                self._registry.changed.wait(self._pause())
                due = [] if self._stopping else self._registry.claim_due(self._is_due)
            for slot in due:
                log.info("%s was idle long enough and is unloaded", slot.engine.card.title)
                minutes = self._idle.of(slot.engine.card) / 60
                self._end(slot)
                back = 0.0 if slot.report is None else slot.report.returned_gib
                title = slot.engine.card.title
                self._tell("idle", f"{title} was unused for {minutes:.3g} min and was unloaded; {back:.2f} GiB came back.")
            for slot in self._registry.all():
                if slot.state is not WorkerState.WARM and slot.pid:
                    slot.sample(self._meter)

    def _pause(self) -> float | None:
        slots = self._registry.all()
        if any(slot.state is not WorkerState.WARM for slot in slots):
            return SAMPLE_SECONDS
        limits = [(slot, self._idle.of(slot.engine.card)) for slot in slots]
        times = [slot.idle_since + limit - time.monotonic() for slot, limit in limits if limit > 0]
        return max(0.0, min(times)) if times else None

    def _is_due(self, slot: WorkerSlot) -> bool:
        limit = self._idle.of(slot.engine.card)
        return limit > 0 and time.monotonic() - slot.idle_since >= limit
