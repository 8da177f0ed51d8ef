"""One entry of the registry: a worker, from before its start until it is reaped and measured."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from engines.contract import Engine, EngineOptions
from studio.workers.model import UnloadReport, WorkerState, WorkerStatus
from studio.workers.process.exit_reason import ExitReason
from studio.workers.process.metering import MemoryMeter
from studio.workers.process.worker_process import WorkerProcess


@dataclass(eq=False)
class WorkerSlot:
    """The state of one worker. Fields change under the pool's condition, except for the measurements, which one thread at a time
    writes.

    Args:
        options: the engine's present options, None if unknown.
        leased: a lease is open on it (a busy slot may also be one that is being ended).
        spoiled: it must not be used again (it ran out of memory, for example); ended when its lease ends.
        variant: the key under which the memory of its present work is compared.
        planned_end: the reason to end it, if that was decided before its process existed.
        available_gib: available memory of the machine, when it was last read during this worker's life.
        books: held while the observer is called for this worker, so that no call follows the one for its end.
        gone: set when the process is reaped, the memory measured and the observer called.
    """

    engine: type[Engine]
    options: EngineOptions | None
    reload_key: tuple[Any, ...]
    state: WorkerState = WorkerState.LOADING
    process: WorkerProcess | None = None
    started: float = field(default_factory=time.time)
    idle_since: float = field(default_factory=time.monotonic)
    available_before_gib: float = 0.0
    available_gib: float = 0.0
    held_gib: float = 0.0
    peak_gib: float = 0.0
    leased: bool = False
    spoiled: bool = False
    variant: str = ""
    planned_end: ExitReason | None = None
    report: UnloadReport | None = None
    books: threading.Lock = field(default_factory=threading.Lock)
    gone: threading.Event = field(default_factory=threading.Event)

    @property
    def usable(self) -> bool:
        return self.process is not None and self.process.alive and not self.spoiled

    @property
    def pid(self) -> int:
        return 0 if self.process is None else self.process.pid

    def measure(self, meter: MemoryMeter) -> None:
        """Measure its memory exactly; for use between calls."""
        self.held_gib = meter.resident(self.pid) or self.held_gib
        self.peak_gib = max(self.peak_gib, self.held_gib, meter.high_water(self.pid))
        self.available_gib = meter.available()

    def sample(self, meter: MemoryMeter) -> None:
        """Read its memory cheaply; for use while it works."""
        self.held_gib = meter.quick(self.pid) or self.held_gib
        self.peak_gib = max(self.peak_gib, self.held_gib)
        self.available_gib = meter.available()

    def status(self, idle_limit: float) -> WorkerStatus:
        """
        Args:
            idle_limit: see WorkerStatus.
        """
        idle = time.monotonic() - self.idle_since if self.state is WorkerState.WARM else 0.0
        card = self.engine.card
        return WorkerStatus(
            card.id, self.pid, self.state, self.held_gib or card.memory_gib, idle, idle_limit, card.tier,
            self.started,
        )  # fmt: skip


def reload_key(options: EngineOptions) -> tuple[Any, ...]:
    """Return the values of the options that need a new worker when they change."""
    return tuple(
        getattr(options, name) for name, field in type(options).model_fields.items() if _reloads(field.json_schema_extra)
    )


def _reloads(extra: Mapping[str, Any] | Callable[..., None] | None) -> bool:
    return isinstance(extra, Mapping) and bool(extra.get("reload"))
