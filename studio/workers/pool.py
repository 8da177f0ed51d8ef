"""The worker pool: lends engines to jobs, keeps them warm, ends them, and measures the memory that is freed."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from engines.common.profile_key import memory_profile_of
from engines.contract import Engine, EngineOptions, EnginePaths
from engines.contract.card import ProblemSize
from engines.contract.errors import EngineError, EngineOutOfMemory, WorkerDied
from studio.callbacks import never_cancelled, no_op
from studio.settings import WorkerSettings
from studio.workers.idle_reaper import IdleReaper
from studio.workers.idle_times import IdleTimeouts
from studio.workers.lease_options import LeaseOptions
from studio.workers.model import EngineSource, UnloadReport, WorkerState, WorkerStatus
from studio.workers.pool_options import DEFAULT_OPTIONS, PoolOptions
from studio.workers.process.exit_reason import ExitReason
from studio.workers.process.log import WorkerLogs
from studio.workers.process.metering import MemoryMeter
from studio.workers.proxy import EngineProxy
from studio.workers.reaper import Reaper, total
from studio.workers.registry import SlotRegistry
from studio.workers.slot import WorkerSlot
from studio.workers.starter import WorkerStarter

ATTEMPTS = 3
REUSE_STEP_SECONDS = 0.5
CLOSE_SECONDS = 1.0


class WorkerPool:
    """Starts, keeps and ends every worker process of the studio. Any thread may call any method.

    Threads: the thread that takes a lease runs its start and its calls; one thread starts processes (see WorkerStarter), one ends
    idle workers (see IdleReaper), and one for each worker watches it and detects its end at once, whatever the cause.

    Locks, in this order: the registry's condition, a slot's `books`, a worker process's own. No hook runs and no pipe is used
    while the registry is locked. The admission hook runs with nothing locked, so it may call `evict`.

    Args:
        catalog: finds engine classes by id.
        logs: folder for the output of workers.
    """

    def __init__(
        self,
        settings: WorkerSettings,
        site: EnginePaths,
        catalog: EngineSource,
        *,
        logs: Path,
        options: PoolOptions = DEFAULT_OPTIONS,
    ) -> None:
        self._catalog, self._observer, self._reuse = catalog, options.observer, options.reuse
        self._meter = MemoryMeter(options.available, options.gpu_bytes, options.tolerance_gib)
        self.idle = options.idle or IdleTimeouts(settings)
        self._logs = WorkerLogs(logs)
        self._registry = SlotRegistry(options.light_workers)
        self._reaper = Reaper(self._registry, self._meter, self._observer)
        self._starter = WorkerStarter(
            settings, site, self._logs, options.admit, self._meter, self._observer, options.room_for_spares
        )
        self._keeper = IdleReaper(self._registry, self.idle, self._meter, self._reaper.end, options.tell)

    @contextmanager
    def lease(
        self,
        engine_class: type[Engine],
        options: EngineOptions,
        *,
        cancelled: Callable[[], bool] = never_cancelled,
        on_progress: Callable[[float, str], None] = no_op,
        on_state: Callable[[str, str], None] = no_op,
        on_peak: Callable[[float], None] = no_op,
        extent: ProblemSize | None = None,
    ) -> Iterator[Any]:
        """Lease an engine: an EngineProxy for the duration of the block. Reuses an idle worker with the same reload options, else
        starts one; waits while the engine has as many busy workers as it may have. A worker that was killed while idle is
        replaced. At the end `on_peak` gets the most memory that the worker held during the lease, in GiB. `extent` is the size
        of its largest piece of work.

        Raises:
            EngineNotReady, MemoryRefused, WorkerDied, Cancelled, and what the engine raised while loading.
        """
        wishes = LeaseOptions(cancelled, on_progress, on_state, extent)
        slot = self._acquire(engine_class, options, wishes)
        slot.leased = True
        try:
            on_state("running", "")
            yield EngineProxy(engine_class, lambda call: self._ask(slot, call, wishes))
        finally:
            self._give_back(slot)
            on_peak(slot.peak_gib)

    def load(self, engine_id: str, options: EngineOptions | None = None, *, wishes: LeaseOptions | None = None) -> None:
        """Make sure that the engine has a warm worker, with its default options if none are given.

        Raises: as `lease`.
        """
        engine = self._catalog.get(engine_id)
        slot = self._acquire(engine, options or engine.Options(), wishes or LeaseOptions())
        self._give_back(slot)

    def prepare(self, engine_id: str) -> bool:
        """Import the engine's libraries in a spare process while other work goes on; returns at once whether one was started.
        Does nothing for an engine that has a worker, is not installed, or imports nothing large."""
        if self.residency(engine_id) is not WorkerState.COLD:
            return False
        return self._starter.spares.prepare(self._catalog.get(engine_id))

    @property
    def spare_is_importing(self) -> bool:
        """Return whether a spare process is importing."""
        return self._starter.spares.importing

    def unload(self, engine_id: str, *, force: bool = False) -> UnloadReport:
        """End all workers of the engine and return the freed memory. Does nothing if it has none.

        Raises:
            EngineError: it is working and `force` is not given.
        """
        title = self._catalog.get(engine_id).card.title
        at_work = [slot for slot in self._registry.of(engine_id) if slot.state is not WorkerState.WARM] if force else []
        for slot in at_work:
            self._reaper.kill(slot, ExitReason.of("worker.unloaded-at-work", engine=title, unasked=False))
        idle = self._registry.claim_all(engine_id, idle_only=force)
        reports = [self._reaper.end(slot) for slot in (*at_work, *idle)]
        return total(engine_id, reports, self._meter.available())

    def evict(self, engine_id: str) -> UnloadReport | None:
        """End the idle workers of an engine, for the memory gate; None if there is none. Busy ones are not touched."""
        reports = [self._reaper.end(slot) for slot in self._registry.claim_all(engine_id, idle_only=True)]
        return total(engine_id, reports, self._meter.available()) if reports else None

    def release(self, engine_class: type[Engine]) -> None:
        """End the idle workers of an engine that a job will not need for a while, unless the user has set that it stays."""
        if self.idle.chosen(engine_class.card.id) != 0:
            self.evict(engine_class.card.id)

    def end_worker(self, engine_id: str, why: str) -> bool:
        """Kill the youngest worker of an engine at once, even if it is busy, for the memory guard; its call fails with the given
        sentence. Returns whether there was a worker. Does not wait for its end."""
        slots = [slot for slot in self._registry.of(engine_id) if slot.process is not None]
        if slots:
            self._reaper.kill(max(slots, key=lambda slot: slot.started), ExitReason.of("worker.ended-for-memory", why=why))
        return bool(slots)

    def residency(self, engine_id: str) -> WorkerState:
        """Return the state of the engine's most active worker."""
        states = {slot.state for slot in self._registry.of(engine_id)}
        order = (WorkerState.BUSY, WorkerState.LOADING, WorkerState.WARM)
        return next((state for state in order if state in states), WorkerState.COLD)

    def snapshot(self) -> list[WorkerStatus]:
        """Return the state of all workers, the oldest first."""
        return [slot.status(self.idle.of(slot.engine.card)) for slot in self._registry.all()]

    def close(self) -> None:
        """End every worker, including busy ones, within three seconds. Nothing can be leased afterwards."""
        slots = self._registry.close()
        self._keeper.stop()
        closing = ExitReason.of("worker.studio-closed", unasked=False)
        for slot in slots:
            if slot.state is not WorkerState.WARM:
                self._reaper.kill(slot, closing)
        enders = [threading.Thread(target=self._reaper.end, args=(slot, CLOSE_SECONDS), daemon=True) for slot in slots]
        for ender in enders:
            ender.start()
        for ender in enders:
            ender.join(2 * CLOSE_SECONDS)
        self._starter.close()
        self._logs.close()

    def _acquire(self, engine: type[Engine], options: EngineOptions, wishes: LeaseOptions) -> WorkerSlot:
        """Return a loaded worker with these options, reserved for this caller. A worker that turns out to be dead is replaced."""
        for _ in range(ATTEMPTS):
            slot = self._claim(engine, options, wishes)
            if slot.state is WorkerState.LOADING:
                self._starter.start(slot, wishes, self._reaper)
                slot.state = WorkerState.BUSY
                return slot
            try:
                self._adapt(slot, options, wishes)
            except WorkerDied:
                slot.gone.wait(CLOSE_SECONDS)
            else:
                return slot
        raise EngineError("worker.ended-each-time", retryable=True, engine=engine.card.title)

    def _claim(self, engine: type[Engine], options: EngineOptions, wishes: LeaseOptions) -> WorkerSlot:
        """Return a slot reserved for this caller: a new one, or a warm one that may begin another job now. While it may not, it
        is given back, so that it can be evicted to free memory."""
        begun = time.monotonic()
        while True:
            slot = self._registry.claim(engine, options, wishes, self._reaper.end)
            if slot.state is WorkerState.LOADING:
                return slot
            reason = ""
            try:
                waited = time.monotonic() - begun
                card, slot.variant = memory_profile_of(engine, options, wishes.extent)
                reason = self._reuse(card, slot.held_gib, waited, slot.variant)
                if not reason:
                    return slot
            except BaseException:
                self._registry.give_back(slot)
                raise
            self._registry.give_back(slot)
            wishes.on_state("waiting", reason)
            time.sleep(REUSE_STEP_SECONDS)

    def set_idle(self, engine_id: str, seconds: float | None) -> None:
        """Set how long an unused worker of the engine stays; 0 = forever, None = as the settings say.

        Raises:
            NotFound: there is no such engine.
        """
        self.idle.choose(self._catalog.get(engine_id).card.id, seconds)
        with self._registry.changed:
            self._registry.changed.notify_all()

    def _adapt(self, slot: WorkerSlot, options: EngineOptions, wishes: LeaseOptions) -> None:
        if slot.options == options:
            return
        slot.options = None  # unknown until the engine has accepted them
        try:
            self._starter.configure(slot, options, wishes)
        except BaseException:
            self._give_back(slot)
            raise
        slot.options = options

    def _ask(self, slot: WorkerSlot, call: dict[str, Any], wishes: LeaseOptions) -> Generator[Any, None, Any]:
        if slot.process is None or not slot.leased:
            raise EngineError("worker.lease-over", engine=slot.engine.card.title)
        try:
            return (yield from slot.process.request("call", call, self._starter.watch(slot, wishes)))
        except EngineOutOfMemory:
            slot.spoiled = True
            raise

    def _give_back(self, slot: WorkerSlot) -> None:
        """End a lease: stop what is still running, report the peak, and mark the worker idle."""
        if slot.process is not None:
            slot.process.stop_active()
        if slot.spoiled:
            self._reaper.end(slot)
            return
        if slot.usable:
            slot.measure(self._meter)
        with slot.books:
            if slot.leased and not slot.gone.is_set():
                self._observer.on_peak(slot.engine.card.id, slot.pid, slot.peak_gib, slot.variant)
            slot.leased = False
        if slot.usable:
            self._registry.give_back(slot)  # else it is about to end and stays claimed until then
