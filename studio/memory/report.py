"""Memory as the public API and the System page report it: sizes in GiB, limits as parts of the pool."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from engines.contract import Device, Tier
from studio.memory.gate import gain, usable_for
from studio.memory.machine.gpu import GpuFacts
from studio.memory.machine.readings import MemoryReading
from studio.memory.messages import verdict
from studio.memory.model import Limits, MemoryHolder, Resident
from studio.memory.sampler import MemoryPressure
from studio.memory.thermal import ThermalGuard
from studio.units import gib
from studio.workers.model import WorkerState


def memory_report(
    reading: MemoryReading,
    facts: GpuFacts | None,
    residents: Sequence[Resident],
    limits: Limits,
    level: MemoryPressure,
    heat: ThermalGuard,
) -> dict[str, Any]:
    """Return the report. `pool`, `used`, `available`, `reserve` (what a heavy engine must leave free), `workers`, `limits` and
    `verdicts` are a stable part of the API; fields may be added to the rest. A verdict's `free` is what must stay free, on the
    plug-in card if `on_card`."""
    reserves = {tier.value: gib(limits.reserve(tier, reading.pool)) for tier in Tier}
    return {
        "pool": gib(reading.pool),
        "used": gib(reading.used),
        "available": gib(reading.pool_available),
        "cached": gib(min(reading.cached, reading.pool_available)),
        "reserve": reserves[Tier.HEAVY.value],
        "reserves": reserves,
        "workers": [_worker_row(resident) for resident in residents],
        "limits": {"hard": limits.hard, "admit": limits.admit, "kill": limits.kill},
        "verdicts": {tier.value: _verdict(tier, reading, facts, residents, limits) for tier in Tier},
        "level": level.value,
        "swap_used": gib(reading.swap_used),
        "swap_total": gib(reading.swap_total),
        "pressure": {"some": reading.pressure_some, "full": reading.pressure_full},
        "gpu": None if facts is None else _gpu_row(facts, limits),
        "heat": {"paused": heat.reason, "pause_above": heat.pause_above, "resume_below": heat.resume_below},
    }


def _verdict(
    tier: Tier, reading: MemoryReading, facts: GpuFacts | None, residents: Sequence[Resident], limits: Limits
) -> dict[str, Any]:
    device = Device.CPU if tier is Tier.LIGHT else Device.CUDA
    pool, usable, free = usable_for(device, tier, reading, facts, limits)
    idle = [MemoryHolder(one.title, gain(one, pool, facts)) for one in residents if not one.busy]
    admitted, sentence = verdict(tier, pool, free, idle)
    return {
        "admitted": admitted, "usable": gib(max(usable, 0)), "sentence": sentence, "free": gib(free), "on_card": pool.plug_in,
    }  # fmt: skip


def _worker_row(resident: Resident) -> dict[str, Any]:
    return {
        "engine": resident.engine_id, "title": resident.title, "pid": resident.pid, "tier": resident.tier.value,
        "memory": gib(resident.bytes), "on_card": gib(resident.card_bytes), "state": _state(resident).value,
        "idle_seconds": round(resident.idle_seconds, 1),
    }  # fmt: skip


def _state(resident: Resident) -> WorkerState:
    if resident.loading:
        return WorkerState.LOADING
    return WorkerState.BUSY if resident.busy else WorkerState.WARM


def _gpu_row(facts: GpuFacts, limits: Limits) -> dict[str, Any]:
    total = facts.total or 0
    reserve = limits.must_stay_free(Tier.HEAVY, total, plug_in=True) if facts.has_own_memory else None
    return {
        "name": facts.name, "unified": facts.unified,
        "total": None if facts.total is None else gib(facts.total),
        "used": None if facts.used is None else gib(facts.used),
        "reserve": None if reserve is None else gib(reserve),
        "temperature": facts.temperature, "power": facts.power, "utilisation": facts.utilisation,
        "clock": facts.clock, "memory_clock": facts.memory_clock,
    }  # fmt: skip
