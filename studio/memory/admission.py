"""Waiting at the memory gate: decide, unload idle engines, wait for busy ones, and reserve."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from media.messages.message import Message
from studio.errors import Cancelled, MemoryRefused
from studio.memory.gate import decide
from studio.memory.machine.gpu import GpuFacts
from studio.memory.machine.readings import MemoryReading
from studio.memory.model import Admit, Decision, Limits, Need, Refuse, Resident, Wait
from studio.memory.pending import PendingReservations, Reservation

STEP_SECONDS = 0.5


def no_hold(need: Need) -> Message | None:
    """Return None: only memory makes a load wait."""
    return None


class Admission:
    """Decides on loads one at a time.

    The memory of a load is reserved in the same step in which it is admitted, before anything is unloaded for it, so that no
    other load can use the memory that the unloading frees. `PendingReservations.deciding` is held from the reading to the
    reservation and never while an engine is unloaded, a callback runs or this waits; inside it only the GPU probe's lock is
    acquired.
    """

    def __init__(
        self,
        promises: PendingReservations,
        facts: Callable[[], tuple[MemoryReading, GpuFacts | None]],
        limits: Limits,
        wait_seconds: float,
        *,
        monotonic: Callable[[], float] = time.monotonic,
        pause: Callable[[float], None] = time.sleep,
        hold: Callable[[Need], Message | None] = no_hold,
    ) -> None:
        """Args:
        hold: returns why a load has to wait whatever memory there is (heat, for example), None if it need not.
        """
        self._promises = promises
        self._facts = facts
        self._limits = limits
        self._wait_seconds = wait_seconds
        self._monotonic = monotonic
        self._pause = pause
        self._hold = hold

    def decide(self, need: Need, residents: Sequence[Resident]) -> Decision:
        """Return the gate's present decision; reserves nothing."""
        with self._promises.deciding:
            return self._decide(need, residents, self._promises.needs())

    def enter(
        self,
        need: Need,
        variant: str,
        residents: Callable[[], Sequence[Resident]],
        evict: Callable[[str], object],
        waiting: Callable[[str], None],
        cancelled: Callable[[], bool],
    ) -> Reservation:
        """Block until the load may begin; see MemoryManager.admission."""
        give_up = self._monotonic() + self._wait_seconds
        while True:
            if cancelled():
                raise Cancelled
            decision, reservation = self._promise(need, variant, residents)
            if reservation is not None and isinstance(decision, Admit):
                if not decision.after_evicting:
                    return reservation
                decision = self._make_room(reservation, decision, residents, evict, waiting)
                if decision == Admit():
                    return reservation
            if isinstance(decision, Refuse):
                raise MemoryRefused.saying(decision.message, retryable=False)
            over = self._monotonic() >= give_up
            if isinstance(decision, Wait):
                if over:
                    raise MemoryRefused.saying(decision.message)
                waiting(decision.reason)
            elif over:
                raise MemoryRefused("memory.not-given-back", engine=need.title)
            self._pause(STEP_SECONDS)

    def _decide(self, need: Need, residents: Sequence[Resident], promised: Sequence[Need]) -> Decision:
        reading, gpu = self._facts()
        return decide(need, reading, gpu, residents, self._limits, promised)

    def _promise(
        self, need: Need, variant: str, residents: Callable[[], Sequence[Resident]]
    ) -> tuple[Decision, Reservation | None]:
        if held := self._hold(need):
            return Wait(held), None
        now = residents()
        with self._promises.deciding:
            decision = self._decide(need, now, self._promises.needs())
            return decision, self._promises.give(need, variant) if isinstance(decision, Admit) else None

    def _make_room(
        self,
        reservation: Reservation,
        admitted: Admit,
        residents: Callable[[], Sequence[Resident]],
        evict: Callable[[str], object],
        waiting: Callable[[str], None],
    ) -> Decision:
        """Unload the victims and decide again; the reservation is kept only if the load now fits."""
        decision: Decision = admitted
        try:
            waiting(admitted.note)
            for engine_id in admitted.after_evicting:
                evict(engine_id)
            now = residents()
            with self._promises.deciding:
                decision = self._decide(reservation.need, now, self._promises.needs(besides=reservation))
        finally:
            if decision != Admit():
                reservation.release()
        return decision
