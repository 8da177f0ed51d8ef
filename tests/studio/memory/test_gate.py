"""The gate over recorded machines, and what must hold for every machine."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engines.contract import Device, Tier
from studio.memory.gate import card_pool, decide, gain, pool_of, system_pool, usable_for
from studio.memory.machine.gpu import GpuFacts
from studio.memory.machine.readings import MemoryReading, read_memory
from studio.memory.messages import verdict
from studio.memory.model import Admit, Decision, Limits, Need, Refuse, Resident, Wait
from studio.settings import MemorySettings
from studio.units import GIB, MIB
from tests.studio.memory.machines import (
    CARD_TOTAL,
    LIMITS,
    PC_TOTAL_KB,
    SPARK_GPU,
    card_24,
    cgroup2,
    laptop,
    machine,
    need,
    pc,
    resident,
    spark,
)

LIGHT = {"tier": Tier.LIGHT, "device": Device.CPU, "title": "Hibari"}


def is_as_expected(decision: Decision, expected: Admit | type[Wait | Refuse]) -> bool:
    return isinstance(decision, expected) if isinstance(expected, type) else decision == expected


# Reserves and ceilings


@pytest.mark.parametrize(
    ("total_gib", "tier", "plug_in", "expected_gib"),
    [
        (121.7, Tier.HEAVY, False, 40), (121.7, Tier.MEDIUM, False, 10), (121.7, Tier.LIGHT, False, 2),
        (64, Tier.HEAVY, False, 25.6), (64, Tier.MEDIUM, False, 6.4), (64, Tier.LIGHT, False, 2),
        (16, Tier.HEAVY, False, 6.4), (16, Tier.LIGHT, False, 1.6), (8, Tier.LIGHT, False, 0.8),
        (24, Tier.HEAVY, True, 4.8), (24, Tier.MEDIUM, True, 2.4), (24, Tier.LIGHT, True, 2),
    ],
)  # fmt: skip
def test_reserves_are_scaled_down_on_smaller_pools(total_gib: float, tier: Tier, plug_in: bool, expected_gib: float) -> None:
    assert LIMITS.reserve(tier, int(total_gib * GIB), plug_in=plug_in) / GIB == pytest.approx(expected_gib, abs=1e-6)


def test_a_spark_keeps_a_fifth_free_beside_a_heavy_engine() -> None:
    """Which is more than the reserve: an engine's need holds its own peaks already."""
    limits = Limits.of(MemorySettings())
    assert limits.reserve(Tier.HEAVY, int(121.7 * GIB)) == 16 * GIB
    assert limits.must_stay_free(Tier.HEAVY, int(121.7 * GIB)) / GIB == pytest.approx(121.7 / 5, abs=0.01)


def test_the_ceiling_is_the_hard_limit_and_for_light_engines_the_admit_limit() -> None:
    assert [LIMITS.ceiling(tier) for tier in (Tier.HEAVY, Tier.MEDIUM, Tier.LIGHT)] == [0.80, 0.80, 0.85]
    odd = Limits.of(MemorySettings(hard_limit=0.95, admit_limit=0.85))
    assert odd.ceiling(Tier.HEAVY) == 0.85, "nothing is admitted above the admit limit, whatever the hard one is set to"


# A table of loads: what each machine says


@pytest.mark.parametrize(
    ("gib", "tier", "available_gib", "expected"),
    [
        (38, Tier.HEAVY, 113, Admit()),
        (73, Tier.HEAVY, 113.5, Admit()),  # 113.5 - 40
        (74, Tier.HEAVY, 113.5, Wait),
        (81, Tier.HEAVY, 113, Wait),  # an empty Spark could: 121.7 - 40
        (82, Tier.HEAVY, 113, Refuse),
        (135, Tier.HEAVY, 113, Refuse),  # BF16 weights of a model too large, see the arithmetic first
        (10, Tier.MEDIUM, 34.4, Admit()),  # the hard limit leaves 24.3 free, more than the medium reserve
        (10, Tier.MEDIUM, 34.2, Wait),
        (0.1, Tier.LIGHT, 20, Admit()),  # 83.6 % used: light engines go up to the admit limit
        (0.1, Tier.LIGHT, 18.2, Wait),  # 85 % used: nothing is admitted
        (3, Tier.HEAVY, 41, Wait),
    ],
)
def test_spark(tmp_path: Path, gib: float, tier: Tier, available_gib: float, expected: Admit | type[Wait | Refuse]) -> None:
    decision = decide(need(gib, tier), spark(tmp_path, available_gib), SPARK_GPU, [], LIMITS)
    assert is_as_expected(decision, expected), decision


@pytest.mark.parametrize(
    ("gib", "device", "card_used", "host_available", "expected"),
    [
        (18, Device.CUDA, 0.5, 50, Admit()),  # an 18 GB model on a 24 GB card: the desktop holds half a GiB of it
        (19, Device.CUDA, 0.5, 50, Wait),
        (20, Device.CUDA, 0.5, 50, Refuse),
        (10, Device.CUDA, 12, 50, Wait),
        (18, Device.CUDA, 0.5, 10.5, Wait),  # the card could, the machine beside it is too full
        (18, Device.CUDA, 0.5, 11.2, Admit()),
        (30, Device.CPU, 23, 57, Admit()),  # a full card is nothing to a CPU engine
        (38, Device.CPU, 0, 57, Refuse),  # 40 % of 62.7 GiB stay free
    ],
)
def test_pc_with_a_card_of_its_own(
    tmp_path: Path, gib: float, device: Device, card_used: float, host_available: float, expected: Admit | type[Wait | Refuse]
) -> None:
    decision = decide(need(gib, device=device), pc(tmp_path, host_available), card_24(card_used), [], LIMITS)
    assert is_as_expected(decision, expected), decision


@pytest.mark.parametrize(
    ("gib", "tier", "available_gib", "expected"),
    [
        (0.05, Tier.LIGHT, 9, Admit()),
        (0.05, Tier.LIGHT, 2.5, Admit()),  # 84 % used, as laptops are: the built-in voices still work
        (0.05, Tier.LIGHT, 2.3, Wait),
        (2, Tier.MEDIUM, 9, Admit()),
        (14, Tier.HEAVY, 9, Refuse),
    ],
)
def test_laptop_without_a_card(
    tmp_path: Path, gib: float, tier: Tier, available_gib: float, expected: Admit | type[Wait | Refuse]
) -> None:
    for device in Device:  # a CUDA engine that gets here runs on the CPU: same pool
        decision = decide(need(gib, tier, device), laptop(tmp_path, available_gib), None, [], LIMITS)
        assert is_as_expected(decision, expected), decision


def test_container_is_budgeted_by_its_limit(tmp_path: Path) -> None:
    texts = {"memory.max": f"{8 * GIB}", "memory.current": f"{2 * GIB}", "memory.stat": f"inactive_file {GIB}\n"}
    reading = read_memory(machine(tmp_path, PC_TOTAL_KB, 50 * MIB, cgroup2("/", _=texts)))
    assert reading.fraction == pytest.approx(1 / 8)
    assert decide(need(4.4, Tier.MEDIUM, Device.CPU), reading, None, [], LIMITS) == Admit()  # 7 - 20 % of 8
    assert isinstance(decide(need(5.5, Tier.MEDIUM, Device.CPU), reading, None, [], LIMITS), Wait)
    assert isinstance(decide(need(6.5, Tier.MEDIUM, Device.CPU), reading, None, [], LIMITS), Refuse)


def test_a_card_whose_use_is_only_told_by_process() -> None:
    pool = card_pool(GpuFacts("X", unified=False, total=CARD_TOTAL, used=None, process_bytes={1: 3 * GIB, 2: GIB}))
    assert pool.available == CARD_TOTAL - 4 * GIB


# Eviction


def test_what_is_worth_least_per_gib_goes_first_and_no_more_than_needed(tmp_path: Path) -> None:
    old = resident("Wan 2.1", 28, reload_seconds=60, idle_seconds=3600)
    dear = resident("LTX", 20, reload_seconds=300, recent_uses=9)
    small = resident("Whisper", 2, tier=Tier.LIGHT, reload_seconds=5, recent_uses=20)
    reading = spark(tmp_path, 60)
    decision = decide(need(38), reading, SPARK_GPU, [dear, small, old], LIMITS)
    assert decision == Admit(("wan-2.1",), "Unloading Wan 2.1 to gain 28 GiB for Wan 2.2.")
    decision = decide(need(60), reading, SPARK_GPU, [dear, small, old], LIMITS)
    assert isinstance(decision, Admit) and set(decision.after_evicting) == {"wan-2.1", "ltx"}


def test_small_ones_are_kept_when_a_big_one_suffices(tmp_path: Path) -> None:
    worthless = [resident(f"Toy {number}", 1, reload_seconds=0.1) for number in range(3)]
    big = resident("Wan 2.1", 28, reload_seconds=60)
    decision = decide(need(38), spark(tmp_path, 60), SPARK_GPU, [*worthless, big], LIMITS)
    assert isinstance(decision, Admit) and decision.after_evicting == ("wan-2.1",)


def test_busy_ones_are_never_evicted(tmp_path: Path) -> None:
    busy = resident("Wan 2.1", 28, busy=True)
    assert isinstance(decide(need(38), spark(tmp_path, 60), SPARK_GPU, [busy], LIMITS), Wait)


def test_on_a_card_of_its_own_only_what_lies_on_the_card_helps(tmp_path: Path) -> None:
    on_host = resident("Espeak", 12, tier=Tier.LIGHT, reload_seconds=0.1)
    on_card = resident("F5", 2, card_gib=6)
    decision = decide(need(15), pc(tmp_path), card_24(6.5), [on_host, on_card], LIMITS)
    assert decision == Admit(("f5",), "Unloading F5 to gain 6 GiB for Wan 2.2.")
    assert gain(on_card, card_pool(card_24()), card_24()) == 6 * GIB
    assert gain(on_card, system_pool(pc(tmp_path)), card_24()) == 2 * GIB
    assert gain(on_card, system_pool(spark(tmp_path)), SPARK_GPU) == 8 * GIB


def test_promises_to_other_loads_count_before_they_are_held(tmp_path: Path) -> None:
    reading = spark(tmp_path, 113)
    other = need(40, title="LTX")
    assert decide(need(38), reading, SPARK_GPU, [], LIMITS) == Admit()
    waiting = decide(need(38), reading, SPARK_GPU, [], LIMITS, [other])
    assert isinstance(waiting, Wait)
    assert "wait for engines that are loading and take 40 GiB" in waiting.reason
    # On a machine with a card the same promise takes the card's memory and a little of the host's.
    crowded = decide(need(2, Tier.LIGHT, Device.CUDA), pc(tmp_path), card_24(2), [], LIMITS, [need(18)])
    assert isinstance(crowded, Wait)
    assert decide(need(2, Tier.LIGHT, Device.CPU), pc(tmp_path), card_24(2), [], LIMITS, [need(18)]) == Admit()

    small = decide(need(0.5, Tier.LIGHT, Device.CPU), pc(tmp_path, 11.5), card_24(), [], LIMITS, [need(4), need(4)])
    assert isinstance(small, Wait), "two loads on the card take three GiB of the machine's memory too"
    assert decide(need(0.5, Tier.LIGHT, Device.CPU), pc(tmp_path, 11.5), card_24(), [], LIMITS) == Admit()


# Sentences


def test_a_wait_names_what_to_unload_with_both_numbers(tmp_path: Path) -> None:
    busy = resident("Wan 2.1", 28, busy=True)
    decision = decide(need(38), spark(tmp_path, 71), SPARK_GPU, [busy], LIMITS)
    assert isinstance(decision, Wait)
    assert decision.reason == "Wan 2.2 needs about 38 GiB, 31 GiB can be used; unload Wan 2.1 (working) to gain 28 GiB."
    assert decision.hint


def test_a_wait_names_other_programs_when_the_studio_is_not_to_blame(tmp_path: Path) -> None:
    decision = decide(need(38, measured=False), spark(tmp_path, 60), SPARK_GPU, [resident("F5", 3)], LIMITS)
    assert isinstance(decision, Wait)
    assert decision.reason == (
        "Wan 2.2 needs about 38 GiB (estimated), 20 GiB can be used; unload F5 to gain 3 GiB "
        "and close other programs, which hold 59 GiB together with the system."
    )


def test_a_refusal_has_the_arithmetic_and_a_way_out(tmp_path: Path) -> None:
    decision = decide(need(135, title="H3"), spark(tmp_path), SPARK_GPU, [], LIMITS)
    assert isinstance(decision, Refuse)
    assert decision.reason == (
        "H3 needs about 135 GiB, but this machine has room for at most 81 GiB: 40 GiB of its 122 GiB must stay free."
    )
    assert "FP8" in decision.hint
    on_card = decide(need(30), pc(tmp_path), card_24(), [], LIMITS)
    assert isinstance(on_card, Refuse)
    assert "the graphics card has room for at most 19 GiB" in on_card.reason


def test_verdicts_before_the_button(tmp_path: Path) -> None:
    pool, usable, free = usable_for(Device.CUDA, Tier.HEAVY, spark(tmp_path, 31), SPARK_GPU, LIMITS)
    assert usable < 0
    assert verdict(Tier.HEAVY, pool, free, []) == (
        False,
        "A heavy engine would have to wait: 31 GiB available, 40 GiB must stay free.",
    )
    pool, _, free = usable_for(Device.CUDA, Tier.HEAVY, spark(tmp_path, 71), SPARK_GPU, LIMITS)
    assert verdict(Tier.HEAVY, pool, free, []) == (True, "A heavy engine would be admitted: it may take up to 31 GiB.")


# What must hold for every machine

on_a_busy_machine_too = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

sizes = st.integers(min_value=0, max_value=160 * GIB)
residents_of = st.lists(
    st.builds(
        Resident,
        engine_id=st.uuids().map(str),
        title=st.just("Other"),
        tier=st.sampled_from(Tier),
        busy=st.booleans(),
        host_bytes=st.integers(0, 40 * GIB),
        card_bytes=st.integers(0, 40 * GIB),
        reload_seconds=st.floats(0, 600),
        recent_uses=st.integers(0, 100),
        idle_seconds=st.floats(0, 1e6),
    ),
    max_size=6,
)
needs = st.builds(
    Need, st.just("x"), st.just("X"), st.sampled_from(Tier), st.sampled_from(Device), st.integers(1, 160 * GIB), st.booleans(),
    st.integers(0, 4 * GIB),
)  # fmt: skip
gpus = st.one_of(
    st.none(),
    st.just(SPARK_GPU),
    st.builds(
        lambda total, part: GpuFacts("Card", False, total, int(total * part)), st.integers(4 * GIB, 96 * GIB), st.floats(0, 1)
    ),
)


@st.composite
def readings(draw: st.DrawFn) -> MemoryReading:
    total = draw(st.integers(2 * GIB, 256 * GIB))
    limit = draw(st.one_of(st.none(), st.integers(GIB, 300 * GIB)))
    room = None if limit is None else draw(st.integers(0, limit))
    return MemoryReading(total, draw(st.integers(0, total)), cgroup_limit=limit, cgroup_available=room)


def pools_after(
    asked: Need, reading: MemoryReading, gpu: GpuFacts | None, evicted: list[Resident], promised: list[Need]
) -> list[tuple[float, int, Tier, bool]]:
    """(available after the load, pool, tier whose rule counts, plug-in) worked out anew, pool by pool."""
    own_card = gpu is not None and gpu.has_own_memory
    on_card = own_card and asked.device is Device.CUDA
    host_free = reading.pool_available + sum(one.host_bytes if own_card else one.bytes for one in evicted)
    host_free -= sum(one.host_bytes if own_card and one.device is Device.CUDA else one.bytes for one in promised)
    host = (
        host_free - (asked.host_bytes if on_card else asked.bytes),
        reading.pool,
        Tier.LIGHT if on_card else asked.tier,
        False,
    )
    if not on_card:
        return [host]
    assert gpu is not None and gpu.total is not None and gpu.used is not None
    card_free = gpu.total - gpu.used + sum(one.card_bytes for one in evicted)
    card_free -= sum(one.bytes for one in promised if one.device is Device.CUDA)
    return [host, (card_free - asked.bytes, gpu.total, asked.tier, True)]


def leaves_enough(*situation: object) -> bool:
    return all(
        after >= LIMITS.reserve(tier, total, plug_in=plug_in)
        and total - after <= LIMITS.ceiling(tier) * total + 1  # a byte for rounding
        for after, total, tier, plug_in in pools_after(*situation)  # type: ignore[arg-type]
    )


@on_a_busy_machine_too
@given(needs, readings(), gpus, residents_of, st.lists(needs, max_size=2))
def test_a_decision_keeps_its_promises(
    asked: Need, reading: MemoryReading, gpu: GpuFacts | None, residents: list[Resident], promised: list[Need]
) -> None:
    decision = decide(asked, reading, gpu, residents, LIMITS, promised)
    by_id = {one.engine_id: one for one in residents}
    idle = [one for one in residents if not one.busy]
    if isinstance(decision, Admit):
        evicted = [by_id[engine_id] for engine_id in decision.after_evicting]
        assert all(not one.busy for one in evicted)
        assert leaves_enough(asked, reading, gpu, evicted, promised), "it takes from the reserve"
        for fewer in itertools.combinations(evicted, max(0, len(evicted) - 1)):
            assert not evicted or not leaves_enough(asked, reading, gpu, list(fewer), promised), "one is evicted in vain"
    elif isinstance(decision, Wait):
        assert not leaves_enough(asked, reading, gpu, idle, promised) or any_rounding(asked, reading, gpu, idle, promised)
        assert decision.reason.startswith("X needs about ") and decision.hint
    empty_gpu = None if gpu is None or not gpu.has_own_memory else GpuFacts(gpu.name, False, gpu.total, 0)
    empty = MemoryReading(reading.pool, reading.pool)
    impossible = not leaves_enough(asked, empty, empty_gpu, [], []) and not any_rounding(asked, empty, empty_gpu, [], [])
    assert isinstance(decision, Refuse) == impossible or any_rounding(asked, empty, empty_gpu, [], [])


def any_rounding(*situation: object) -> bool:
    """Whether the outcome hangs on a byte of rounding of a part of a pool."""
    return any(
        min(abs(after - LIMITS.reserve(tier, total, plug_in=plug_in)), abs(total - after - LIMITS.ceiling(tier) * total)) <= 2
        for after, total, tier, plug_in in pools_after(*situation)  # type: ignore[arg-type]
    )


@on_a_busy_machine_too
@given(needs, readings(), gpus, st.integers(0, 64 * GIB))
def test_more_free_memory_never_hurts(asked: Need, reading: MemoryReading, gpu: GpuFacts | None, more: int) -> None:
    before = decide(asked, reading, gpu, [], LIMITS)
    room = None if reading.cgroup_available is None else reading.cgroup_available + more
    after = decide(
        asked,
        MemoryReading(reading.total, reading.available + more, cgroup_limit=reading.cgroup_limit, cgroup_available=room),
        gpu,
        [],
        LIMITS,
    )
    assert not isinstance(before, Admit) or isinstance(after, Admit)
    assert isinstance(before, Refuse) == isinstance(after, Refuse)


@on_a_busy_machine_too
@given(readings(), gpus, st.sampled_from(Tier), st.sampled_from(Device))
def test_what_a_verdict_says_can_be_used_is_what_the_gate_gives(
    reading: MemoryReading, gpu: GpuFacts | None, tier: Tier, device: Device
) -> None:
    pool, usable, _ = usable_for(device, tier, reading, gpu, LIMITS)
    assert pool == pool_of(device, reading, gpu)
    if usable > 0:
        assert decide(Need("x", "X", tier, device, usable, host_bytes=0), reading, gpu, [], LIMITS) == Admit() or pool.plug_in
    assert decide(Need("x", "X", tier, device, max(usable, 0) + 1, host_bytes=0), reading, gpu, [], LIMITS) != Admit()
