"""The keeper as the studio uses it: admission with real threads, learning, books and the report."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from engines.contract import Card, Device, Tier
from studio.errors import Cancelled, MemoryRefused
from studio.memory.machine.gpu import GpuFacts, NoGpu
from studio.memory.manager import MemoryManager
from studio.memory.model import Admit, Resident, Wait
from studio.memory.profiles import MeasurementKind
from studio.settings import MemorySettings
from studio.units import GIB
from studio.workers.model import AdmissionHook, UnloadReport, WorkerObserver, WorkerState, WorkerStatus
from tests.media.messages.pseudo import is_pseudo, speaking_pseudo
from tests.studio.memory.machines import Machine, card_24, engine_card, need

HIBARI = engine_card("hibari", 0.1, Tier.LIGHT, Device.CPU)
F5 = engine_card("f5", 4, Tier.MEDIUM, reload_seconds=8)
WAN = engine_card("wan", 28, reload_seconds=60)
LTX = engine_card("ltx", 38, reload_seconds=60)
CARDS = {card.id: card for card in (HIBARI, F5, WAN, LTX)}


class FixedGpu:
    def __init__(self, facts: GpuFacts | None) -> None:
        self._facts = facts

    def facts(self) -> GpuFacts | None:
        return self._facts


class Host:
    """A worker host in small: engines that hold memory of the recorded machine, told of to the keeper."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.statuses: dict[str, WorkerStatus] = {}
        self.unloaded: list[str] = []
        self.ended: list[tuple[str, str]] = []
        self.stuck = False

    def run(self, card: Card, gib: float, *, busy: bool = False, pid: int = 0, idle: float = 0) -> None:
        state = WorkerState.BUSY if busy else WorkerState.WARM
        self.statuses[card.id] = WorkerStatus(card.id, pid, state, gib, idle, 300, card.tier, 1000.0 + len(self.statuses))
        self.machine.hold(card.id, gib)

    def snapshot(self) -> list[WorkerStatus]:
        return list(self.statuses.values())

    def unload(self, engine_id: str) -> None:
        self.unloaded.append(engine_id)
        if not self.stuck:
            self.statuses.pop(engine_id, None)
            self.machine.free(engine_id)

    def end(self, engine_id: str, reason: str) -> None:
        self.ended.append((engine_id, reason))
        self.unload(engine_id)


Studio = tuple[MemoryManager, Host, Machine]


@pytest.fixture
def studio(tmp_path: Path) -> Iterator[Callable[..., Studio]]:
    keepers: list[MemoryManager] = []

    def make(total: float = 121.7, base: float = 8, gpu: GpuFacts | None = None, **settings: Any) -> Studio:
        machine = Machine(tmp_path / "machine", total, base)
        host = Host(machine)
        keeper = MemoryManager(
            MemorySettings(**{"sample_seconds": 60, "reserve_heavy_gib": 40, **settings}), tmp_path / "data", files=machine.files,
            gpu=FixedGpu(gpu), pause=lambda seconds: time.sleep(0.01),
        )  # fmt: skip
        keeper.attach(host, CARDS.__getitem__)
        keepers.append(keeper)
        return keeper, host, machine

    yield make
    for keeper in keepers:
        keeper.close()


def silent(sentence: str) -> None: ...


def no_residents() -> list[Resident]:
    return []


def test_it_is_what_the_worker_host_asks_for(studio: Callable[..., Studio]) -> None:
    keeper, _, _ = studio()
    hook: AdmissionHook = keeper.admit_load
    observer: WorkerObserver = keeper.observer
    hook(HIBARI, silent)
    observer.on_loaded("hibari", 5, 0.1, 0.2)


def test_an_idle_engine_makes_room_and_is_named(studio: Callable[..., Studio]) -> None:
    keeper, host, _ = studio(base=30)
    host.run(WAN, 28)
    host.run(HIBARI, 0.1)
    said: list[str] = []
    keeper.admit_load(LTX, said.append)
    assert host.unloaded == ["wan"]
    assert said == ["Unloading Wan to gain 28 GiB for Ltx."]


def test_it_waits_for_a_busy_engine_and_goes_on_when_that_is_done(studio: Callable[..., Studio]) -> None:
    keeper, host, _ = studio(base=30)
    host.run(WAN, 28, busy=True)
    said: list[str] = []

    def waiting(sentence: str) -> None:
        said.append(sentence)
        if len(said) == 3:
            host.run(WAN, 28)  # its job is done, it is idle now

    keeper.admit_load(LTX, waiting)
    assert said[0] == "Ltx needs about 38 GiB (estimated), 23 GiB can be used; unload Wan (working) to gain 28 GiB."
    assert said[3:] == ["Unloading Wan to gain 28 GiB for Ltx."]


def test_it_gives_up_with_the_numbers_and_may_be_tried_again(studio: Callable[..., Studio]) -> None:
    keeper, host, _ = studio(base=30, wait_seconds=0.1)
    host.run(WAN, 28, busy=True)
    with pytest.raises(MemoryRefused, match=r"38 GiB .*23 GiB can be used; unload Wan") as refused:
        keeper.admit_load(LTX, silent)
    assert refused.value.retryable and refused.value.hint
    assert refused.value.code == "memory.short" and refused.value.parameters["needed"] == "38 GiB"
    with speaking_pseudo():
        assert is_pseudo(refused.value.reason) and "⟪unload ⟪Wan (working)⟫ to gain 28 GiB⟫" in refused.value.reason
    assert host.unloaded == []


def test_what_can_never_fit_is_refused_at_once(studio: Callable[..., Studio]) -> None:
    keeper, _, _ = studio(total=62.7)
    with pytest.raises(MemoryRefused, match="room for at most 37 GiB") as refused:
        keeper.admit_load(LTX, lambda sentence: pytest.fail("it waited"))
    assert not refused.value.retryable
    assert refused.value.code == "memory.never-enough"


def test_a_wait_can_be_cancelled_both_ways_and_leaves_no_promise(studio: Callable[..., Studio]) -> None:
    keeper, host, _ = studio(base=30)
    host.run(WAN, 28, busy=True)
    stop = threading.Event()
    with pytest.raises(Cancelled):
        keeper.admission(LTX, "", keeper.residents, host.unload, lambda sentence: stop.set(), stop.is_set)

    def raising(sentence: str) -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        keeper.admit_load(LTX, raising)
    host.run(WAN, 28)
    with pytest.raises(Cancelled):  # raised just before the unloading: nothing is unloaded, nothing stays promised
        keeper.admit_load(LTX, raising)
    assert host.unloaded == []
    host.unload("wan")
    assert keeper.decide(need(50)) == Admit()


def test_an_unload_that_gives_nothing_back_does_not_admit(studio: Callable[..., Studio]) -> None:
    keeper, host, _ = studio(base=30, wait_seconds=0.1)
    host.run(WAN, 28)
    host.stuck = True
    with pytest.raises(MemoryRefused, match="was not given back in time"):
        keeper.admit_load(LTX, silent)
    assert keeper.decide(need(20)) == Admit(), "the refused load still holds its promise"


def test_two_loads_at_once_are_not_both_admitted_to_the_same_memory(studio: Callable[..., Studio]) -> None:
    keeper, _, _ = studio(base=20, wait_seconds=0.3)  # 61 GiB for heavy engines: one of them, not two
    admitted: list[str] = []
    start = threading.Barrier(8)

    def load() -> None:
        start.wait()
        try:
            keeper.admission(LTX, "", no_residents, silent, silent)
            admitted.append("yes")
        except MemoryRefused:
            admitted.append("no")

    threads = [threading.Thread(target=load) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(admitted) == ["no"] * 7 + ["yes"]


def test_a_released_reservation_lets_the_next_one_in(studio: Callable[..., Studio]) -> None:
    keeper, _, machine = studio(base=20)
    with keeper.admission(LTX, "", no_residents, silent, silent) as reservation:
        assert reservation.need.bytes == 38 * GIB
        assert isinstance(keeper.decide(need(30)), Wait)
    assert keeper.decide(need(30)) == Admit()
    reservation.release()
    keeper.admission(LTX, "", no_residents, silent, silent)
    machine.hold("ltx", 25)
    keeper.observer.on_loaded("ltx", 7, 25, 30)  # resident now: the machine's reading shows it, the promise is over
    assert keeper.decide(need(36)) == Admit()
    assert isinstance(keeper.decide(need(37)), Wait)


def test_a_failed_start_gives_its_promise_back(studio: Callable[..., Studio]) -> None:
    keeper, _, _ = studio(base=20)
    keeper.admit_load(LTX, silent)
    assert isinstance(keeper.decide(need(30)), Wait)
    keeper.observer.on_died("ltx", 7, "It never said hello.")
    keeper.observer.on_returned("ltx", 7, UnloadReport("ltx", 1, 0, 0, 100, 100, True))
    assert keeper.decide(need(30)) == Admit()


def test_a_promise_of_which_nothing_was_heard_is_forgotten(tmp_path: Path) -> None:
    now = [0.0]
    machine = Machine(tmp_path / "machine", 121.7, 20)
    keeper = MemoryManager(
        MemorySettings(reserve_heavy_gib=40), tmp_path, files=machine.files, gpu=NoGpu(), monotonic=lambda: now[0]
    )
    keeper.admission(LTX, "", no_residents, silent, silent)
    assert isinstance(keeper.decide(need(30)), Wait)
    now[0] = 3600
    assert keeper.decide(need(30)) == Admit()
    keeper.close()


def test_runs_are_learned_by_variant_and_used_for_the_next_load(studio: Callable[..., Studio]) -> None:
    keeper, _, _ = studio()
    keeper.admission(WAN, "weights=fp8", no_residents, silent, silent)
    keeper.observer.on_loaded("wan", 7, 14.0, 33)
    keeper.observer.on_peak("wan", 7, 21.0)
    keeper.observer.on_peak("wan", 7, 19.0)
    keeper.observer.on_returned("wan", 7, UnloadReport("wan", 1, 14, 14, 100, 100, True))
    learned = keeper.reservations.need(WAN, "weights=fp8")
    assert (learned.bytes, learned.measured) == (21 * GIB, True)
    assert not keeper.reservations.need(WAN).measured
    (entry,) = keeper.ledger.ended()
    assert (entry.peak, entry.runs, entry.returned) == (21 * GIB, 2, 14 * GIB)


def test_on_a_card_of_its_own_host_and_card_are_told_apart(studio: Callable[..., Studio]) -> None:
    keeper, host, machine = studio(total=62.7, gpu=card_24(9, {7: 8 * GIB}))
    status = machine.root / "proc/7/status"
    status.parent.mkdir(parents=True)
    status.write_text(f"Name:\tpython\nVmRSS:\t{3 * 1024 * 1024} kB\n")
    host.run(WAN, 11, pid=7)
    host.run(F5, 2, pid=8)  # the driver does not know this process: taken to hold what its card says
    wan, f5 = keeper.residents()
    assert (wan.card_bytes, wan.host_bytes) == (8 * GIB, 3 * GIB)
    assert (f5.card_bytes, f5.host_bytes) == (4 * GIB, 2 * GIB)
    assert keeper.gpu_bytes(7) == 8 * GIB and keeper.gpu_bytes(8) == 0
    keeper.observer.on_loaded("wan", 7, 11, 20)
    keeper.observer.on_peak("wan", 7, 17)
    learned = keeper.reservations.need(WAN)
    assert (learned.bytes, learned.host_bytes) == (14 * GIB, 3 * GIB)


def test_a_run_that_killed_its_worker_is_learned_from_too(studio: Callable[..., Studio]) -> None:
    keeper, _, machine = studio(total=62.7, gpu=card_24(9))
    status = machine.root / "proc/7/status"
    status.parent.mkdir(parents=True)
    status.write_text(f"VmRSS:\t{2 * 1024 * 1024} kB\n")
    keeper.observer.on_loaded("wan", 7, 12, 20)
    status.unlink()
    keeper.observer.on_peak("wan", 7, 20)
    assert keeper.reservations.need(WAN).bytes == 18 * GIB


def test_an_engine_that_loads_is_no_way_out_of_a_wait(studio: Callable[..., Studio]) -> None:
    keeper, host, machine = studio(base=30, wait_seconds=0)
    host.statuses["ltx"] = WorkerStatus("ltx", 0, WorkerState.LOADING, 38, 0, 300, Tier.HEAVY, 1000)  # its own slot, empty yet
    machine.hold("browser", 40)
    with pytest.raises(MemoryRefused) as refused:
        keeper.admit_load(LTX, silent)
    assert "unload" not in refused.value.reason
    assert "close other programs, which hold 70 GiB" in refused.value.reason
    assert keeper.report()["workers"][0]["state"] == "loading"


def test_the_watch_ends_the_youngest_heavy_worker_through_the_host(studio: Callable[..., Studio]) -> None:
    keeper, host, _ = studio(base=50)
    host.run(F5, 4, busy=True)
    host.run(WAN, 60, busy=True)
    keeper.sampler.tick()
    ((engine_id, reason),) = host.ended
    assert engine_id == "wan"
    assert reason.startswith("Wan was ended because 94% of this machine's 122 GiB were in use and the limit is 92%")


def test_the_report_keeps_its_names(studio: Callable[..., Studio]) -> None:
    keeper, host, _ = studio(base=50, gpu=GpuFacts("NVIDIA GB10", unified=True, temperature=41))
    host.run(WAN, 28, pid=7, idle=12.34)
    host.run(HIBARI, 0.0)
    report = keeper.report()
    assert {"pool", "used", "available", "reserve", "workers", "limits", "verdicts"} <= report.keys()
    assert (report["pool"], report["used"], report["available"]) == (121.7, 78.0, 43.7)
    assert report["reserve"] == 40.0
    assert report["reserves"] == {"light": 2.0, "medium": 10.0, "heavy": 40.0}
    assert report["limits"] == {"hard": 0.8, "admit": 0.85, "kill": 0.92}
    assert report["workers"][:1] == [
        {
            "engine": "wan", "title": "Wan", "pid": 7, "tier": "heavy", "memory": 28.0, "on_card": 0.0, "state": "warm",
            "idle_seconds": 12.3,
        }
    ]  # fmt: skip
    assert report["verdicts"]["heavy"] == {
        "admitted": True, "usable": 3.7,
        "sentence": "A heavy engine would be admitted: it may take up to 31 GiB after unloading Wan.",
        "free": 40.0, "on_card": False,
    }  # fmt: skip
    assert report["gpu"]["unified"] and report["gpu"]["temperature"] == 41
    assert report["level"] in ("calm", "warning")
    host.unload("wan")
    host.machine.hold("browser", 45)
    full = keeper.report()["verdicts"]
    assert full["heavy"] == {
        "admitted": False, "usable": 0.0,
        "sentence": "A heavy engine would have to wait: 26 GiB available, 40 GiB must stay free.",
        "free": 40.0, "on_card": False,
    }  # fmt: skip
    assert full["light"]["admitted"]


def test_on_this_machine_everything_works_for_real(tmp_path: Path) -> None:
    keeper = MemoryManager(MemorySettings(), tmp_path)
    with keeper.admission(HIBARI, "", no_residents, silent, silent):
        pass
    report = keeper.report()
    assert report["pool"] > 0 and report["workers"] == []
    keeper.reservations.record(MeasurementKind.PEAK, "hibari", "", 1)
    keeper.sampler.tick()
    assert len(keeper.history()) == 1
    keeper.close()
