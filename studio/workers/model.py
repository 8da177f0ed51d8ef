"""Values that the worker pool returns, and protocols of what it uses."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol

from engines.contract import Card, Engine, Tier


class WorkerState(StrEnum):
    """The state of an engine in memory."""

    COLD = "cold"
    LOADING = "loading"
    WARM = "warm"
    BUSY = "busy"


@dataclass(frozen=True)
class WorkerStatus:
    """The present state of one worker process.

    Args:
        state: loading, warm or busy.
        memory_gib: main memory and graphics memory together, as last measured; while it loads, the card's estimate.
        idle_seconds: time since its last use, 0 while it is busy.
        idle_limit: time without use after which it is ended; 0 = never.
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
    """The memory that was freed when a worker, or all workers of an engine, ended.

    Args:
        held_gib: measured just before the end.
        returned_gib: by how much available memory rose. Other programs change that figure too.
        available_before_load_gib, available_after_gib: available memory before the worker's start and after its end.
        within_tolerance: whether available memory is back at the first reading, or rose by what was held.
    """

    engine_id: str
    workers: int
    held_gib: float
    returned_gib: float
    available_before_load_gib: float
    available_after_gib: float
    within_tolerance: bool

    def as_dict(self) -> dict[str, Any]:
        """Return the report in the form of the public API; sizes in GiB."""
        return {
            "engine": self.engine_id,
            "workers": self.workers,
            "held_gib": round(self.held_gib, 3),
            "returned_gib": round(self.returned_gib, 3),
            "available_gib": round(self.available_after_gib, 3),
            "within_tolerance": self.within_tolerance,
        }


class AdmissionHook(Protocol):
    """The memory gate for a new worker."""

    def __call__(self, card: Card, waiting: Callable[[str], None], variant: str = "") -> None:
        """Return when a worker of this card may be started, after evicting or waiting for others if needed.

        Args:
            card: of the engine, for the options that it is loaded with.
            variant: the key under which loads of equal cost are compared.
            waiting: called with a sentence, about once a second, while other engines hold the memory. Raises Cancelled.

        Raises:
            MemoryRefused: the load cannot be admitted; with the numbers.
        """


class ReuseHook(Protocol):
    """The memory gate for a warm worker before its next job."""

    def __call__(self, card: Card, held_gib: float, waited: float, variant: str = "") -> str:
        """Return "" if the worker may begin; else the reason why it has to wait. The pool asks again in half a second.

        Args:
            held_gib: what the worker holds already. waited: seconds since this job first asked.

        Raises:
            MemoryRefused: the job has waited too long.
        """


class WorkerObserver(Protocol):
    """Records what workers hold. Called from the pool's threads without its registry locked; must be quick and must not raise.

    The order of calls for each worker: on_loaded once, on_peak any number of times, on_died only if the end was not requested,
    on_returned last. A start that fails after it was admitted is reported without on_loaded; if not even a process was started,
    by on_returned with the process id 0. So every admission is followed by on_loaded or on_returned.
    """

    def on_loaded(self, engine_id: str, pid: int, resident_gib: float, seconds: float) -> None:
        """Called when an engine is loaded.

        `resident_gib` is main and GPU memory together, `seconds` the time for start and load.
        """

    def on_peak(self, engine_id: str, pid: int, peak_gib: float, variant: str = "") -> None:
        """Called when a lease ends. The peak was sampled every 100 ms; `variant` is the one given to the hooks."""

    def on_returned(self, engine_id: str, pid: int, report: UnloadReport) -> None:
        """Called when the process has ended and was reaped, with the freed memory."""

    def on_died(self, engine_id: str, pid: int, reason: str) -> None:
        """Called when the process has ended unexpectedly."""


class SilentObserver:
    """Records nothing: for benches and tests."""

    def on_loaded(self, engine_id: str, pid: int, resident_gib: float, seconds: float) -> None: ...

    def on_peak(self, engine_id: str, pid: int, peak_gib: float, variant: str = "") -> None: ...

    def on_returned(self, engine_id: str, pid: int, report: UnloadReport) -> None: ...

    def on_died(self, engine_id: str, pid: int, reason: str) -> None: ...


class EngineSource(Protocol):
    """The part of the catalog that the pool uses."""

    def get(self, engine_id: str) -> type[Engine]:
        """Raises NotFound, with similar names."""
        ...


def admit_all(card: Card, waiting: Callable[[str], None], variant: str = "") -> None:
    """Admit every load: for benches and tests."""


def reuse_all(card: Card, held_gib: float, waited: float, variant: str = "") -> str:
    """Let every warm worker begin: for benches and tests."""
    return ""
