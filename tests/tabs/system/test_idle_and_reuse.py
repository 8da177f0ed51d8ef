"""How long engines stay, as a person sets it; and warm engines before the gate."""

from __future__ import annotations

from pathlib import Path

import pytest

from engines.contract import Tier
from studio.errors import MemoryRefused
from studio.memory.profiles import MeasurementKind
from studio.settings import WorkerSettings
from studio.units import GIB
from studio.workers.idle_times import LONGEST_SECONDS, IdleTimeouts
from tests.studio.memory.machines import engine_card
from tests.tabs.system.machines import CARDS, Workers, pc, spark

F5 = engine_card("f5-tts", 4, Tier.MEDIUM)
OWN = engine_card("own", 1, Tier.MEDIUM, idle_seconds=30)


def test_a_persons_word_counts_before_the_card_and_the_setting(tmp_path: Path) -> None:
    times = IdleTimeouts(WorkerSettings(), tmp_path / "idle.json")
    assert (times.of(F5), times.of(OWN), times.chosen("own")) == (900, 30, None)
    times.choose("own", 0)
    times.choose("f5-tts", 60)
    assert (times.of(F5), times.of(OWN)) == (60, 0)
    again = IdleTimeouts(WorkerSettings(), tmp_path / "idle.json")
    assert (again.of(F5), again.of(OWN), again.chosen("own")) == (60, 0, 0), "it outlasts the studio"
    again.choose("own", None)
    again.choose("f5-tts", 1e12)
    assert (again.of(F5), again.of(OWN)) == (LONGEST_SECONDS, 30)


@pytest.mark.parametrize("content", ["", "[]", '{"own": "x"}', "{"])
def test_a_damaged_file_holds_nothing(tmp_path: Path, content: str) -> None:
    (tmp_path / "idle.json").write_text(content)
    times = IdleTimeouts(WorkerSettings(), tmp_path / "idle.json")
    assert times.of(OWN) == 30


def test_a_warm_engine_waits_above_the_admit_limit_and_is_told_why(tmp_path: Path) -> None:
    keeper = spark(tmp_path, available_gib=15.0, busy=["wan", "f5-tts"])
    reason = keeper.reuse(CARDS["f5-tts"], 4.0, waited=0.0)
    assert reason == (
        "F5 Tts is loaded, but 88% of 122 GiB are in use, and no work is begun that would go above 85%; unload Wan (working) to "
        "gain 28 GiB."
    )
    with pytest.raises(MemoryRefused, match="F5 Tts is loaded"):
        keeper.reuse(CARDS["f5-tts"], 4.0, waited=1800.0)
    keeper.close()
    roomy = spark(tmp_path, available_gib=60.0)
    assert roomy.reuse(CARDS["f5-tts"], 4.0, waited=0.0) == ""
    roomy.close()


def test_idle_engines_go_before_a_warm_one_has_to_wait(tmp_path: Path) -> None:
    keeper = spark(tmp_path, available_gib=15.0, busy=["f5-tts"])
    workers = keeper._workers
    assert isinstance(workers, Workers)
    assert "Unloading Wan to gain 28 GiB" in keeper.reuse(CARDS["f5-tts"], 4.0, waited=0.0)
    assert workers.unloaded == ["wan"]
    keeper.close()


def test_what_a_run_takes_beyond_the_load_counts(tmp_path: Path) -> None:
    keeper = spark(tmp_path, available_gib=30.0, busy=["wan", "f5-tts"])
    assert keeper.reuse(CARDS["wan"], 28.0, waited=0.0) == ""
    keeper.reservations.record(MeasurementKind.PEAK, "wan", "", 50 * GIB)
    assert "Wan is loaded and needs about 22 GiB more" in keeper.reuse(CARDS["wan"], 28.0, waited=0.0)
    keeper.close()


def test_on_a_plug_in_card_a_loaded_engine_has_its_part(tmp_path: Path) -> None:
    keeper = pc(tmp_path, card_used_gib=22.0)
    assert keeper.reuse(CARDS["wan"], 15.5, waited=0.0) == ""
    keeper.close()
