"""What the worker host tells others, as values, and what it asks of them, as protocols."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol

from engines.contract import Card, Engine, Tier


class WorkerState(StrEnum):
    """Where an engine stands in memory."""

    COLD = "cold"
    LOADING = "loading"
    WARM = "warm"
    BUSY = "busy"


@dataclass(frozen=True)
class WorkerStatus:
    """One worker process as it stands now.

    Args:
        state: loading, warm or busy.
        memory_gib: main memory and graphics memory together, as last measured; the card's figure while it loads.
        idle_seconds: how long nobody has used it, 0 while it is busy.
        idle_limit: after how long unused it is ended; 0 = never.
        started: seconds since the epoch.
    """

    engine_id: str
    pid: int
    state: WorkerState
    memory_gib: float
    idle_seconds: float
    idle_limit: float
    tier: Tier
    started: float


@dataclass(frozen=True)
class UnloadReport:
    """What came back when a worker, or all workers of an engine, had ended.

    Args:
        held_gib: what was measured just before the end.
        returned_gib: by how much available memory rose. Other programs move that figure too.
        available_before_load_gib, available_after_gib: the readings on both sides of the worker's life.
        within_tolerance: available memory is back to the first reading, or rose by what was held.
    """

    engine_id: str
    workers: int
    held_gib: float
    returned_gib: float
    available_before_load_gib: float
    available_after_gib: float
    within_tolerance: bool

    def as_dict(self) -> dict[str, Any]:
        """The report as the public API gives it; sizes in GiB."""
        return {
            "engine": self.engine_id,
            "workers": self.workers,
            "held_gib": round(self.held_gib, 3),
            "returned_gib": round(self.returned_gib, 3),
            "available_gib": round(self.available_after_gib, 3),
            "within_tolerance": self.within_tolerance,
        }


class AdmissionHook(Protocol):
    """The memory gate as the host sees it."""

    def __call__(self, card: Card, waiting: Callable[[str], None], variant: str = "") -> None:
        """Return when a worker of this card may be started, after evicting or waiting for others where needed.

        Args:
            card: the engine's for the options that it is loaded with.
            variant: the key under which loads of equal cost are compared.
            waiting: call it with a sentence, about once a second, while memory is held by others. Raises Cancelled.

        Raises:
            MemoryRefused: the load cannot be admitted; with the numbers.
        """


class ReuseHook(Protocol):
    """The memory gate as a warm worker meets it before another job."""

    def __call__(self, card: Card, held_gib: float, waited: float, variant: str = "") -> str:
        """ "" when it may begin; else the reason why it has to wait, and the host asks again in half a second.

        Args:
            held_gib: what the worker holds already. waited: seconds since this job first asked.

        Raises:
            MemoryRefused: it has waited long enough.
        """


class WorkerObserver(Protocol):
    """Who keeps the books. Called from the host's threads without its registry locked; must be quick and not raise.

    Each worker is told of in this order: on_loaded once, on_peak any number of times, on_died only when nobody asked it
    to end, on_returned last. A start that fails after it was admitted is told of without on_loaded; when not even a
    process came of it, by on_returned with the process id 0. So every admission ends in on_loaded or on_returned.
    """

    def on_loaded(self, engine_id: str, pid: int, resident_gib: float, seconds: float) -> None:
        """A worker holds its engine; `resident_gib` counts main and graphics memory, `seconds` is start and load."""

    def on_peak(self, engine_id: str, pid: int, peak_gib: float, variant: str = "") -> None:
        """A lease has ended; the most it held meanwhile, sampled every 100 ms. `variant` as the hooks were told for it."""

    def on_returned(self, engine_id: str, pid: int, report: UnloadReport) -> None:
        """The process is gone and reaped; what came back."""

    def on_died(self, engine_id: str, pid: int, reason: str) -> None:
        """The process ended and nobody had asked it to."""


class SilentObserver:
    """Keeps no books: for benches and tests."""

    def on_loaded(self, engine_id: str, pid: int, resident_gib: float, seconds: float) -> None: ...

    def on_peak(self, engine_id: str, pid: int, peak_gib: float, variant: str = "") -> None: ...

    def on_returned(self, engine_id: str, pid: int, report: UnloadReport) -> None: ...

    def on_died(self, engine_id: str, pid: int, reason: str) -> None: ...


class EngineSource(Protocol):
    """What the host needs of the catalog."""

    def get(self, engine_id: str) -> type[Engine]:
        """Raises NotFound naming near matches."""
        ...


def admit_all(card: Card, waiting: Callable[[str], None], variant: str = "") -> None:
    """The gate that is always open: for benches and tests."""


def reuse_all(card: Card, held_gib: float, waited: float, variant: str = "") -> str:
    """The same for warm workers."""
    return ""
