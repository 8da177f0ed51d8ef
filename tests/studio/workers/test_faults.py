"""What bad engines do, and that the studio answers all the while: every fault ends with its reason and a fresh worker."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from engines.contract import SpeechRequest
from engines.contract.errors import EngineError, EngineOutOfMemory, WorkerDied, WorkerStalled
from media.errors import Cancelled
from studio.settings import WorkerSettings
from studio.workers.model import WorkerState
from studio.workers.pool import WorkerPool
from studio.workers.process.exit_reason import explain
from tests.studio.workers.conftest import Books, ask, refusal
from tests.studio.workers.probe_engine import HeavyProbe, Probe, ProbeOptions

CANCEL_SECONDS = 2.0
"""The promise: whatever the model is doing, a cancelled worker is done within this."""


def after(seconds: float) -> Callable[[], bool]:
    end = time.monotonic() + seconds
    return lambda: time.monotonic() >= end


def soon(condition: Callable[[], bool], seconds: float = 30.0) -> bool:
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.01)
    return condition()


@pytest.mark.parametrize(
    ("text", "sort", "code", "said"),
    [
        ("signal SIGSEGV", WorkerDied, "worker.crashed", {"signal": "SIGSEGV"}),
        ("signal SIGABRT", WorkerDied, "worker.crashed", {"signal": "SIGABRT"}),
        ("signal SIGTERM", WorkerDied, "worker.ended", {"signal": "SIGTERM"}),
        ("signal SIGKILL", WorkerDied, "worker.killed", {}),
        ("exit 3", WorkerDied, "worker.exited", {"status": 3}),
        ("vanish", WorkerDied, "worker.exited", {"status": 0}),
        ("garbage", WorkerDied, "worker.message-wrong", {}),
        ("hang-up", WorkerDied, "worker.link-lost", {}),
        ("hog", EngineOutOfMemory, "engine.out-of-memory", {}),
    ],
)
def test_a_fault_in_a_call_is_told_and_the_next_call_works(
    lasting: WorkerPool, text: str, sort: type[EngineError], code: str, said: dict[str, object]
) -> None:
    error = refusal(lasting, text)
    assert isinstance(error, sort)
    assert error.code == code
    assert error.parameters.items() >= {"engine": "Probe", **said}.items()
    assert error.retryable
    assert ask(lasting, "say").audio.frames == 1_600


@pytest.mark.parametrize("text", ["signal SIGSEGV", "exit 3", "raise"])
def test_a_fault_while_loading_leaves_nothing_behind(host: WorkerPool, books: Books, text: str) -> None:
    others = _children()
    with pytest.raises(EngineError), host.lease(Probe, ProbeOptions(load=text)):
        pass
    assert host.snapshot() == []
    assert books.kinds()[-1] == "returned"
    assert "loaded" not in books.kinds()
    assert _children() == others
    assert ask(host, "say").audio.frames == 1_600


@pytest.mark.slow
@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("deaf 60", "worker.stalled"),
        ("hold-gil 60", "worker.silent"),
        ("compute", "worker.silent-computing"),
        ("stop", "worker.silent-stopped"),
    ],
)
def test_a_hung_worker_is_ended_by_the_watchdog_while_others_are_served(host: WorkerPool, text: str, code: str) -> None:
    errors: list[EngineError] = []
    hanging = threading.Thread(target=lambda: errors.append(refusal(host, text)))
    hanging.start()
    answered = 0
    while hanging.is_alive():
        with host.lease(Probe, Probe.Options()) as speech:
            assert speech.synthesize(SpeechRequest("say")).audio.frames == 1_600
        assert host.snapshot()
        answered += 1
        time.sleep(0.05)
    assert isinstance(errors[0], WorkerStalled)
    assert errors[0].code == code
    assert answered > 1


def test_work_that_reports_may_take_longer_than_the_stall_limit(lasting: WorkerPool) -> None:
    begun = time.monotonic()
    ask(lasting, "tell 70")
    assert time.monotonic() - begun > Probe.card.stall_seconds


@pytest.mark.realtime
@pytest.mark.parametrize(("text", "kept"), [("sleep 60", True), ("tell 1000", True), ("deaf 60", False), ("hold-gil 60", False)])
def test_cancel_ends_within_two_seconds_whatever_the_engine_does(lasting: WorkerPool, text: str, kept: bool) -> None:
    before = ask(lasting, "pid")
    wish = after(0.3)
    begun = time.monotonic()
    with pytest.raises(Cancelled):
        ask(lasting, text, cancelled=wish)
    assert time.monotonic() - begun - 0.3 < CANCEL_SECONDS
    assert psutil.pid_exists(before) is kept
    assert (ask(lasting, "pid") == before) is kept


@pytest.mark.realtime
def test_cancel_while_starting_loading_or_waiting_ends_at_once(host: WorkerPool) -> None:
    for cancelled in (lambda: True, after(0.05), after(0.6)):
        begun = time.monotonic()
        with pytest.raises(Cancelled), host.lease(HeavyProbe, ProbeOptions(load="deaf 60"), cancelled=cancelled):
            pass
        assert time.monotonic() - begun < 0.6 + CANCEL_SECONDS
    assert host.snapshot() == []
    with host.lease(HeavyProbe, HeavyProbe.Options()), pytest.raises(Cancelled):
        ask(host, "say", HeavyProbe, cancelled=after(0.2))


def test_a_cancel_between_calls_keeps_the_next_call_from_starting(lasting: WorkerPool) -> None:
    wish = threading.Event()
    with lasting.lease(Probe, Probe.Options(), cancelled=wish.is_set) as speech:
        speech.synthesize(SpeechRequest("say"))
        wish.set()
        with pytest.raises(Cancelled):
            speech.synthesize(SpeechRequest("sleep 5"))


def test_a_worker_killed_from_outside_while_idle_is_noticed_and_replaced(host: WorkerPool, books: Books) -> None:
    before = ask(host, "pid")
    os.kill(before, signal.SIGKILL)
    assert soon(lambda: host.residency("probe") is WorkerState.COLD)
    assert soon(lambda: "died" in books.kinds())
    assert "SIGKILL" in books.last("died")[3]
    assert ask(host, "pid") != before


def test_a_worker_killed_a_moment_before_a_lease_is_replaced_in_it(lasting: WorkerPool) -> None:
    for level in (0.1, 0.2, 0.3):
        before = ask(lasting, "pid")
        os.kill(before, signal.SIGKILL)
        with lasting.lease(Probe, ProbeOptions(level=level)) as speech:
            assert speech.synthesize(SpeechRequest("level")) == level


@pytest.mark.realtime
def test_a_worker_killed_from_outside_while_busy_fails_its_call_within_a_second(lasting: WorkerPool) -> None:
    pid = ask(lasting, "pid")
    killed: list[float] = []

    def kill() -> None:
        time.sleep(0.3)
        killed.append(time.monotonic())
        os.kill(pid, signal.SIGKILL)

    killer = threading.Thread(target=kill)
    killer.start()
    error = refusal(lasting, "sleep 60")
    assert time.monotonic() - killed[0] < 1.0
    assert isinstance(error, WorkerDied) and "SIGKILL" in error.reason
    killer.join()
    assert ask(lasting, "say").audio.frames == 1_600


def test_processes_that_an_engine_started_end_with_it(host: WorkerPool) -> None:
    child = ask(host, "child")
    assert psutil.pid_exists(child)
    host.unload("probe")
    assert soon(lambda: not psutil.pid_exists(child) or psutil.Process(child).status() == psutil.STATUS_ZOMBIE)


def test_an_idle_worker_goes_after_its_time_and_not_before(host: WorkerPool, books: Books) -> None:
    ask(host, "say", HeavyProbe)
    (status,) = host.snapshot()
    assert status.idle_limit == HeavyProbe.card.idle_seconds
    assert soon(lambda: host.snapshot() == [])
    assert soon(lambda: "returned" in books.kinds())
    assert "died" not in books.kinds()


def test_a_busy_worker_outlives_its_idle_time(host: WorkerPool) -> None:
    with host.lease(HeavyProbe, HeavyProbe.Options()) as speech:
        speech.synthesize(SpeechRequest("sleep 1"))
        time.sleep(0.6)
        assert speech.synthesize(SpeechRequest("say")).audio.frames == 1_600


def test_an_idle_time_of_zero_means_never(make_host: Callable[..., WorkerPool]) -> None:
    host = make_host(WorkerSettings(idle_light_seconds=0, heartbeat_seconds=2))
    ask(host, "say")
    time.sleep(0.5)
    assert host.residency("probe") is WorkerState.WARM


def test_unloading_a_busy_engine_is_refused_in_words_and_forced_on_request(host: WorkerPool) -> None:
    errors: list[EngineError] = []
    working = threading.Thread(target=lambda: errors.append(refusal(host, "sleep 60")))
    working.start()
    assert soon(lambda: host.residency("probe") is WorkerState.BUSY)
    time.sleep(0.2)
    with pytest.raises(EngineError) as refused:
        host.unload("probe")
    assert (refused.value.code, refused.value.parameters["state"]) == ("worker.at-work", "working")
    report = host.unload("probe", force=True)
    working.join(30)
    assert report.workers == 1
    assert errors[0].code == "worker.unloaded-at-work"
    assert host.snapshot() == []


def test_the_memory_guards_kill_tells_its_reason_to_the_call(host: WorkerPool) -> None:
    errors: list[EngineError] = []
    working = threading.Thread(target=lambda: errors.append(refusal(host, "sleep 60", HeavyProbe)))
    working.start()
    assert soon(lambda: host.residency("heavy-probe") is WorkerState.BUSY)
    assert host.end_worker("heavy-probe", "Memory was 93 % full, so the youngest heavy engine was ended.")
    working.join(30)
    assert errors[0].code == "worker.ended-for-memory"
    assert errors[0].reason == "Memory was 93 % full, so the youngest heavy engine was ended."
    assert not host.end_worker("heavy-probe", "again")


def test_unloading_a_cold_engine_does_nothing(host: WorkerPool) -> None:
    report = host.unload("probe")
    assert (report.workers, report.returned_gib, report.within_tolerance) == (0, 0.0, True)


@pytest.mark.realtime
def test_closing_ends_busy_workers_too_within_three_seconds(make_host: Callable[..., WorkerPool]) -> None:
    host, others = make_host(), _children()
    errors: list[EngineError] = []
    working = threading.Thread(target=lambda: errors.append(refusal(host, "hold-gil 60")))
    working.start()
    ask(host, "say", HeavyProbe)
    assert soon(lambda: host.residency("probe") is WorkerState.BUSY)
    begun = time.monotonic()
    host.close()
    assert time.monotonic() - begun < 3
    working.join(3)
    assert errors[0].code == "worker.studio-closed"
    assert _children() == others
    with pytest.raises(EngineError) as late:
        ask(host, "say")
    assert late.value.code == "studio.closing-no-lease"


@pytest.mark.slow
def test_many_loads_and_unloads_leak_no_descriptors_threads_or_processes(host: WorkerPool) -> None:
    ask(host, "say")
    host.unload("probe")
    before = _counts()
    for _ in range(6):  # one thing left behind by one of them is enough to be seen
        ask(host, "say")
        assert host.unload("probe").workers == 1
    assert soon(lambda: _counts() == before), (_counts(), before)


@pytest.fixture
def small_cgroup() -> Iterator[Path]:
    """A control group with a memory limit, where this machine lets tests make one."""
    for root, limit in ((Path("/sys/fs/cgroup/memory"), "memory.limit_in_bytes"), (Path("/sys/fs/cgroup"), "memory.max")):
        group = root / f"greenroom-test-{os.getpid()}"
        try:
            group.mkdir()
        except OSError:
            continue
        try:
            (group / limit).write_text(str(150 << 20))
        except OSError:
            group.rmdir()
            continue
        yield group
        for _ in range(50):
            try:
                group.rmdir()
                return
            except OSError:
                time.sleep(0.05)
        return
    pytest.skip("no control group can be made here")


def test_a_kill_for_lack_of_memory_is_told_as_such(host: WorkerPool, small_cgroup: Path) -> None:
    (small_cgroup / "cgroup.procs").write_text(str(ask(host, "pid")))
    error = refusal(host, "hold 600")
    assert isinstance(error, WorkerDied)
    assert error.code == "worker.out-of-memory"
    assert ask(host, "say").audio.frames == 1_600


@pytest.mark.parametrize(
    ("code", "oom", "said"),
    [
        (-signal.SIGKILL, True, "memory ran out"),
        (-signal.SIGKILL, False, "from outside"),
        (-signal.SIGILL, False, "instructions"),
        (-signal.SIGUSR1, False, "SIGUSR1"),
        (-(signal.SIGRTMIN + 3), False, "signal 37"),
        (1, True, "exit code 1"),
    ],
)
def test_deaths_in_words(code: int, oom: bool, said: str) -> None:
    assert said in explain("Probe", code, out_of_memory=oom).reason


def _children() -> list[int]:
    return [child.pid for child in psutil.Process().children() if "engines.worker" in " ".join(child.cmdline() or [])]


def _counts() -> tuple[int, int, int]:
    return len(list(Path("/proc/self/fd").iterdir())), threading.active_count(), len(_children())
