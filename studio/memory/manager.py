"""The memory manager: reads memory, admits loads, and watches memory while engines work."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

from engines.contract import Device, Machine, Tier
from media.messages.message import Message
from studio.errors import MemoryRefused
from studio.memory.admission import Admission
from studio.memory.estimate import MemoryEstimate
from studio.memory.events import MachineEvents
from studio.memory.gate import budgeted_on_card, gain, machine_for, usable_for
from studio.memory.ledger import MemoryLedger
from studio.memory.machine.gpu import GpuFacts, GpuProbe, NvmlProbe
from studio.memory.machine.readings import MachineFiles, MemoryReading, read_memory
from studio.memory.messages import reuse as reuse_said
from studio.memory.model import Decision, Limits, Need, Refuse, Resident, Wait
from studio.memory.observer import MemoryObserver
from studio.memory.pending import PendingReservations, Reservation
from studio.memory.profiles import MemoryProfiles
from studio.memory.report import memory_report
from studio.memory.sampler import MemoryPressure, MemorySampler
from studio.memory.thermal import ThermalGuard
from studio.settings import MemorySettings
from studio.units import GIB
from studio.workers.model import WorkerStatus

SPARE_MARGIN = 0.1
"""Of the pool."""


class Workers(Protocol):
    """The part of the worker pool that the manager uses."""

    def snapshot(self) -> Sequence[WorkerStatus]:
        """Return the state of all workers."""

    def unload(self, engine_id: str) -> object:
        """End the engine's idle workers and return when their memory is free."""

    def end(self, engine_id: str, reason: str) -> object:
        """Kill the engine's worker at once; `reason` becomes the error of the job it worked for."""


class MemoryManager:
    """The memory of one studio. For the worker pool, `admit_load` is the AdmissionHook, `reuse` the ReuseHook and `observer` the
    WorkerObserver.

    Reading and reporting work at once. Admission by the hook and the watch need the workers, which are made with this object and
    passed to `attach`.

    Locks: PendingReservations.deciding, see Admission. The ledger, the profiles, the sampler's history and the GPU probe have
    locks of their own, inside which no other is acquired and no callback runs.
    """

    def __init__(
        self,
        settings: MemorySettings,
        data_folder: Path,
        *,
        files: MachineFiles | None = None,
        gpu: GpuProbe | None = None,
        clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self.limits = Limits.of(settings)
        self.ledger = MemoryLedger(clock)
        self.events = MachineEvents(clock)
        self.heat = ThermalGuard(settings.pause_above_celsius, settings.resume_below_celsius, self.events.tell)
        self._wait_seconds = settings.wait_seconds
        self.reservations = MemoryProfiles(data_folder / "memory.db", clock)
        self._files = files or MachineFiles()
        self._gpu: GpuProbe = gpu or NvmlProbe(lambda: self.reading().total)
        self._promises = PendingReservations(monotonic)
        self.observer = MemoryObserver(self.ledger, self.reservations, self._promises, self._files, self.gpu)
        self._workers: Workers | None = None
        self._admission = Admission(
            self._promises, self._facts, self.limits, settings.wait_seconds,
            monotonic=monotonic, pause=pause, hold=self._too_hot,
        )  # fmt: skip
        self.sampler = MemorySampler(
            self._facts,
            self.limits,
            self.residents,
            self._end_worker,
            fast_seconds=settings.sample_seconds,
            monotonic=monotonic,
            clock=clock,
            feel=self.heat.feel,
            tell=self.events.tell,
        )

    def attach(self, workers: Workers, estimate_of: Callable[[str], MemoryEstimate]) -> None:
        """Set the workers and start the watch."""
        self.observer.attach(estimate_of)
        self._workers = workers
        self.sampler.start()

    def close(self) -> None:
        self.sampler.stop()
        self.reservations.close()

    # Reading

    def reading(self) -> MemoryReading:
        return read_memory(self._files)

    def gpu(self) -> GpuFacts | None:
        return self._gpu.facts()

    def machine(self, tier: Tier = Tier.HEAVY) -> Machine:
        """Return what an engine of the tier on the GPU can use, once the studio's other engines are unloaded."""
        return replace(machine_for(tier, *self._facts(), self.residents(), self.limits), need_of=self._need_gib)

    def _need_gib(self, estimate: MemoryEstimate, variant: str) -> tuple[float, float]:
        need = self.need(estimate, variant)
        return need.bytes / GIB, need.host_bytes / GIB

    def gpu_bytes(self, pid: int) -> int:
        """Return the graphics memory of a process, 0 if there is none or it is unknown."""
        facts = self.gpu()
        return 0 if facts is None else facts.process_bytes.get(pid, 0)

    def residents(self) -> list[Resident]:
        """Return every engine that holds memory now, one entry for each of its workers."""
        return [] if self._workers is None else self.observer.residents(self._workers.snapshot())

    def history(self) -> list[dict[str, float | None]]:
        """Return the last hour for a plot, in GiB, oldest first."""
        self.sampler.watch()
        return [sample.as_dict() for sample in self.sampler.history()]

    def report(self) -> dict[str, Any]:
        """Return memory as the public API gives it, see memory_report."""
        self.sampler.watch()
        return memory_report(self.reading(), self.gpu(), self.residents(), self.limits, self.sampler.level, self.heat)

    # Admission

    def decide(self, need: Need, residents: Sequence[Resident] | None = None) -> Decision:
        """Return what the gate would decide on a need now; reserves nothing."""
        return self._admission.decide(need, self.residents() if residents is None else residents)

    def admission(
        self,
        estimate: MemoryEstimate,
        variant: str,
        residents: Callable[[], Sequence[Resident]],
        evict: Callable[[str], object],
        waiting: Callable[[str], None],
        cancelled: Callable[[], bool] = lambda: False,
    ) -> Reservation:
        """Block until a load may begin, unloading idle engines and waiting for busy ones as the gate decides.

        The reservation counts against all other loads until it is released, or `on_loaded`, or `on_returned` of a start
        that failed, was reported to the observer for this engine.

        Args:
            variant: see engines.common.profile_key.
            evict: unloads the idle workers of an engine and returns when their memory is back.
            waiting: called with the reason at every step of a wait, twice a second; may raise Cancelled.

        Raises:
            MemoryRefused: never possible on this machine, or not within memory.wait_seconds; with the numbers.
            Cancelled: `cancelled` returned true, or `waiting` raised it.
        """
        need = self.need(estimate, variant)
        try:
            return self._admission.enter(need, variant, residents, evict, waiting, cancelled)
        except MemoryRefused as refusal:
            self.events.tell("refused", str(refusal.reason))
            raise

    def has_room_to_spare(self) -> bool:
        """Return whether a spare process may be started: use is well below the hard limit and there is no memory pressure."""
        return self.sampler.level is MemoryPressure.CALM and self.reading().fraction < self.limits.hard - SPARE_MARGIN

    def spare(self, estimate: MemoryEstimate, without: Sequence[Resident]) -> int:
        """Return the bytes that a load on this device and of this tier could use if the engines of `without` were unloaded."""
        reading, facts = self._facts()
        pool, usable, _ = usable_for(estimate.device, estimate.tier, reading, facts, self.limits)
        return max(0, usable + sum(gain(one, pool, facts) for one in without))

    def need(self, estimate: MemoryEstimate, variant: str = "") -> Need:
        """Return the memory that a load needs on this machine. `estimate`: an engine's `card_for` its options; `variant`: its
        profile key."""
        return self.observer.need(estimate, variant)

    def admit_load(self, card: MemoryEstimate, waiting: Callable[[str], None], variant: str = "") -> None:
        """Run `admission` as the worker pool's hook."""
        assert self._workers is not None, "attach comes before the first load"
        self.sampler.watch()  # it may sleep for seconds while nothing works, and an engine can fill the machine in less time
        self.admission(card, variant, self.residents, self._workers.unload, waiting)

    def reuse(self, card: MemoryEstimate, held_gib: float, waited: float, variant: str = "") -> str:
        """Admit the next job of a loaded engine, as the worker pool's ReuseHook.

        It passes the thermal guard, and the admission limit for the memory that it is expected to use beyond what it holds. Idle
        engines are unloaded if that helps.
        """
        self.sampler.watch()
        need = self.need(card, variant)
        held = self._too_hot(need)
        if held is None:
            if card.work_gib and isinstance(never := self.decide(need), Refuse):
                self.events.tell("refused", never.reason)
                raise MemoryRefused.saying(never.message, retryable=False)
            growth = self._growth(need, held_gib, by_size=bool(card.work_gib))
            decision = self.decide(growth)
            if isinstance(decision, Wait):
                reading = self.reading()
                full = (reading.fraction, reading.pool, self.limits.admit)
                held = reuse_said(card.title, growth.bytes, *full, decision.message)
            elif isinstance(decision, Refuse):
                held = decision.message
            elif decision.after_evicting and self._workers is not None:
                for engine_id in decision.after_evicting:
                    self._workers.unload(engine_id)
                return decision.note
        if held is not None and waited >= self._wait_seconds:
            self.events.tell("refused", held.reason())
            raise MemoryRefused.saying(held)
        return "" if held is None else held.reason()

    # Inside

    def _too_hot(self, need: Need) -> Message | None:
        return self.heat.held if need.device is Device.CUDA else None

    def _growth(self, need: Need, held_gib: float, *, by_size: bool) -> Need:
        """Return what a loaded engine will use beyond what it holds, as a demand of the light tier: nothing above the admit
        limit. On a plug-in card it holds its part already, except for what a job larger than those before needs."""
        on_a_card = budgeted_on_card(need.device, self.gpu())
        if not (on_a_card and by_size):
            further = 0 if on_a_card else max(0, need.bytes - int(held_gib * GIB))
            return replace(need, tier=Tier.LIGHT, device=Device.CPU, bytes=further)
        held = max((one.card_bytes for one in self.residents() if one.engine_id == need.engine_id), default=need.bytes)
        return replace(need, tier=Tier.LIGHT, bytes=max(0, need.bytes - held), host_bytes=0)

    def _facts(self) -> tuple[MemoryReading, GpuFacts | None]:
        return self.reading(), self.gpu()

    def _end_worker(self, engine_id: str, reason: str) -> None:
        if self._workers is not None:
            self._workers.end(engine_id, reason)
