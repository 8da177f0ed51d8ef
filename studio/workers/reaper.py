"""The end of workers, requested or not: the observer is notified and the freed memory measured."""

from __future__ import annotations

from collections.abc import Sequence

from studio.workers.model import UnloadReport, WorkerObserver, WorkerState
from studio.workers.process.exit_reason import ExitReason
from studio.workers.process.metering import MemoryMeter
from studio.workers.process.worker_process import GONE_SECONDS, WorkerProcess
from studio.workers.registry import SlotRegistry
from studio.workers.slot import WorkerSlot

ASKING_SECONDS = 1.0


class Reaper:
    """Ends workers, measures and reports. Any thread may call any method; only a slot's `books` is held while the observer is
    called."""

    def __init__(self, registry: SlotRegistry, meter: MemoryMeter, observer: WorkerObserver) -> None:
        self._registry, self._meter, self._observer = registry, meter, observer

    def end(self, slot: WorkerSlot, asking_seconds: float = ASKING_SECONDS) -> UnloadReport:
        """Ask the worker to exit, wait, kill its group, measure. For a slot that the caller has claimed."""
        if slot.process is not None and slot.process.pid:
            if slot.state is WorkerState.BUSY:
                slot.measure(self._meter)
            slot.process.end(asking_seconds)
            slot.gone.wait(GONE_SECONDS)
        return slot.report or self._measured(slot)

    def kill(self, slot: WorkerSlot, death: ExitReason) -> None:
        """Kill the worker at once, even if it is busy. One that has not started yet is not started."""
        slot.planned_end = slot.planned_end or death
        if slot.process is not None:
            slot.process.kill(death)

    def bury(self, slot: WorkerSlot, process: WorkerProcess) -> None:
        """Remove a reaped worker from the registry, measure, report. Runs in the worker's watching thread."""
        self._registry.remove(slot)
        slot.report = self._measured(slot)
        death = process.death
        engine_id = slot.engine.card.id
        with slot.books:
            if slot.leased:
                self._observer.on_peak(engine_id, process.pid, slot.peak_gib, slot.variant)
            if death is not None and death.unasked:
                self._observer.on_died(engine_id, process.pid, death.reason)
            self._observer.on_returned(engine_id, process.pid, slot.report)
            slot.gone.set()

    def never_admitted(self, slot: WorkerSlot) -> None:
        """Remove a slot whose load was not admitted; the observer does not know it."""
        self._registry.remove(slot)
        slot.gone.set()

    def never_lived(self, slot: WorkerSlot) -> None:
        """Remove a slot that was admitted but got no process."""
        self._registry.remove(slot)
        slot.report = self._measured(slot)
        self._observer.on_returned(slot.engine.card.id, 0, slot.report)
        slot.gone.set()

    def _measured(self, slot: WorkerSlot) -> UnloadReport:
        before_load, last, held = slot.available_before_gib, slot.available_gib, slot.held_gib
        enough = min(before_load, last + held) - self._meter.tolerance_gib
        self._meter.settled(enough, 1.0)
        after = self._meter.settled(last + 0.9 * held, 0.25)  # nothing hangs on this: it makes the figure true
        returned = after - last if last else 0.0
        return UnloadReport(slot.engine.card.id, 1, held, returned, before_load, after, after >= enough)


def total(engine_id: str, reports: Sequence[UnloadReport], now_gib: float) -> UnloadReport:
    """Combine the reports of an engine's workers, which were ended one after the other.

    Args:
        now_gib: available memory, for an engine without workers.
    """
    if not reports:
        return UnloadReport(engine_id, 0, 0.0, 0.0, now_gib, now_gib, True)
    return UnloadReport(
        engine_id,
        len(reports),
        sum(report.held_gib for report in reports),
        sum(report.returned_gib for report in reports),
        max(report.available_before_load_gib for report in reports),
        reports[-1].available_after_gib,
        all(report.within_tolerance for report in reports),
    )
