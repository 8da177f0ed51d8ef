"""Which Wan fits which machine: admitted, or refused with the right numbers and a way out."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from engines.video.wan import Wan, WanT2V13B, WanT2V14B, WanT2VA14B, WanTI2V5B
from studio.memory.gpu import GpuFacts
from studio.memory.keeper import MemoryKeeper
from studio.memory.model import Admit, Refuse
from studio.memory.reservations import Kind, variant_key
from studio.memory.sizes import GIB, MIB
from studio.settings import MemorySettings
from tests.memory.machines import LAPTOP_TOTAL_KB, PC_TOTAL_KB, SPARK_GPU, SPARK_IDLE_KB, SPARK_TOTAL_KB, card_24, machine

CARD_16 = GpuFacts("NVIDIA GeForce RTX 5060 Ti", unified=False, total=16 * GIB, used=GIB // 2)
MACHINES: dict[str, tuple[int, int, GpuFacts | None, dict[str, Any]]] = {
    # 60 GiB of the Spark's memory are page cache: used, and yet to be had.
    "spark": (SPARK_TOTAL_KB, SPARK_IDLE_KB, SPARK_GPU, {"free": 50 * MIB, "cached": 60 * MIB}),
    "24 GB": (PC_TOTAL_KB, 50 * MIB, card_24(), {}),
    "16 GB": (PC_TOTAL_KB, 50 * MIB, CARD_16, {}),
    "CPU only": (LAPTOP_TOTAL_KB, 9 * MIB, None, {}),
}


class Seen:
    """A graphics card as the driver tells of it."""

    def __init__(self, facts: GpuFacts | None) -> None:
        self._facts = facts

    def facts(self) -> GpuFacts | None:
        return self._facts


@pytest.fixture
def keeper(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[MemoryKeeper]:
    total, available, gpu, more = MACHINES[request.param]
    keeper = MemoryKeeper(
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
def test_what_fits_where(keeper: MemoryKeeper, engine: type[Wan], offload: str, need: str, room: str | None) -> None:
    needed = keeper.need(engine.card_for(engine.Options(offload=offload)))
    decision = keeper.decide(needed, [])
    assert -0.001 <= float(need.split()[0]) - needed.bytes / GIB < 1 and not needed.measured, "needs are rounded up"
    if room is None:
        assert decision == Admit()
        return
    assert isinstance(decision, Refuse)
    assert f"{engine.card.title} needs about {need} (estimated)" in decision.reason
    assert f"room for at most {room}" in decision.reason and "must stay free" in decision.reason
    assert "animatic" in decision.hint and ("Offload" in decision.hint) == (offload == "none")


@pytest.mark.parametrize("keeper", ["24 GB"], indirect=True)
def test_the_machine_must_have_room_for_the_text_encoder_beside_the_card(keeper: MemoryKeeper) -> None:
    beside = keeper.need(WanT2V13B.card).host_bytes / GIB
    alone = keeper.need(WanT2V13B.card_for(WanT2V13B.Options(offload="none"))).host_bytes / GIB
    assert beside - alone == pytest.approx(10.6, abs=0.01)


@pytest.mark.parametrize("keeper", ["24 GB"], indirect=True)
def test_what_was_measured_of_one_variant_is_not_taken_for_another(keeper: MemoryKeeper) -> None:
    plain, precise = (variant_key(WanT2V13B.Options(offload=wish)) for wish in ("auto", "none"))
    assert plain != precise == variant_key(WanT2V13B.Options(offload="none", steps=4))
    keeper.reservations.record(Kind.PEAK, WanT2V13B.card.id, precise, 15 * GIB, host_bytes=2 * GIB)
    measured = keeper.need(WanT2V13B.card, precise)
    assert (measured.bytes, measured.measured) == (15 * GIB, True)
    assert not keeper.need(WanT2V13B.card, plain).measured
