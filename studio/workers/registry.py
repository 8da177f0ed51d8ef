"""The workers that exist, and which of them are claimed."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

from engines.contract import Engine, EngineOptions, Tier
from engines.contract.errors import EngineError
from media.errors import Cancelled
from studio.workers.lease_options import LeaseOptions
from studio.workers.model import WorkerState
from studio.workers.slot import WorkerSlot, reload_key

POLL_SECONDS = 0.1


class SlotRegistry:
    """The list of slots. A slot is added before its process is started and removed only when the process is reaped or could not
    be started, so no worker is ever lost. An idle slot is claimed by marking it busy; the caller owns it until it is given
    back or removed.

    `changed` guards the list and the slots' states; nothing else is locked, called or waited for while it is held.

    Args:
        light_workers: how many workers a light engine may have at once; others have one.
    """

    def __init__(self, light_workers: int) -> None:
        self.changed = threading.Condition()  # reentrant: a caller that holds it may use the methods
        self._light_workers = light_workers
        self._slots: list[WorkerSlot] = []
        self._closing = False

    def claim(
        self, engine: type[Engine], options: EngineOptions, wishes: LeaseOptions, end: Callable[[WorkerSlot], object]
    ) -> WorkerSlot:
        """Return a slot reserved for this caller: an idle worker marked busy, or a new slot (loading) to be started.

        Args:
            end: ends an idle worker whose reload options differ, to make room.

        Raises:
            Cancelled; EngineError: the studio is closing.
        """
        key = reload_key(options)
        told = False
        while True:
            if wishes.cancelled():
                raise Cancelled()
            with self.changed:
                slot = self._find(engine, options, key)
                if slot is None and told:
                    self.changed.wait(POLL_SECONDS)
            if slot is None:
                if not told:
                    wishes.on_state("waiting", f"{engine.card.title} is at work for another job.")
                told = True
            elif slot.reload_key == key:
                return slot
            else:
                end(slot)

    def claim_all(self, engine_id: str, *, idle_only: bool) -> list[WorkerSlot]:
        """Mark all workers of an engine busy, to end them.

        Args:
            idle_only: skip busy ones; else there must be none.

        Raises:
            EngineError: one is busy and `idle_only` is not set.
        """
        with self.changed:
            idle = [slot for slot in self.of(engine_id) if slot.state is WorkerState.WARM]
            at_work = [slot for slot in self.of(engine_id) if slot.state is not WorkerState.WARM]
            if at_work and not idle_only:
                state = "loading" if at_work[0].state is WorkerState.LOADING else "working"
                raise EngineError("worker.at-work", engine=at_work[0].engine.card.title, state=state, retryable=True)
            return self._mark(idle)

    def claim_due(self, is_due: Callable[[WorkerSlot], bool]) -> list[WorkerSlot]:
        """Mark the idle workers for which the condition is true, to end them. The caller holds `changed`."""
        return self._mark([slot for slot in self._slots if slot.state is WorkerState.WARM and is_due(slot)])

    def give_back(self, slot: WorkerSlot) -> None:
        """Mark the slot idle again."""
        with self.changed:
            slot.state, slot.idle_since = WorkerState.WARM, time.monotonic()
            self.changed.notify_all()

    def remove(self, slot: WorkerSlot) -> None:
        """Remove a slot whose process was reaped, or was never started."""
        with self.changed:
            if slot in self._slots:
                self._slots.remove(slot)
            self.changed.notify_all()

    def close(self) -> list[WorkerSlot]:
        """Refuse every further claim; return the slots that exist."""
        with self.changed:
            self._closing = True
            self.changed.notify_all()
            return list(self._slots)

    def all(self) -> list[WorkerSlot]:
        with self.changed:
            return list(self._slots)

    def of(self, engine_id: str) -> list[WorkerSlot]:
        with self.changed:
            return [slot for slot in self._slots if slot.engine.card.id == engine_id]

    def _find(self, engine: type[Engine], options: EngineOptions, key: tuple[Any, ...]) -> WorkerSlot | None:
        if self._closing:
            raise EngineError("studio.closing-no-lease", retryable=True)
        slots = self.of(engine.card.id)
        idle = [slot for slot in slots if slot.state is WorkerState.WARM and slot.usable]
        fitting = [slot for slot in idle if slot.reload_key == key]
        if not fitting and len(slots) < (self._light_workers if engine.card.tier is Tier.LIGHT else 1):
            slot = WorkerSlot(engine, options, key)
            self._slots.append(slot)
            self.changed.notify_all()
            return slot
        return next(iter(self._mark((fitting or idle)[:1])), None)

    def _mark(self, slots: list[WorkerSlot]) -> list[WorkerSlot]:
        for slot in slots:
            slot.state = WorkerState.BUSY
            slot.peak_gib = 0.0
        self.changed.notify_all()
        return slots
