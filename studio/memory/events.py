"""Recent events of the machine's memory and temperature, as sentences for the page and the API."""

from __future__ import annotations

import threading
import time
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

EVENTS_KEPT = 200


@dataclass(frozen=True)
class MachineEvent:
    """One event.

    Args:
        at: seconds since the epoch.
        kind: memory (a limit was crossed), ended (a worker, to save the machine), refused (a load), heat, idle (an engine was
            unloaded), storage (the list of jobs was lost on the disk and written anew).
    """

    at: float
    kind: str
    sentence: str

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


class MachineEvents:
    """The last events; any thread may add and read. One lock, nothing is called while it is held."""

    def __init__(self, clock: Callable[[], float] = time.time, keep: int = EVENTS_KEPT) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._events: deque[MachineEvent] = deque(maxlen=keep)
        self._counts: Counter[str] = Counter()

    def tell(self, kind: str, sentence: str) -> None:
        with self._lock:
            self._events.append(MachineEvent(self._clock(), kind, sentence))
            self._counts[kind] += 1

    def newest(self, limit: int = 50) -> list[MachineEvent]:
        """Return the latest events, newest first."""
        with self._lock:
            return list(self._events)[: -limit - 1 : -1]

    def counts(self) -> dict[str, int]:
        """Return the number of events of each kind since the start, including dropped ones."""
        with self._lock:
            return dict(self._counts)
