"""The watch: levels, the one worker it ends, its history and its pace."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from engines.contract import Tier
from studio.memory.machine.gpu import GpuFacts
from studio.memory.machine.readings import MemoryReading
from studio.memory.model import Resident
from studio.memory.sampler import HISTORY_SECONDS, MemoryPressure, MemorySampler, level_of, victim_of
from studio.units import GIB
from tests.studio.memory.machines import LIMITS, resident


class Watched:
    """A sampler over a machine of 100 GiB whose use, workers and time are set by hand."""

    def __init__(self, **more: Any) -> None:
        self.now = 1000.0
        self.used = 10.0
        self.gpu: GpuFacts | None = None
        self.workers: list[Resident] = []
        self.ended: list[tuple[str, str]] = []
        self.sampler = MemorySampler(
            self.read, LIMITS, lambda: self.workers, lambda engine_id, reason: self.ended.append((engine_id, reason)),
            monotonic=lambda: self.now, clock=lambda: self.now, **more,
        )  # fmt: skip

    def read(self) -> tuple[MemoryReading, GpuFacts | None]:
        return MemoryReading(100 * GIB, int((100 - self.used) * GIB), pressure_some=1.5), self.gpu

    def after(self, seconds: float, used: float) -> float:
        self.now += seconds
        self.used = used
        return self.sampler.tick()


HEAVY_OLD = resident("Wan 2.1", 30, busy=True, started=10)
HEAVY_YOUNG = resident("LTX", 20, busy=True, started=20)
MEDIUM = resident("F5", 4, busy=True, tier=Tier.MEDIUM, started=30)
LIGHT = resident("Hibari", 0.1, busy=True, tier=Tier.LIGHT, started=40)


@pytest.mark.parametrize(
    ("fraction", "level"),
    [
        (0.5, MemoryPressure.CALM),
        (0.7999, MemoryPressure.CALM),
        (0.80, MemoryPressure.WARNING),
        (0.85, MemoryPressure.CLOSED),
        (0.9199, MemoryPressure.CLOSED),
        (0.92, MemoryPressure.ENDING),
    ],
)
def test_levels(fraction: float, level: MemoryPressure) -> None:
    assert level_of(fraction, LIMITS) is level


def test_the_youngest_heavy_else_the_youngest_medium_and_never_a_light_one() -> None:
    assert victim_of([LIGHT, HEAVY_OLD, MEDIUM, HEAVY_YOUNG]) is HEAVY_YOUNG
    assert victim_of([LIGHT, MEDIUM]) is MEDIUM
    assert victim_of([LIGHT]) is None


def test_one_worker_is_ended_with_the_numbers() -> None:
    watched = Watched()
    watched.workers = [HEAVY_OLD, HEAVY_YOUNG, MEDIUM]
    watched.after(1, 91)
    assert watched.ended == [] and watched.sampler.level is MemoryPressure.CLOSED
    watched.after(1, 93)
    ((engine_id, reason),) = watched.ended
    assert engine_id == "ltx"
    assert reason == (
        "LTX was ended because 93% of this machine's 100 GiB were in use and the limit is 92%; it was the youngest heavy "
        "engine. Beyond the limit the whole machine could have stopped."
    )


def test_no_second_worker_is_ended_before_memory_could_come_back() -> None:
    watched = Watched(settle_seconds=5)
    watched.workers = [HEAVY_OLD, HEAVY_YOUNG]
    watched.after(1, 93)
    watched.workers = [HEAVY_OLD]
    for _ in range(4):
        watched.after(1, 94)
    assert [engine_id for engine_id, _ in watched.ended] == ["ltx"]
    watched.after(1, 94)
    assert [engine_id for engine_id, _ in watched.ended] == ["ltx", "wan-2.1"], "that memory did not come back, so go on"


def test_the_guard_is_armed_again_when_memory_came_back() -> None:
    watched = Watched(settle_seconds=60)
    watched.workers = [HEAVY_OLD, HEAVY_YOUNG]
    watched.after(1, 93)
    watched.workers = [HEAVY_OLD]
    watched.after(1, 60)
    watched.after(1, 95)
    assert [engine_id for engine_id, _ in watched.ended] == ["ltx", "wan-2.1"]


def test_a_full_machine_without_workers_of_ours_ends_nothing() -> None:
    watched = Watched()
    watched.workers = [LIGHT]
    watched.after(1, 99)
    assert watched.ended == [] and watched.sampler.level is MemoryPressure.ENDING


@pytest.mark.parametrize(
    ("workers", "pace"),
    [
        ([], 10),
        ([resident("Hibari", 0.1, tier=Tier.LIGHT)], 10),
        ([LIGHT], 1),
        ([resident("F5", 4, tier=Tier.MEDIUM)], 1),
        ([HEAVY_OLD], 1),
    ],
)
def test_it_ticks_fast_only_while_there_is_something_to_guard(workers: list[Resident], pace: float) -> None:
    watched = Watched()
    watched.workers = workers
    assert watched.after(1, 10) == pace


def test_it_ticks_fast_for_a_while_after_a_page_has_asked() -> None:
    watched = Watched()
    watched.sampler.watch()
    assert watched.after(1, 10) == 1
    assert watched.after(30, 10) == 10


def test_history_keeps_the_fullest_moment_of_each_step_for_an_hour() -> None:
    watched = Watched()
    watched.now = 100_000.0
    watched.gpu = GpuFacts("Card", unified=False, total=24 * GIB, used=6 * GIB)
    for used in (10, 50, 20, 15):
        watched.after(1, used)
    (sample,) = watched.sampler.history()
    assert sample.as_dict() == {"at": 100_002.0, "used": 50.0, "available": 50.0, "swap": 0.0, "pressure": 1.5, "card": 6.0}
    for _ in range(2 * 3600):
        watched.after(1, 10)
    history = watched.sampler.history()
    assert 700 <= len(history) <= 720
    assert [sample.at for sample in history] == sorted(sample.at for sample in history)
    assert history[0].at >= watched.now - HISTORY_SECONDS
    watched.after(7200, 10)
    assert len(watched.sampler.history()) == 1


def until(condition: Callable[[], bool], seconds: float = 30) -> bool:
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.01)
    return condition()


def test_the_thread_ends_a_worker_and_survives_a_failing_look() -> None:
    ended: list[str] = []
    looks, before = [0], set(threading.enumerate())

    def watching() -> int:
        return sum(thread.name == "memory-sampler" for thread in set(threading.enumerate()) - before)

    def read() -> tuple[MemoryReading, None]:
        looks[0] += 1
        if looks[0] == 1:
            raise OSError("not now")
        return MemoryReading(100 * GIB, 5 * GIB), None

    sampler = MemorySampler(
        read, LIMITS, lambda: [HEAVY_OLD], lambda engine_id, reason: ended.append(engine_id), fast_seconds=0.02
    )
    sampler.start()
    sampler.start()  # a second start is none
    assert until(lambda: ended == ["wan-2.1"])
    assert watching() == 1
    sampler.stop()
    assert watching() == 0


def test_a_page_wakes_a_slow_watch() -> None:
    taken: list[float] = []

    def read() -> tuple[MemoryReading, None]:
        taken.append(time.monotonic())
        return MemoryReading(100 * GIB, 90 * GIB), None

    sampler = MemorySampler(read, LIMITS, list, lambda *_: None, fast_seconds=0.02, slow_seconds=3600)
    sampler.start()
    assert until(lambda: len(taken) == 1)
    sampler.watch()
    assert until(lambda: len(taken) >= 3), "nobody looked although a page asked"
    sampler.stop()


def test_use_that_hovers_at_a_limit_is_told_once_and_its_end_once() -> None:
    told: list[str] = []
    watched = Watched(tell=lambda kind, sentence: told.append(sentence))
    for used in (79, 81, 79.5, 80.5, 78, 86, 84, 85.5, 50, 81):
        watched.after(1, used)
    assert [sentence.partition(" (")[0] for sentence in told] == [
        "Memory is getting short: no medium or heavy engine is loaded",
        "Memory is nearly full: no work is begun",
        "Memory has room again",
        "Memory is getting short: no medium or heavy engine is loaded",
    ]
    assert watched.sampler.level is MemoryPressure.WARNING
