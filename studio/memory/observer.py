"""What workers hold and have held: the ledger, the measured sizes, and the residents for the gate."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from engines.common.profile_key import without_size
from studio.memory.estimate import MemoryEstimate
from studio.memory.gate import budgeted_on_card
from studio.memory.ledger import MemoryLedger
from studio.memory.machine.gpu import GpuFacts
from studio.memory.machine.readings import MachineFiles, process_resident
from studio.memory.model import Need, Resident
from studio.memory.pending import PendingReservations
from studio.memory.profiles import MeasurementKind, MemoryProfiles
from studio.units import GIB
from studio.workers.model import UnloadReport, WorkerState, WorkerStatus


@dataclass(frozen=True)
class _LoadRecord:
    """A living worker: its variant, and what it held of the machine's memory after its load."""

    variant: str = ""
    host_bytes: int = 0


class MemoryObserver:
    """The worker pool's WorkerObserver: records each load, run and end, learns sizes from them, and settles reservations.

    Has no lock of its own; those of the ledger, the profiles and the reservations are acquired one after the other.

    Args:
        gpu: returns the present facts of the graphics card.
    """

    def __init__(
        self,
        ledger: MemoryLedger,
        profiles: MemoryProfiles,
        reservations: PendingReservations,
        files: MachineFiles,
        gpu: Callable[[], GpuFacts | None],
    ) -> None:
        self._ledger, self._profiles, self._reservations, self._files, self._gpu = ledger, profiles, reservations, files, gpu
        self._loads: dict[int, _LoadRecord] = {}
        self._estimate_of: Callable[[str], MemoryEstimate] | None = None

    def attach(self, estimate_of: Callable[[str], MemoryEstimate]) -> None:
        """Set the holders' estimates; called before `residents`."""
        self._estimate_of = estimate_of

    def need(self, estimate: MemoryEstimate, variant: str = "") -> Need:
        """Return the memory that a load needs on this machine, see MemoryManager.need."""
        return self._profiles.need(estimate, variant, plug_in=budgeted_on_card(estimate.device, self._gpu()))

    def residents(self, workers: Sequence[WorkerStatus]) -> list[Resident]:
        """Return these workers with what each holds, where, and what loading it again would cost."""
        facts = self._gpu()
        return [self._resident(status, facts) for status in workers]

    # WorkerObserver

    def on_loaded(self, engine_id: str, pid: int, resident_gib: float, seconds: float) -> None:
        self._ledger.on_loaded(engine_id, pid, resident_gib, seconds)
        settled = self._reservations.settle(engine_id)
        variant = settled.variant if settled is not None else ""
        size, host = self._split(engine_id, int(resident_gib * GIB), process_resident(self._files, pid))
        self._loads[pid] = _LoadRecord(variant, host)
        base = without_size(variant)
        self._profiles.record(MeasurementKind.LOADED, engine_id, base, size, host_bytes=host, seconds=seconds)

    def on_peak(self, engine_id: str, pid: int, peak_gib: float, variant: str = "") -> None:
        self._ledger.on_peak(engine_id, pid, peak_gib)
        load = self._loads.get(pid, _LoadRecord())
        host_now = process_resident(self._files, pid) or load.host_bytes  # the run itself may have caused the end
        size, host = self._split(engine_id, int(peak_gib * GIB), host_now)
        self._profiles.record(MeasurementKind.PEAK, engine_id, variant or load.variant, size, host_bytes=host)

    def on_died(self, engine_id: str, pid: int, reason: str) -> None:
        self._ledger.on_died(engine_id, pid, reason)

    def on_returned(self, engine_id: str, pid: int, report: UnloadReport) -> None:
        self._ledger.on_returned(engine_id, pid, report)
        load = self._loads.pop(pid, None)
        if load is None:
            self._reservations.settle(engine_id)  # its start failed, so nothing else releases the reservation
        else:
            self._profiles.record(MeasurementKind.RETURNED, engine_id, load.variant, int(report.returned_gib * GIB))

    # Inside

    def _estimate(self, engine_id: str) -> MemoryEstimate:
        assert self._estimate_of is not None, "attach comes before the first worker"
        return self._estimate_of(engine_id)

    def _resident(self, status: WorkerStatus, facts: GpuFacts | None) -> Resident:
        estimate = self._estimate(status.engine_id)
        held = int(status.memory_gib * GIB)
        on_card = 0 if facts is None else facts.process_bytes.get(status.pid, 0)
        if not on_card and budgeted_on_card(estimate.device, facts):
            # The driver does not report it, as in a container with its own process ids: assume the expected size.
            on_card, host = self.need(estimate, self._loads.get(status.pid, _LoadRecord()).variant).bytes, held
        else:
            host = max(0, held - on_card)
        return Resident(
            engine_id=estimate.id,
            title=estimate.title,
            tier=estimate.tier,
            busy=status.state is not WorkerState.WARM,
            host_bytes=host,
            card_bytes=on_card,
            reload_seconds=self._profiles.reload_seconds(estimate),
            recent_uses=self._ledger.recent_uses(estimate.id),
            idle_seconds=status.idle_seconds,
            started=status.started,
            pid=status.pid,
            loading=status.state is WorkerState.LOADING,
        )

    def _split(self, engine_id: str, size: int, host: int) -> tuple[int, int]:
        """Return what a worker holds: (bytes of its pool, bytes of the machine's memory beside it)."""
        if self._estimate_of is None or not budgeted_on_card(self._estimate(engine_id).device, self._gpu()):
            return size, 0
        return max(0, size - host), min(host, size)
