"""Lanes: order and cancelling within one studio, and real processes that take turns and die."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from studio.errors import Cancelled, InvalidInput, StorageError
from studio.jobs.lanes import LOCK_NAME, JobLanes, default_lock_folder
from studio.settings import LaneSettings

OTHER_STUDIO = """
import sys, time
from pathlib import Path
from studio.jobs.lanes import JobLanes
from studio.settings import LaneSettings
lanes = JobLanes(LaneSettings(), Path(sys.argv[1]))
for _ in range(int(sys.argv[2])):
    with lanes.slot("gpu"):
        print("held", flush=True)
        sys.stdin.readline()
    print("let go", flush=True)
"""


def until(condition: Callable[[], bool], seconds: float = 60) -> bool:
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.01)
    return condition()


class OtherStudio:
    """A second studio: another process that takes the gpu lane, holds it until told, and can be killed."""

    def __init__(self, folder: Path, times: int = 1) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", OTHER_STUDIO, str(folder), str(times)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=Path.cwd(),
        )  # fmt: skip

    def read(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def let_go(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write("\n")
        self.process.stdin.flush()

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()


@pytest.fixture
def other(tmp_path: Path) -> Iterator[Callable[..., OtherStudio]]:
    started: list[OtherStudio] = []

    def start(times: int = 1) -> OtherStudio:
        started.append(OtherStudio(tmp_path, times))
        return started[-1]

    yield start
    for studio in started:
        studio.kill()
        for stream in (studio.process.stdin, studio.process.stdout):
            assert stream is not None
            stream.close()


def lanes_in(folder: Path, cpu_jobs: int = 2) -> JobLanes:
    return JobLanes(LaneSettings(cpu_jobs=cpu_jobs), folder)


def in_thread(work: Callable[[], None]) -> threading.Thread:
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    return thread


def test_places_and_unknown_lanes(tmp_path: Path) -> None:
    lanes = lanes_in(tmp_path, cpu_jobs=3)
    assert lanes.places() == {"gpu": 1, "cpu": 3, "setup": 2}
    with pytest.raises(InvalidInput, match='no lane called "tpu"'), lanes.slot("tpu"):
        pass


@pytest.mark.parametrize(("lane", "most"), [("gpu", 1), ("cpu", 2)])
def test_never_more_than_the_lane_takes(tmp_path: Path, lane: str, most: int) -> None:
    lanes = lanes_in(tmp_path)
    inside, seen, guard = [0], [], threading.Lock()

    def work() -> None:
        with lanes.slot(lane):
            with guard:
                inside[0] += 1
                seen.append(inside[0])
            time.sleep(0.01)
            with guard:
                inside[0] -= 1

    threads = [in_thread(work) for _ in range(8)]
    for thread in threads:
        thread.join(20)
    assert len(seen) == 8
    assert max(seen) == most


def test_first_come_first_served_and_told_how_many_are_before(tmp_path: Path) -> None:
    lanes = lanes_in(tmp_path)
    order: list[int] = []
    told: dict[int, list[str]] = {}

    def work(number: int) -> None:
        with lanes.slot("gpu", on_wait=told.setdefault(number, []).append):
            order.append(number)

    threads = []
    with lanes.slot("gpu"):
        for number in range(5):
            threads.append(in_thread(lambda number=number: work(number)))  # type: ignore[misc]
            assert until(lambda number=number: bool(told.get(number)))  # type: ignore[misc]
    for thread in threads:
        thread.join(20)
    assert order == [0, 1, 2, 3, 4]
    assert told[0][0] == "Waiting for its turn."
    assert told[2][0] == "Waiting for its turn; 2 before it."


def test_a_cancelled_wait_leaves_the_queue_to_the_others(tmp_path: Path) -> None:
    lanes = lanes_in(tmp_path)
    stop, went_on, cancelled = threading.Event(), threading.Event(), threading.Event()
    waiting: list[str] = []

    def impatient() -> None:
        try:
            with lanes.slot("gpu", stop.is_set, waiting.append):
                pass
        except Cancelled:
            cancelled.set()

    def patient() -> None:
        with lanes.slot("gpu", on_wait=waiting.append):
            went_on.set()

    with lanes.slot("gpu"):
        in_thread(impatient)
        assert until(lambda: len(waiting) == 1)
        in_thread(patient)
        assert until(lambda: len(waiting) == 2)
        stop.set()
        assert cancelled.wait(5)
        assert not went_on.is_set()
    assert went_on.wait(5)


def test_a_place_comes_back_when_the_work_or_the_listener_fails(tmp_path: Path) -> None:
    lanes = lanes_in(tmp_path)
    with pytest.raises(ZeroDivisionError), lanes.slot("gpu"):
        _ = 1 / 0

    def raising(sentence: str) -> None:
        raise Cancelled

    with lanes.slot("gpu"), pytest.raises(Cancelled), lanes.slot("gpu", on_wait=raising):
        pass
    with lanes.slot("gpu"):
        pass


def test_the_gpu_lane_never_blocks_the_cpu_lane(tmp_path: Path) -> None:
    lanes = lanes_in(tmp_path)
    with lanes.slot("gpu"), lanes.slot("cpu"), lanes.slot("cpu"):
        pass


def test_two_studios_in_one_process_exclude_each_other_too(tmp_path: Path) -> None:
    first, second = lanes_in(tmp_path), lanes_in(tmp_path)
    told: list[str] = []
    with first.slot("gpu"), pytest.raises(Cancelled), second.slot("gpu", lambda: bool(told), told.append):
        pass
    assert told == [sentence for sentence in told if f"process {os.getpid()}" in sentence]
    with second.slot("cpu"), second.slot("gpu"):
        pass


def test_another_studio_is_waited_for_and_named(tmp_path: Path, other: Callable[..., OtherStudio]) -> None:
    studio = other()
    assert studio.read() == "held"
    told: list[str] = []

    def hear(sentence: str) -> None:
        told.append(sentence)
        studio.let_go()

    with lanes_in(tmp_path).slot("gpu", on_wait=hear):
        assert studio.read() == "let go"
    (sentence,) = told
    assert sentence.startswith(f"Another studio on this machine is using the GPU (process {studio.process.pid}, since ")


def test_waiting_for_another_studio_can_be_cancelled(tmp_path: Path, other: Callable[..., OtherStudio]) -> None:
    studio = other()
    assert studio.read() == "held"
    told: list[str] = []
    lanes = lanes_in(tmp_path)
    with pytest.raises(Cancelled), lanes.slot("gpu", lambda: bool(told), told.append):
        pass
    studio.let_go()
    assert studio.read() == "let go"
    with lanes.slot("gpu"):  # and nothing of the cancelled wait is left
        pass


@pytest.mark.slow
def test_a_killed_holder_frees_the_lane(tmp_path: Path, other: Callable[..., OtherStudio]) -> None:
    for _ in range(3):
        studio = other()
        assert studio.read() == "held"
        taken = threading.Event()

        def take(taken: threading.Event = taken) -> None:
            with lanes_in(tmp_path).slot("gpu"):
                taken.set()

        thread = in_thread(take)
        assert not taken.wait(0.3)
        studio.kill()
        assert taken.wait(5), "the dead studio still holds the GPU"
        thread.join(5)


@pytest.mark.slow
def test_a_killed_waiter_frees_its_place_at_the_door(tmp_path: Path, other: Callable[..., OtherStudio]) -> None:
    lanes = lanes_in(tmp_path)
    with lanes.slot("gpu"):
        waiter = other()
        door = tmp_path / LOCK_NAME.replace("gpu", "gpu-next").format(user=os.geteuid())
        assert until(lambda: str(waiter.process.pid) in door.read_text() if door.exists() else False)
        waiter.kill()
    with lanes.slot("gpu", lambda: False):
        pass


@pytest.mark.slow
def test_a_busy_studio_lets_the_other_one_have_its_turn(tmp_path: Path, other: Callable[..., OtherStudio]) -> None:
    # The greedy studio asks again the moment it lets go; without turns the other would wait until it is all done.
    greedy, patient = other(times=50), threading.Event()
    assert greedy.read() == "held"

    def take() -> None:
        with lanes_in(tmp_path).slot("gpu"):
            patient.set()

    waiting = in_thread(take)
    door = tmp_path / LOCK_NAME.replace("gpu", "gpu-next").format(user=os.geteuid())
    assert until(lambda: str(os.getpid()) in door.read_text())
    greedy.let_go()
    assert greedy.read() == "let go"
    assert patient.wait(5)
    waiting.join(5)


@pytest.mark.parametrize("kind", ["link", "hard link", "folder", "pipe"])
def test_a_planted_lock_file_is_refused_and_not_followed(tmp_path: Path, kind: str) -> None:
    planted = tmp_path / LOCK_NAME.format(user=os.geteuid())
    precious = tmp_path / "precious"
    precious.write_text("keep me")
    {
        "link": lambda: planted.symlink_to(precious),
        "hard link": lambda: planted.hardlink_to(precious),
        "folder": planted.mkdir,
        "pipe": lambda: os.mkfifo(planted),
    }[kind]()
    with pytest.raises(StorageError, match="lock file") as refused, lanes_in(tmp_path).slot("gpu"):
        pass
    assert str(tmp_path) not in str(refused.value)
    assert precious.read_text() == "keep me"


def test_the_lock_file_is_the_users_alone_and_survives_a_cleaned_folder(tmp_path: Path) -> None:
    lanes = lanes_in(tmp_path)
    path = tmp_path / LOCK_NAME.format(user=os.geteuid())
    with lanes.slot("gpu"):
        assert path.stat().st_mode & 0o777 == 0o600
        assert str(os.getpid()) in path.read_text()
    assert path.read_text() == ""
    path.chmod(0o666)
    path.unlink()
    with lanes.slot("gpu"):
        assert path.stat().st_mode & 0o777 == 0o600


def test_no_worker_inherits_the_lock(tmp_path: Path) -> None:
    lanes = lanes_in(tmp_path)
    program = (
        "import os\nfor name in os.listdir('/proc/self/fd'):\n"
        "  try: print(os.readlink(f'/proc/self/fd/{name}'))\n  except OSError: pass"
    )
    with lanes.slot("gpu"):
        opened = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, close_fds=False, check=True)
    assert "/dev/null" in opened.stdout or "pipe:" in opened.stdout
    assert "-gpu.lock" not in opened.stdout
    with lanes.slot("gpu", on_wait=lambda sentence: pytest.fail(sentence)):
        pass


def test_where_studios_meet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    assert default_lock_folder() == tmp_path
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "gone"))
    assert default_lock_folder().is_dir()
