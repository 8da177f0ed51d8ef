"""The head of the System tab on recorded machines: bars that add up, verdicts with numbers, refusals, N/A said as such."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from studio.memory.manager import MemoryManager
from tabs.system.memory import card_parts, machine_parts, memory_panel
from tests.tabs.system.machines import CARDS, laptop, pc, spark


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Callable[..., MemoryManager]]:
    keepers: list[MemoryManager] = []

    def make(which: Callable[..., MemoryManager], **more: Any) -> MemoryManager:
        keepers.append(which(tmp_path, **more))
        return keepers[-1]

    yield make
    for keeper in keepers:
        keeper.close()


def words(html: str) -> str:
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", html)))


@pytest.mark.parametrize("which", [spark, pc, laptop])
def test_the_bar_adds_up_to_the_machine(made: Callable[..., MemoryManager], which: Callable[..., MemoryManager]) -> None:
    report = made(which).report()
    parts = machine_parts(report)
    assert sum(part.gib for part in parts) == pytest.approx(report["pool"], abs=0.05)
    assert all(part.gib >= 0 for part in parts)
    html = memory_panel(report)
    drawn = [float(width) for width in re.findall(r'<i style="width:([\d.]+)%', html.partition("legend")[0])]
    assert sum(drawn) == pytest.approx(100, abs=0.2)
    assert [float(left) for left in re.findall(r'<u style="left:(\d+)%', html)][:3] == [80, 85, 92]
    (told,) = re.findall(r'class="membar limited" role="img" aria-label="([^"]+)"', html)
    assert all(f"{part.name} " in unescape(told) for part in parts if part.gib >= 0.005), "the picture is told in words too"


def test_a_spark_shows_one_memory_and_a_heavy_engine_would_wait(made: Callable[..., MemoryManager]) -> None:
    keeper = made(spark, available_gib=31.0, busy=["wan"])
    report = keeper.report()
    assert card_parts(report) == []
    said = words(memory_panel(report))
    assert "shared with its GPU" in said and "Kept free for a heavy engine 40.0 GiB" in said
    assert {part.name: part.gib for part in machine_parts(report)}["Wan"] == 28.0
    assert not report["verdicts"]["heavy"]["admitted"]
    assert "A heavy engine would have to wait: 31 GiB available, 40 GiB must stay free." in said
    assert "Temperature 61 °C" in said and "Power N/A" in said and "Busy 97 %" in said and "Clock N/A" in said


def test_a_card_of_its_own_has_a_second_bar(made: Callable[..., MemoryManager]) -> None:
    report = made(pc).report()
    parts = {part.name: part.gib for part in card_parts(report)}
    assert parts["Wan"] == 14.0 and parts["F5 Tts"] == 2.0 and parts["Desktop and other programs"] == pytest.approx(2.0, abs=0.01)
    assert sum(parts.values()) == pytest.approx(report["gpu"]["total"], abs=0.02)
    machine = {part.name: part.gib for part in machine_parts(report)}
    assert machine["Wan"] == pytest.approx(1.5, abs=0.01), "what lies on the card is not counted twice"
    html = memory_panel(report)
    assert html.count('role="img"') == 3  # the machine, the card, the last hour
    said = words(html)
    assert "18.0 of 24.0 GiB in use" in said and "Clock 2520 MHz" in said and "of the graphics card" in said
    assert "4.8 GiB of the card must stay free" in said and "9.4 GiB of this machine must stay free" in said
    assert "Kept free on the machine 9.4" in said and said.count("Kept free for a heavy engine") == 1, "of the card"


def test_a_laptop_without_a_card_says_so_and_admits_small_engines(made: Callable[..., MemoryManager]) -> None:
    report = made(laptop).report()
    said = words(memory_panel(report))
    assert "No NVIDIA GPU answers on this machine" in said
    assert report["verdicts"]["light"]["admitted"] and "A light engine would be admitted" in said
    assert "Kept free for a heavy engine 6.19 GiB" in said, "the reserve is scaled down to the machine"
    full = words(memory_panel(made(laptop, available_gib=1.0).report()))
    assert "A light engine would have to wait: 1 GiB available" in full


def test_others_who_hold_memory_are_named(made: Callable[..., MemoryManager]) -> None:
    report = {**made(spark).report(), "holders": [{"title": "ComfyUI", "memory": 11.5}]}
    assert {part.name: part.gib for part in machine_parts(report)}["ComfyUI"] == 11.5


def test_an_engine_that_waits_at_the_gate_holds_nothing_yet(made: Callable[..., MemoryManager]) -> None:
    report = made(laptop).report()
    waiting = {"title": "Wan", "memory": 28.0, "on_card": 0.0, "state": "loading", "pid": 0}
    assert "Wan" not in {part.name for part in machine_parts({**report, "workers": [waiting]})}
    loading = {**waiting, "pid": 7, "memory": 1.0}
    assert "Wan" in {part.name for part in machine_parts({**report, "workers": [loading]})}


def test_the_last_hour_is_drawn_and_told(made: Callable[..., MemoryManager]) -> None:
    report = made(laptop).report()
    now = 100_000.0
    history = [
        {"at": now - age, "used": 4.0 + age / 3600, "available": 9.0, "swap": 0.0, "pressure": None, "card": None}
        for age in range(3600, 0, -10)
        if not 1200 < age < 1500
    ]
    html = memory_panel(report, history, now=now)
    assert html.count('<polyline class="used"') == 2, "a gap in what was measured is a gap in the line"
    points = [float(x) for x in re.findall(r"([\d.]+),[\d.]+", html.partition('class="area"')[2])]
    assert min(points) >= 34 and max(points) <= 520
    assert "between 4.0 and 5.0 GiB of 15.5" in html
    assert "nothing was measured yet" in memory_panel(report)


def test_heat_pauses_and_resumes_with_a_gap(made: Callable[..., MemoryManager]) -> None:
    keeper = made(spark, pause_above_celsius=70, resume_below_celsius=60)
    for temperature, paused in ((69, False), (71, True), (65, True), (59, False), (65, False), (90, True), (None, False)):
        keeper.heat.feel(temperature)
        assert keeper.heat.paused is paused, temperature
    keeper.heat.feel(72)
    wan = CARDS["wan"]
    assert "above 70 °C" in keeper.reuse(wan, 28.0, waited=0.0)
    assert "work on it goes on when it has cooled below 60 °C" in words(memory_panel(keeper.report()))
    events = words(memory_panel(keeper.report(), events=[event.as_dict() for event in keeper.events.newest()]))
    assert "The GPU reached 72 °C; new work on it is paused." in events


def test_what_users_wrote_is_only_text(made: Callable[..., MemoryManager]) -> None:
    report = made(spark).report()
    hostile = {**report, "holders": [{"title": "<img src=x onerror=alert(1)>", "memory": 1.0}]}
    assert "<img" not in memory_panel(hostile, events=[{"at": 0.0, "kind": "idle", "sentence": "<script>"}])
    assert "<script" not in memory_panel(hostile, events=[{"at": 0.0, "kind": "idle", "sentence": "<script>"}])
