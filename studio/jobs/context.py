"""The context of a running capability: one object for each attempt at a job."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

from engines.contract import Engine, EngineOptions
from engines.contract.card import ProblemSize
from studio.errors import Cancelled
from studio.jobs.capability import SETUP_LANE
from studio.jobs.model import Claim, JobCost, JobState
from studio.jobs.store import JobStore
from studio.presence.live_use import WAITS, LiveUse

PACE_SECONDS = 60.0
"""How far back the pace of a job is measured for its remaining time."""


class EngineLeaser(Protocol):
    """The part of the worker pool that a context uses."""

    def lease(
        self,
        engine_class: type[Engine],
        options: EngineOptions,
        *,
        cancelled: Callable[[], bool],
        on_progress: Callable[[float, str], None],
        on_state: Callable[[str, str], None],
        on_peak: Callable[[float], None],
        extent: ProblemSize | None,
    ) -> AbstractContextManager[Any]: ...

    def release(self, engine_class: type[Engine]) -> None: ...


class EngineResolver(Protocol):
    """The part of the catalog that a context uses."""

    def get(self, engine_id: str) -> type[Engine]: ...


class ProgressRate:
    """Estimates the remaining time from the progress of the last minute.

    A resumed job skips its finished pieces quickly; the window keeps those from counting for long.
    """

    def __init__(self) -> None:
        self._seen: deque[tuple[float, float]] = deque()

    def remaining(self, now: float, fraction: float) -> float | None:
        """Return the seconds left, or None while there is too little data."""
        if self._seen and fraction < self._seen[-1][1]:
            self._seen.clear()
        self._seen.append((now, fraction))
        while len(self._seen) > 2 and self._seen[1][0] < now - PACE_SECONDS:
            self._seen.popleft()
        then, before = self._seen[0]
        elapsed = now - then
        if elapsed < 1.0 or fraction - before < 0.005:
            return None
        return max(0.0, (1.0 - fraction) * elapsed / (fraction - before))


@dataclass(frozen=True)
class _Shown:
    """What a page shows of a running attempt."""

    state: JobState = JobState.RUNNING
    progress: float = 0.0
    note: str = ""
    eta_seconds: float | None = None


class AttemptContext:
    """The `JobContext` of one attempt. Any thread of the capability may use it.

    Progress is kept in memory; the runner writes it with `flush` about five times a second and once at the end, so a capability
    never waits for the disk and its last progress is always written. Changes of state are written at once.

    Lock order: `_lock` guards the values and is never held while the store is used. `_flushing`, acquired before it, prevents
    two flushes from overtaking each other.
    """

    def __init__(
        self,
        claim: Claim,
        store: JobStore,
        lender: EngineLeaser,
        catalog: EngineResolver,
        scratch: Path,
        live_use: LiveUse | None = None,
    ) -> None:
        self._claim, self._store, self._lender, self._catalog = claim, store, lender, catalog
        self._scratch, self._live_use = scratch, live_use or LiveUse()
        self._lock, self._flushing = threading.Lock(), threading.Lock()
        self._stopped = threading.Event()
        self._pace = ProgressRate()
        self._shown = self._written = _Shown(progress=claim.job.progress, note=claim.job.note)
        self._note = ""
        self._span: tuple[float, float] | None = None
        self._peak_gib = 0.0
        self._warnings: list[str] = []
        self._begun = time.monotonic()
        self._waited = 0.0
        self._waits_since: float | None = None

    # For the capability

    @property
    def job_id(self) -> str:
        return self._claim.job.id

    @property
    def scratch(self) -> Path:
        self._scratch.mkdir(parents=True, exist_ok=True)
        return self._scratch

    def check(self) -> None:
        if self._stopped.is_set():
            raise Cancelled

    def progress(self, fraction: float, note: str = "", eta_seconds: float | None = None) -> None:
        self._give_way()
        self._note_progress(fraction, note, eta_seconds)

    def _give_way(self) -> None:
        """Wait between two pieces of work while a conversation is going on, so that it has the processor."""
        self.check()
        if self._live_use.going_on and self._claim.job.lane != SETUP_LANE:
            self._show(JobState.WAITING, WAITS)
            self._live_use.wait(self._stopped.is_set)
            self.check()
            self._show(JobState.RUNNING, self._note)

    def _note_progress(self, fraction: float, note: str, eta_seconds: float | None = None) -> None:
        self.check()
        bounded = min(1.0, max(0.0, fraction)) if fraction == fraction else 0.0
        with self._lock:
            pace = self._pace.remaining(time.monotonic(), bounded)
            self._note = note
            shown_note = self._shown.note if self._shown.state is JobState.WAITING else note
            self._shown = replace(
                self._shown, progress=bounded, note=shown_note, eta_seconds=pace if eta_seconds is None else max(0.0, eta_seconds)
            )

    @contextmanager
    def span(self, start: float, end: float) -> Iterator[None]:
        self.check()
        before = self._span
        self._span = (start, end)
        try:
            yield
        finally:
            self._span = before

    def phase(self, state: JobState, note: str = "") -> None:
        self.check()
        self._engine_state(state, note)

    def warn(self, sentence: str) -> None:
        self.event("warning", text=sentence)
        with self._lock:
            if sentence not in self._warnings:
                self._warnings.append(sentence)

    def event(self, kind: str, **data: Any) -> None:
        self.check()
        self._store.add_event(self.job_id, kind, data)

    @contextmanager
    def engine(self, engine: type[Engine] | str, options: EngineOptions, extent: ProblemSize | None = None) -> Iterator[Any]:
        self._give_way()
        engine_class = self._catalog.get(engine) if isinstance(engine, str) else engine
        try:
            with self._lender.lease(
                engine_class,
                options,
                cancelled=self._stopped.is_set,
                on_progress=self._engine_progress,
                on_state=self._engine_state,
                on_peak=self._engine_peak,
                extent=extent,
            ) as leased:
                self._show(JobState.RUNNING, self._note)
                yield leased
        finally:
            self._show(JobState.RUNNING, self._note)

    def release(self, engine: type[Engine]) -> None:
        self.check()
        self._lender.release(engine)

    # For the runner

    def stop(self) -> None:
        """Make every further call of the capability raise Cancelled, and cancel its engine's call. Returns at once."""
        self._stopped.set()

    @property
    def stopped(self) -> bool:
        return self._stopped.is_set()

    @property
    def warnings(self) -> str:
        """Return the warnings of the result as one text; "" if there are none."""
        with self._lock:
            return " ".join(self._warnings)

    @property
    def cost(self) -> JobCost:
        """Return what this attempt has used so far."""
        with self._lock:
            now = time.monotonic()
            waiting = 0.0 if self._waits_since is None else now - self._waits_since
            return JobCost(max(0.0, now - self._begun - self._waited - waiting), self._peak_gib)

    def flush(self) -> None:
        """Write what has changed since the last call. Stops an attempt that is no longer the job's present one."""
        with self._flushing:
            with self._lock:
                shown = self._shown
            if shown == self._written or self._stopped.is_set():
                return
            if not self._store.report(self._claim, shown.state, shown.progress, shown.note, shown.eta_seconds):
                self.stop()
            self._written = shown

    def _show(self, state: JobState, note: str) -> None:
        with self._lock:
            changed = state is not self._shown.state
            self._count_waiting(state)
            self._shown = replace(self._shown, state=state, note=note)
        if changed:
            self.flush()

    def _count_waiting(self, state: JobState) -> None:
        now = time.monotonic()
        if state is JobState.WAITING:
            self._waits_since = self._waits_since or now
        elif self._waits_since is not None:
            self._waited, self._waits_since = self._waited + now - self._waits_since, None

    def _engine_peak(self, gib: float) -> None:
        with self._lock:
            self._peak_gib = max(self._peak_gib, gib)

    def _engine_state(self, state: str, note: str) -> None:
        self._show(JobState(state), note or (self._note if state == JobState.RUNNING else ""))

    def _engine_progress(self, fraction: float, note: str) -> None:
        if self._shown.state is JobState.LOADING and note:
            self._show(JobState.LOADING, note)
        elif self._shown.state is JobState.RUNNING and self._span is not None and not self._stopped.is_set():
            start, end = self._span
            self._note_progress(start + (end - start) * fraction, note or self._note)
