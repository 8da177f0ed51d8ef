"""What "auto" is on which machine, how long a clip is reckoned to take, and when it is decoded in tiles."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from engines.common.profile_key import memory_profile_of, profile_key
from engines.contract import EnginePaths, Machine
from engines.contract.card import ProblemSize
from engines.video.wan import models
from engines.video.wan.by_machine import choosing
from engines.video.wan.by_machine.reckoning import operations, rate_of, seconds_of
from engines.video.wan.engine import Wan, WanT2V13B, WanT2V14B, WanT2VA14B, WanTI2V5B
from studio.memory.gate import machine_for
from studio.memory.model import Limits
from studio.settings import MemorySettings
from tests.studio.memory.machines import SPARK_GPU, card_24, pc, resident, spark

SPARK, CARD_24, CARD_16, CARD_8 = (
    Machine("NVIDIA GB10", True, 83.0),
    Machine("NVIDIA GeForce RTX 4090", False, 19.0, 45.0),
    Machine("NVIDIA GeForce RTX 5080", False, 12.7, 45.0),
    Machine("NVIDIA GeForce RTX 4060", False, 6.0, 22.0),
)
SMALL, LARGE = ProblemSize(832, 480, 81), ProblemSize(1280, 720, 81)


def auto(
    engine: type[Wan], machine: Machine, extent: ProblemSize = SMALL, here: bool = True, **asked: Any
) -> tuple[str, str, str]:
    options = choosing.chosen(
        engine.model, engine.Options(**asked), machine, lambda way: memory_profile_of(engine, way, extent), draft_is_here=here
    )
    return options.preset, options.offload, options.storage


@pytest.mark.parametrize(
    ("engine", "machine", "extent", "found"),
    [
        (WanT2V14B, SPARK, LARGE, ("draft", "none", "bfloat16")),
        (WanT2VA14B, SPARK, LARGE, ("draft", "none", "bfloat16")),
        (WanT2VA14B, replace(SPARK, room_gib=60), LARGE, ("draft", "none", "float8")),
        (WanT2V13B, SPARK, SMALL, ("balanced", "none", "bfloat16")),
        (WanT2V13B, CARD_24, SMALL, ("balanced", "text", "bfloat16")),
        (WanT2V14B, CARD_24, LARGE, ("balanced", "blocks", "bfloat16")),
        (WanT2V14B, replace(CARD_24, room_gib=38), LARGE, ("balanced", "text", "bfloat16")),
        (WanT2VA14B, CARD_24, LARGE, ("balanced", "blocks", "float8")),
        (WanTI2V5B, CARD_16, ProblemSize(1280, 704, 121), ("balanced", "blocks", "bfloat16")),
        (WanT2VA14B, CARD_8, LARGE, ("balanced", "blocks", "float8")),
    ],
)
def test_what_changes_no_picture_comes_first(
    engine: type[Wan], machine: Machine, extent: ProblemSize, found: tuple[str, str, str]
) -> None:
    assert auto(engine, machine, extent) == found


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({"preset": "best"}, ("best", "none", "bfloat16")),
        ({"storage": "float8"}, ("draft", "none", "float8")),
        ({"offload": "text"}, ("draft", "text", "bfloat16")),
        ({"steps": 20}, ("balanced", "none", "bfloat16")),
        ({"guidance": 4.0}, ("balanced", "none", "bfloat16")),
        ({"cache": "light"}, ("balanced", "none", "bfloat16")),
    ],
)
def test_what_a_person_chose_stays(asked: dict[str, Any], found: tuple[str, str, str]) -> None:
    assert auto(WanT2V14B, SPARK, **asked) == found


def test_a_draft_is_taken_where_its_files_are() -> None:
    assert auto(WanT2V14B, SPARK, here=False)[0] == "balanced"
    nowhere = EnginePaths(Path("assets"), Path("cache"))
    assert WanT2V14B.chosen_for(nowhere, WanT2V14B.Options(), SPARK, SMALL).preset == "balanced"  # type: ignore[attr-defined]


def test_options_that_were_chosen_are_chosen_again_as_they_are() -> None:
    """A job keeps what was chosen when it was handed in, whatever the machine's memory is when it goes on."""
    first = WanT2V14B.Options(preset="balanced", offload="text", storage="bfloat16")
    again = choosing.chosen(models.T2V_14B, first, CARD_8, lambda way: memory_profile_of(WanT2V14B, way), draft_is_here=True)
    assert again == first
    kept = first.model_dump(mode="json", exclude_defaults=True)
    assert kept == {"preset": "balanced", "offload": "text", "storage": "bfloat16"}


def test_the_machine_is_seen_without_the_studio_s_own_engines(tmp_path: Path) -> None:
    limits = Limits.of(MemorySettings())
    alone = machine_for(choosing_tier(), spark(tmp_path, 107), SPARK_GPU, (), limits)
    ours = machine_for(choosing_tier(), spark(tmp_path / "b", 67), SPARK_GPU, [resident("F5", 40, busy=True)], limits)
    assert alone == ours and alone.shared and alone.room_gib == pytest.approx(107 - 0.2 * 121.7, abs=0.5)
    card = machine_for(choosing_tier(), pc(tmp_path / "c"), card_24(), (), limits)
    assert not card.shared and card.room_gib == pytest.approx(23.5 - 0.2 * 24, abs=0.2) and card.host_gib > 40
    bare = machine_for(choosing_tier(), pc(tmp_path / "d"), None, (), limits)
    assert (bare.gpu, bare.shared, bare.host_gib) == ("", False, 0.0)


def test_what_was_measured_here_counts_more_than_the_estimate() -> None:
    """A 14B that took 18 GiB here needs no offloading on a card of 24, whatever its card says."""
    measured = profile_key(WanT2V14B.Options(preset="balanced", offload="text", storage="bfloat16"), str(LARGE))

    def need_of(card: Any, variant: str) -> tuple[float, float]:
        return (18.0, 13.0) if variant == measured else (card.plug_in_memory_gib, card.plug_in_host_gib)

    assert auto(WanT2V14B, CARD_24, LARGE)[1] == "blocks"
    assert auto(WanT2V14B, replace(CARD_24, need_of=need_of), LARGE) == ("balanced", "text", "bfloat16")


def test_what_fits_once_others_are_done_is_waited_for() -> None:
    """A browser that holds the memory just now makes nobody's clip coarser."""
    busy = replace(SPARK, room_gib=10.0, empty_gib=97.0)
    assert auto(WanT2V14B, busy, LARGE) == ("draft", "none", "bfloat16")


def choosing_tier() -> Any:
    return WanT2V14B.card.tier


def test_times_agree_with_the_published_ones() -> None:
    """FastVideo: 1.3B, 50 steps on a DGX Spark about 12 minutes. Wan: the same on an RTX 4090 about 4 minutes."""
    best = WanT2V13B.Options(preset="best", offload="text")
    spark_seconds, card_seconds = (seconds_of(models.T2V_13B, best, SMALL, machine) for machine in (SPARK, CARD_24))
    assert spark_seconds == pytest.approx(12 * 60, rel=0.1) and card_seconds == pytest.approx(4 * 60, rel=0.25)
    assert operations(models.T2V_14B, LARGE) > 3 * operations(models.T2V_14B, SMALL)


def test_a_draft_takes_minutes_where_the_whole_takes_hours() -> None:
    times = {
        preset: seconds_of(models.T2V_A14B, WanT2VA14B.Options(preset=preset), LARGE, SPARK) for preset in ("draft", "balanced")
    }
    assert times["draft"] is not None and times["balanced"] is not None
    assert times["draft"] < 15 * 60 and times["balanced"] > 8 * times["draft"]


@pytest.mark.parametrize(
    ("gpu", "known"),
    [("NVIDIA GB10", True), ("NVIDIA H200", True), ("NVIDIA GeForce RTX 5070 Ti", True), ("", False), ("NVIDIA GT 1030", False)],
)
def test_an_unknown_card_is_not_guessed_at(gpu: str, known: bool) -> None:
    assert (rate_of(gpu) is not None) == known
    assert (seconds_of(models.T2V_13B, WanT2V13B.Options(), SMALL, Machine(gpu)) is not None) == known
