"""Reservations for loads that do not hold their memory yet, so that two loads cannot both be admitted to the same memory."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType

from studio.memory.model import Need

FORGOTTEN_AFTER_SECONDS = 600.0
"""A load that has not reported for this long is considered lost, and its reservation with it."""


@dataclass(eq=False)
class Reservation:
    """Memory reserved for one load. Release it as soon as the engine is resident, when the machine's own reading includes it, or
    when the load has failed: by `release`, which may be called twice, or as a context manager."""

    need: Need
    variant: str
    given: float
    number: int
    _promises: PendingReservations = field(repr=False)

    def release(self) -> None:
        self._promises.take_back(self)

    def __enter__(self) -> Reservation:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.release()


class PendingReservations:
    """The open reservations. One lock, `deciding`, is held from the reading of memory to the reservation: without it two loads
    could both be admitted to the same memory."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self.deciding = threading.RLock()
        self._monotonic = monotonic
        self._numbers = itertools.count(1)
        self._open: dict[int, Reservation] = {}

    def give(self, need: Need, variant: str = "") -> Reservation:
        with self.deciding:
            reservation = Reservation(need, variant, self._monotonic(), next(self._numbers), self)
            self._open[reservation.number] = reservation
            return reservation

    def take_back(self, reservation: Reservation) -> None:
        with self.deciding:
            self._open.pop(reservation.number, None)

    def settle(self, engine_id: str) -> Reservation | None:
        """Remove the oldest reservation of an engine when a load of it has ended; None without one."""
        with self.deciding:
            found = next((one for one in self._open.values() if one.need.engine_id == engine_id), None)
            if found is not None:
                self.take_back(found)
            return found

    def needs(self, besides: Reservation | None = None) -> list[Need]:
        """Return what is reserved and not held yet, without the caller's own reservation."""
        with self.deciding:
            oldest = self._monotonic() - FORGOTTEN_AFTER_SECONDS
            self._open = {number: one for number, one in self._open.items() if one.given >= oldest}
            return [one.need for one in self._open.values() if one is not besides]
