"""The keeper of the studio's memory: one object that reads, admits, learns, keeps the books and watches."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

from engines.contract import Device, Tier
from engines.contract.profile_key import without_size
from studio.errors import MemoryRefused
from studio.memory.admission import COOLING, Admission
from studio.memory.estimate import MemoryEstimate
from studio.memory.events import MachineEvents
from studio.memory.gate import gain, usable_for
from studio.memory.gpu import GpuFacts, GpuProbe, NvmlProbe
from studio.memory.ledger import MemoryLedger
from studio.memory.messages import reuse as reuse_said
from studio.memory.model import Admit, Decision, Limits, Need, Refuse, Resident
from studio.memory.pending import PendingReservations, Reservation
from studio.memory.profiles import MeasurementKind, MemoryProfiles
from studio.memory.readings import MachineFiles, MemoryReading, process_resident, read_memory
from studio.memory.report import memory_report
from studio.memory.sampler import MemoryPressure, MemorySampler
from studio.memory.thermal import ThermalGuard
from studio.settings import MemorySettings
from studio.units import GIB
from studio.workers.model import UnloadReport, WorkerState, WorkerStatus

SPARE_MARGIN = 0.1
"""Of the pool."""


class Workers(Protocol):
    """What the keeper asks of whoever owns the worker processes."""

    def snapshot(self) -> Sequence[WorkerStatus]:
        """All workers as they stand now."""

    def unload(self, engine_id: str) -> object:
        """End the engine's idle workers and return when their memory is back."""

    def end(self, engine_id: str, reason: str) -> object:
        """End the engine's worker at once; `reason` becomes the error of the job it worked for."""


@dataclass(frozen=True)
class _LoadRecord:
    """What is known of a living worker: its variant, and what it held of the machine's memory after its load."""

    variant: str = ""
    host_bytes: int = 0


class MemoryManager:
    """The memory of one studio; the worker host's AdmissionHook is `admit_load`, its WorkerObserver is the keeper itself.

    Reading and reporting work at once. Admission by the hook and the watch need the workers, which are made with this
    object and told to it by `attach`.

    Locks: Promises.deciding, see Admission; the books, the learned sizes, the sampler's history and the GPU probe have
    locks of their own, inside which no other is taken and nobody is called.
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
        self._lives: dict[int, _LoadRecord] = {}
        self._workers: Workers | None = None
        self._estimate_of: Callable[[str], MemoryEstimate] | None = None
        self._admission = Admission(
            self._promises,
            self._facts,
            self.limits,
            settings.wait_seconds,
            monotonic=monotonic,
            pause=pause,
            hold=self._too_hot,
        )
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
        """Make the workers known and begin the watch."""
        self._workers, self._estimate_of = workers, estimate_of
        self.sampler.start()

    def close(self) -> None:
        self.sampler.stop()
        self.reservations.close()

    # Reading

    def reading(self) -> MemoryReading:
        return read_memory(self._files)

    def gpu(self) -> GpuFacts | None:
        return self._gpu.facts()

    def gpu_bytes(self, pid: int) -> int:
        """Graphics memory a process holds, 0 where there is none or none can be told."""
        facts = self.gpu()
        return 0 if facts is None else facts.process_bytes.get(pid, 0)

    def residents(self) -> list[Resident]:
        """Every engine that holds memory now, one entry for each of its workers."""
        if self._workers is None:
            return []
        facts = self.gpu()
        return [self._resident(status, facts) for status in self._workers.snapshot()]

    def history(self) -> list[dict[str, float | None]]:
        """The last hour for a plot, in GiB, oldest first."""
        self.sampler.watch()
        return [sample.as_dict() for sample in self.sampler.history()]

    def report(self) -> dict[str, Any]:
        """Memory as the public API gives it, see memory_report."""
        self.sampler.watch()
        return memory_report(self.reading(), self.gpu(), self.residents(), self.limits, self.sampler.level, self.heat)

    # Admission

    def decide(self, need: Need, residents: Sequence[Resident] | None = None) -> Decision:
        """What the gate would say to a need now; promises nothing."""
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
        """Block until a load may begin, unloading idle engines and waiting for busy ones as the gate says.

        The reservation counts against all other loads until it is released, or `on_loaded`, or `on_returned` of a start
        that failed, was told for this engine.

        Args:
            variant: see engines.contract.profile_key.
            evict: unloads the idle workers of an engine and returns when their memory is back.
            waiting: told the reason at every step of a wait, twice a second; may raise Cancelled.

        Raises:
            MemoryRefused: never possible on this machine, or not within memory.wait_seconds; with the numbers.
            Cancelled: `cancelled` said so, or `waiting` raised it.
        """
        need = self.need(estimate, variant)
        try:
            return self._admission.enter(need, variant, residents, evict, waiting, cancelled)
        except MemoryRefused as refusal:
            self.events.tell("refused", str(refusal.reason))
            raise

    def has_room_to_spare(self) -> bool:
        """Whether a process may be started that is only perhaps needed: well below the hard limit, nothing tense."""
        return self.sampler.level is MemoryPressure.CALM and self.reading().fraction < self.limits.hard - SPARE_MARGIN

    def spare(self, estimate: MemoryEstimate, without: Sequence[Resident]) -> int:
        """Bytes that a load on this device and of this tier could have if the engines of `without` were gone."""
        reading, facts = self._facts()
        pool, usable, _ = usable_for(estimate.device, estimate.tier, reading, facts, self.limits)
        return max(0, usable + sum(gain(one, pool, facts) for one in without))

    def need(self, estimate: MemoryEstimate, variant: str = "") -> Need:
        """What a load should have on this machine. `estimate`: an engine's `card_for` its options; `variant`: its profile key."""
        facts = self.gpu()
        plug_in = estimate.device is Device.CUDA and facts is not None and facts.has_own_memory
        return self.reservations.need(estimate, variant, plug_in=plug_in)

    def admit_load(self, card: MemoryEstimate, waiting: Callable[[str], None], variant: str = "") -> None:
        """`admission` as the worker host's hook."""
        assert self._workers is not None, "attach comes before the first load"
        self.sampler.watch()  # it may sleep for seconds while nothing works, and an engine can fill the machine in less
        self.admission(card, variant, self.residents, self._workers.unload, waiting)

    def reuse(self, card: MemoryEstimate, held_gib: float, waited: float, variant: str = "") -> str:
        """The worker host's ReuseHook: a warm engine meets the guard against heat, and the admit limit for what it is
        expected to take beyond what it holds. Idle engines are unloaded for it where that helps."""
        self.sampler.watch()
        need = self.need(card, variant)
        reason, hint = self._too_hot(need), COOLING
        if not reason:
            if card.work_gib and isinstance(never := self.decide(need), Refuse):
                self.events.tell("refused", never.reason)
                raise MemoryRefused(never.reason, never.hint, retryable=False)
            growth = self._growth(need, held_gib, by_size=bool(card.work_gib))
            decision = self.decide(growth)
            if not isinstance(decision, Admit):
                reading = self.reading()
                full = (reading.fraction, reading.pool, self.limits.admit)
                reason, hint = reuse_said(card.title, growth.bytes, *full, decision.reason), decision.hint
            elif decision.after_evicting and self._workers is not None:
                for engine_id in decision.after_evicting:
                    self._workers.unload(engine_id)
                return decision.note
        if reason and waited >= self._wait_seconds:
            self.events.tell("refused", reason)
            raise MemoryRefused(reason, hint)
        return reason

    # The worker host's observer

    def on_loaded(self, engine_id: str, pid: int, resident_gib: float, seconds: float) -> None:
        self.ledger.on_loaded(engine_id, pid, resident_gib, seconds)
        settled = self._promises.settle(engine_id)
        variant = settled.variant if settled is not None else ""
        size, host = self._split(engine_id, int(resident_gib * GIB), process_resident(self._files, pid))
        self._lives[pid] = _LoadRecord(variant, host)
        self.reservations.record(MeasurementKind.LOADED, engine_id, without_size(variant), size, host_bytes=host, seconds=seconds)

    def on_peak(self, engine_id: str, pid: int, peak_gib: float, variant: str = "") -> None:
        self.ledger.on_peak(engine_id, pid, peak_gib)
        life = self._lives.get(pid, _LoadRecord())
        host_now = process_resident(self._files, pid) or life.host_bytes  # it may have died of this very run
        size, host = self._split(engine_id, int(peak_gib * GIB), host_now)
        self.reservations.record(MeasurementKind.PEAK, engine_id, variant or life.variant, size, host_bytes=host)

    def on_died(self, engine_id: str, pid: int, reason: str) -> None:
        self.ledger.on_died(engine_id, pid, reason)

    def on_returned(self, engine_id: str, pid: int, report: UnloadReport) -> None:
        self.ledger.on_returned(engine_id, pid, report)
        life = self._lives.pop(pid, None)
        if life is None:
            self._promises.settle(engine_id)  # its start failed: nothing else tells that the promise is void
        else:
            self.reservations.record(MeasurementKind.RETURNED, engine_id, life.variant, int(report.returned_gib * GIB))

    # Inside

    def _too_hot(self, need: Need) -> str:
        return self.heat.reason if need.device is Device.CUDA else ""

    def _growth(self, need: Need, held_gib: float, *, by_size: bool) -> Need:
        """What a loaded engine will take beyond what it holds, under the rule of the light tier: nothing above the admit limit.
        Of a plug-in card it holds its part already, but for what a larger job than those before needs."""
        facts = self.gpu()
        on_a_card = need.device is Device.CUDA and facts is not None and facts.has_own_memory
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

    def _estimate(self, engine_id: str) -> MemoryEstimate:
        assert self._estimate_of is not None
        return self._estimate_of(engine_id)

    def _resident(self, status: WorkerStatus, facts: GpuFacts | None) -> Resident:
        estimate = self._estimate(status.engine_id)
        held = int(status.memory_gib * GIB)
        on_card = 0 if facts is None else facts.process_bytes.get(status.pid, 0)
        if not on_card and estimate.device is Device.CUDA and facts is not None and facts.has_own_memory:
            # The driver does not say, as in a container with process ids of its own: take it to hold what it should.
            on_card, host = self.need(estimate, self._lives.get(status.pid, _LoadRecord()).variant).bytes, held
        else:
            host = max(0, held - on_card)
        return Resident(
            engine_id=estimate.id,
            title=estimate.title,
            tier=estimate.tier,
            busy=status.state is not WorkerState.WARM,
            host_bytes=host,
            card_bytes=on_card,
            reload_seconds=self.reservations.reload_seconds(estimate),
            recent_uses=self.ledger.recent_uses(estimate.id),
            idle_seconds=status.idle_seconds,
            started=status.started,
            pid=status.pid,
            loading=status.state is WorkerState.LOADING,
        )

    def _split(self, engine_id: str, size: int, host: int) -> tuple[int, int]:
        """What a worker holds, as (bytes of the pool it is budgeted in, bytes of the machine's memory beside it)."""
        facts = self.gpu()
        on_a_card = facts is not None and facts.has_own_memory and self._estimate_of is not None
        if not on_a_card or self._estimate(engine_id).device is not Device.CUDA:
            return size, 0
        return max(0, size - host), min(host, size)
