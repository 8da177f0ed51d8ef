"""Starts a worker for an empty slot and loads its engine."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields
from typing import Any, cast

from engines.common.profile_key import memory_profile_of
from engines.contract import EngineOptions, EnginePaths
from engines.contract.errors import EngineError, EngineNotReady, WorkerDied
from media.errors import Cancelled
from studio.callbacks import always_true
from studio.settings import WorkerSettings
from studio.workers.lease_options import LeaseOptions
from studio.workers.model import AdmissionHook, WorkerObserver
from studio.workers.prewarm import PrewarmedWorkers
from studio.workers.process.call import CallObserver, CallTimeouts
from studio.workers.process.launch import LaunchPlan, plan_launch
from studio.workers.process.log import WorkerLogs
from studio.workers.process.metering import MemoryMeter
from studio.workers.process.worker_process import WorkerProcess, answer
from studio.workers.reaper import Reaper
from studio.workers.slot import WorkerSlot

LONGEST_RELOADS = 10
"""A load that reports nothing may take this many times what its card says."""


class WorkerStarter:
    """Starts processes and loads engines into them.

    Owns the one thread that starts processes: the kernel kills a worker together with the thread that started it
    (PR_SET_PDEATHSIG refers to threads, not processes), so that thread has to live as long as the studio. Holds no lock: the
    memory gate makes sure that two loads do not count the same free memory.
    """

    def __init__(
        self,
        settings: WorkerSettings,
        site: EnginePaths,
        logs: WorkerLogs,
        admit: AdmissionHook,
        meter: MemoryMeter,
        observer: WorkerObserver,
        room_for_spares: Callable[[], bool] = always_true,
    ) -> None:
        self._settings, self._site, self._logs = settings, site, logs
        self._admit, self._meter, self._observer = admit, meter, observer
        self._spawner = ThreadPoolExecutor(max_workers=1, thread_name_prefix="worker-spawner")
        self._patience = CallTimeouts(settings.start_seconds, settings.heartbeat_seconds, settings.cancel_grace_seconds)
        self.spares = PrewarmedWorkers(site, logs, self._patience, self._spawn, room=room_for_spares)

    def start(self, slot: WorkerSlot, wishes: LeaseOptions, undertaker: Reaper) -> None:
        """Load the engine into a new slot, or remove the slot.

        Raises:
            EngineNotReady, MemoryRefused, WorkerDied, Cancelled, and what the engine raised while loading.
        """
        try:
            launch = self._prepare(slot)
        except BaseException:
            undertaker.never_admitted(slot)
            raise
        self._pass_gate(slot, wishes, undertaker)
        try:
            slot.process = self._process(slot, launch, wishes, undertaker)
            self._bring_up(slot, slot.process, wishes)
        except BaseException:
            if slot.process is not None and slot.process.pid:
                undertaker.end(slot, 0.0)
            else:
                undertaker.never_lived(slot)
            raise

    def _prepare(self, slot: WorkerSlot) -> LaunchPlan:
        launch = plan_launch(slot.engine.card, self._site)
        readiness = slot.engine.readiness(self._site)
        if not readiness.ready:
            raise EngineNotReady("engine.missing-something", why=readiness.why, next_step=readiness.step)
        return launch

    def _process(self, slot: WorkerSlot, launch: LaunchPlan, wishes: LeaseOptions, undertaker: Reaper) -> WorkerProcess:
        """Return the spare process if it fits, else a new one that is not started yet."""
        log = self._logs.open(slot.engine.card.id)

        def bury(process: WorkerProcess) -> None:
            undertaker.bury(slot, process)

        spare = self.spares.take(launch, log, bury, wishes.cancelled)
        return spare or WorkerProcess(launch, self._patience, log, bury, self._spawn)

    def _pass_gate(self, slot: WorkerSlot, wishes: LeaseOptions, undertaker: Reaper) -> None:
        def waiting(reason: str) -> None:
            if wishes.cancelled():
                raise Cancelled()
            self._refuse_doomed(slot)
            wishes.on_state("waiting", reason)

        try:
            options = slot.options or slot.engine.Options()
            card, slot.variant = memory_profile_of(slot.engine, options, wishes.extent)
            self._admit(card, waiting, slot.variant)
        except BaseException:
            undertaker.never_admitted(slot)
            raise

    def _bring_up(self, slot: WorkerSlot, process: WorkerProcess, wishes: LeaseOptions) -> None:
        card = slot.engine.card
        wishes.on_state("loading", f"Loading {card.title}.")
        slot.available_before_gib = slot.available_gib = self._meter.available()
        begun = time.monotonic()
        self._refuse_doomed(slot)
        patience = self._settings.start_seconds
        if not process.pid:
            process.start(CallObserver(patience, patience, wishes.cancelled))
        self._refuse_doomed(slot)
        self._load(slot, process, wishes)
        seconds = time.monotonic() - begun
        slot.measure(self._meter)
        with slot.books:
            if not slot.gone.is_set():
                self._observer.on_loaded(card.id, process.pid, slot.held_gib, seconds)

    def _load(self, slot: WorkerSlot, process: WorkerProcess, wishes: LeaseOptions) -> None:
        card, sort = slot.engine.card, slot.engine
        site = {field.name: getattr(self._site, field.name) for field in fields(self._site)}
        request = {"engine": f"{sort.__module__}:{sort.__qualname__}", "options": slot.options, "site": site}
        longest = max(self._settings.start_seconds, card.stall_seconds, LONGEST_RELOADS * card.reload_seconds)
        # Importing large libraries may hold the interpreter's lock, and the heartbeat with it, for many seconds.
        silence = max(self._settings.start_seconds, self._settings.heartbeat_seconds)
        answer(process, "load", request, CallObserver(longest, silence, wishes.cancelled, wishes.on_progress))

    def _refuse_doomed(self, slot: WorkerSlot) -> None:
        if slot.planned_end is not None:
            raise WorkerDied.saying(slot.planned_end.message)

    def configure(self, slot: WorkerSlot, options: EngineOptions, wishes: LeaseOptions) -> None:
        """Change the options of a loaded engine."""
        if slot.process is not None:
            answer(slot.process, "configure", {"options": options}, self.watch(slot, wishes))

    def watch(self, slot: WorkerSlot, wishes: LeaseOptions) -> CallObserver:
        stall = slot.engine.card.stall_seconds
        return CallObserver(stall, self._settings.heartbeat_seconds, wishes.cancelled, wishes.on_progress)

    def close(self) -> None:
        self.spares.close()
        self._spawner.shutdown(wait=True)

    def _spawn(self, *args: Any, **kwargs: Any) -> subprocess.Popen[bytes]:
        try:
            return cast("subprocess.Popen[bytes]", self._spawner.submit(subprocess.Popen, *args, **kwargs).result())
        except RuntimeError as error:
            raise EngineError("studio.closing-no-worker") from error
