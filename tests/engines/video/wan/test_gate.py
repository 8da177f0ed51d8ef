"""Which Wan fits which machine: admitted, or refused with the right numbers and a way out."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from engines.common.profile_key import memory_profile_of, profile_key
from engines.contract.card import ProblemSize
from engines.video.wan.engine import Wan, WanT2V13B, WanT2V14B, WanT2VA14B, WanTI2V5B
from studio.errors import MemoryRefused
from studio.memory.machine.gpu import GpuFacts
from studio.memory.manager import MemoryManager
from studio.memory.model import Admit, Refuse
from studio.memory.profiles import MeasurementKind
from studio.settings import MemorySettings
from studio.units import GIB, MIB
from tests.studio.memory.machines import LAPTOP_TOTAL_KB, PC_TOTAL_KB, SPARK_GPU, SPARK_IDLE_KB, SPARK_TOTAL_KB, card_24, machine

CARD_16 = GpuFacts("NVIDIA GeForce RTX 5060 Ti", unified=False, total=16 * GIB, used=GIB // 2)
MACHINES: dict[str, tuple[int, int, GpuFacts | None, dict[str, Any]]] = {
    # 60 GiB of the Spark's memory are page cache: used, and yet to be had.
    "spark": (SPARK_TOTAL_KB, SPARK_IDLE_KB, SPARK_GPU, {"free": 50 * MIB, "cached": 60 * MIB}),
    # A desktop and a browser hold 14 GiB.
    "spark with a desktop": (SPARK_TOTAL_KB, SPARK_TOTAL_KB - 14 * MIB, SPARK_GPU, {}),
    "24 GB": (PC_TOTAL_KB, 50 * MIB, card_24(), {}),
    "16 GB": (PC_TOTAL_KB, 50 * MIB, CARD_16, {}),
    "8 GB": (PC_TOTAL_KB, 50 * MIB, GpuFacts("NVIDIA GeForce RTX 5060", unified=False, total=8 * GIB, used=GIB // 4), {}),
    "CPU only": (LAPTOP_TOTAL_KB, 9 * MIB, None, {}),
}


class Seen:
    """A graphics card as the driver tells of it."""

    def __init__(self, facts: GpuFacts | None) -> None:
        self._facts = facts

    def facts(self) -> GpuFacts | None:
        return self._facts


@pytest.fixture
def keeper(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[MemoryManager]:
    total, available, gpu, more = MACHINES[request.param]
    keeper = MemoryManager(
        MemorySettings(), tmp_path / "data", files=machine(tmp_path / "files", total, available, **more), gpu=Seen(gpu)
    )
    yield keeper
    keeper.close()


# The need as it is told, and for what can never fit the room that the sentence names; None where it is admitted.
@pytest.mark.parametrize(
    ("keeper", "engine", "offload", "need", "room"),
    [
        ("spark", WanT2V13B, "auto", "19 GiB", None),
        ("spark", WanTI2V5B, "auto", "29 GiB", None),
        ("spark", WanT2V14B, "auto", "45 GiB", None),
        ("spark", WanT2VA14B, "auto", "72 GiB", None),
        ("spark with a desktop", WanT2VA14B, "auto", "72 GiB", None),
        ("24 GB", WanT2V13B, "auto", "8.2 GiB", None),
        ("24 GB", WanTI2V5B, "auto", "18 GiB", None),
        ("24 GB", WanTI2V5B, "none", "29 GiB", "19 GiB"),
        ("24 GB", WanT2V14B, "auto", "35 GiB", "19 GiB"),
        ("24 GB", WanT2V14B, "all", "34 GiB", "19 GiB"),
        ("16 GB", WanT2V13B, "auto", "8.2 GiB", None),
        ("16 GB", WanTI2V5B, "auto", "18 GiB", "12 GiB"),
        ("16 GB", WanT2V14B, "auto", "35 GiB", "12 GiB"),
        ("CPU only", WanT2V13B, "auto", "19 GiB", "9.2 GiB"),
        ("CPU only", WanTI2V5B, "auto", "29 GiB", "9.2 GiB"),
        ("CPU only", WanT2V14B, "auto", "45 GiB", "9.2 GiB"),
    ],
    indirect=["keeper"],
)
def test_what_fits_where(keeper: MemoryManager, engine: type[Wan], offload: str, need: str, room: str | None) -> None:
    needed = keeper.need(engine.card_for(engine.Options(offload=offload)))
    decision = keeper.decide(needed, [])
    assert -0.001 <= float(need.split()[0]) - needed.bytes / GIB < 1 and not needed.measured, "needs are rounded up"
    if room is None:
        assert decision == Admit()
        return
    assert isinstance(decision, Refuse)
    assert f"{engine.card.title} needs about {need} (estimated)" in decision.reason
    assert f"room for at most {room}" in decision.reason and "must stay free" in decision.reason
    assert "animatic" in decision.hint
    assert ("Offload to blocks or Weights in memory to float8" in decision.hint) == (engine is not WanT2V13B)


@pytest.mark.parametrize(
    ("keeper", "engine", "options", "need"),
    [
        ("16 GB", WanT2V14B, {"offload": "blocks"}, 9.4),
        ("16 GB", WanT2V14B, {"offload": "blocks", "storage": "float8"}, 8.5),
        ("16 GB", WanTI2V5B, {"offload": "blocks"}, 8.9),
        ("spark with a desktop", WanT2VA14B, {"storage": "float8"}, 51.7),
    ],
    indirect=["keeper"],
)
def test_the_ways_out_that_a_refusal_names_are_ones(
    keeper: MemoryManager, engine: type[Wan], options: dict[str, Any], need: float
) -> None:
    needed = keeper.need(engine.card_for(engine.Options(**options)))
    assert keeper.decide(needed, []) == Admit()
    assert needed.bytes / GIB == pytest.approx(need, abs=0.1)


@pytest.mark.parametrize("keeper", ["24 GB"], indirect=True)
def test_blocks_wait_in_the_machine_s_memory(keeper: MemoryManager) -> None:
    """Both experts of A14B in bfloat16 are more than a machine of 64 GB has beside its card."""
    refused = keeper.decide(keeper.need(WanT2VA14B.card_for(WanT2VA14B.Options(offload="blocks"))), [])
    assert isinstance(refused, Refuse) and "float8" in refused.hint


@pytest.mark.parametrize("keeper", ["24 GB"], indirect=True)
def test_the_machine_must_have_room_for_the_text_encoder_beside_the_card(keeper: MemoryManager) -> None:
    beside = keeper.need(WanT2V13B.card).host_bytes / GIB
    alone = keeper.need(WanT2V13B.card_for(WanT2V13B.Options(offload="none"))).host_bytes / GIB
    assert beside - alone == pytest.approx(10.6, abs=0.01)


@pytest.mark.parametrize("keeper", ["24 GB"], indirect=True)
def test_what_was_measured_of_one_variant_is_not_taken_for_another(keeper: MemoryManager) -> None:
    plain, precise = (profile_key(WanT2V13B.Options(offload=wish)) for wish in ("auto", "none"))
    assert plain != precise == profile_key(WanT2V13B.Options(offload="none", steps=4))
    keeper.reservations.record(MeasurementKind.PEAK, WanT2V13B.card.id, precise, 15 * GIB, host_bytes=2 * GIB)
    measured = keeper.need(WanT2V13B.card, precise)
    assert (measured.bytes, measured.measured) == (15 * GIB, True)
    assert not keeper.need(WanT2V13B.card, plain).measured


LONG, SHORT = {"1.3B": (832, 480, 81), "5B": (1280, 704, 121), "14B": (1280, 720, 81)}, (480, 288, 33)


# Of the largest clip and of a small one: the need, and where it is refused the smaller work that would fit ("" for none).
@pytest.mark.parametrize(
    ("keeper", "engine", "offload", "large", "small"),
    [
        ("spark", WanT2V13B, "auto", (18.8, None), (15.8, None)),
        ("spark", WanTI2V5B, "auto", (28.2, None), (24.1, None)),
        ("spark", WanT2V14B, "auto", (44.8, None), (39.4, None)),
        ("24 GB", WanT2V13B, "auto", (8.2, None), (5.2, None)),
        ("24 GB", WanTI2V5B, "auto", (17.6, None), (13.5, None)),
        ("24 GB", WanT2V14B, "auto", (34.2, ""), (28.8, "")),
        ("16 GB", WanT2V13B, "auto", (8.2, None), (5.2, None)),
        ("16 GB", WanTI2V5B, "auto", (17.6, ""), (13.5, "")),
        ("16 GB", WanTI2V5B, "all", (14.9, "at 640 × 352"), (10.8, None)),
        ("16 GB", WanT2V14B, "all", (33.7, ""), (28.3, "")),
        ("8 GB", WanT2V13B, "auto", (8.2, "at 624 × 352"), (5.2, None)),
        ("8 GB", WanT2V13B, "all", (7.7, "with 25 frames, or at 624 × 352"), (4.7, None)),
        ("CPU only", WanT2V13B, "auto", (18.8, ""), (15.8, "")),
        ("CPU only", WanTI2V5B, "auto", (28.2, ""), (24.1, "")),
        ("CPU only", WanT2V14B, "auto", (44.8, ""), (39.4, "")),
    ],
    indirect=["keeper"],
)
def test_the_size_of_a_clip_decides(
    keeper: MemoryManager, engine: type[Wan], offload: str, large: tuple[float, str | None], small: tuple[float, str | None]
) -> None:
    for size, (gib, smaller) in ((LONG[engine.card.title.split()[-1]], large), (SHORT, small)):
        needed = keeper.need(*memory_profile_of(engine, engine.Options(offload=offload), ProblemSize(*size)))
        assert needed.bytes / GIB == pytest.approx(gib, abs=0.06)
        decision = keeper.decide(needed, [])
        if smaller is None:
            assert decision == Admit()
            continue
        assert isinstance(decision, Refuse)
        assert "animatic" in decision.hint and ("would fit" in decision.hint) == bool(smaller)
        assert not smaller or f"It would fit {smaller}." in decision.hint


@pytest.mark.parametrize("keeper", ["spark"], indirect=True)
def test_sizes_are_learned_apart_and_from_each_other(keeper: MemoryManager) -> None:
    def need(frames: int, width: int = 832, height: int = 480) -> tuple[float, bool]:
        found = keeper.need(*memory_profile_of(WanT2V13B, WanT2V13B.Options(), ProblemSize(width, height, frames)))
        return round(found.bytes / GIB, 1), found.measured

    def learn(gib: int, frames: int) -> None:
        _, key = memory_profile_of(WanT2V13B, WanT2V13B.Options(), ProblemSize(832, 480, frames))
        keeper.reservations.record(MeasurementKind.PEAK, WanT2V13B.card.id, key, gib * GIB)

    unsized = profile_key(WanT2V13B.Options())
    keeper.reservations.record(MeasurementKind.PEAK, WanT2V13B.card.id, unsized, 12 * GIB)
    assert need(33) == need(81) == (12.0, True), "of runs whose size is not known"
    learn(14, 33)
    assert need(33) == (14.0, True) and need(17) == (14.0, False), "a smaller one takes no more"
    assert need(81) == (14 + round(4 * (1 - 33 / 81), 1), False), "a larger one by as much more as is expected"
    learn(15, 81)
    assert need(81) == (15.0, True) and need(33) == (14.0, True) and need(49)[0] == 15.0, "and no more than a still larger one"


@pytest.mark.parametrize("keeper", ["8 GB"], indirect=True)
def test_a_loaded_engine_is_asked_again_when_a_larger_clip_comes(keeper: MemoryManager) -> None:
    for size, refused in ((SHORT, False), (LONG["1.3B"], True)):
        card, variant = memory_profile_of(WanT2V13B, WanT2V13B.Options(), ProblemSize(*size))
        if not refused:
            assert keeper.reuse(card, 5.0, 0.0, variant) == ""
            continue
        with pytest.raises(MemoryRefused, match=r"room for at most 6\.4 GiB") as told:
            keeper.reuse(card, 5.0, 0.0, variant)
        assert "at 624 × 352" in told.value.hint and not told.value.retryable
