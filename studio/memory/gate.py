"""The memory gate: whether an engine may be loaded now. Pure functions of a reading, the card's facts and the loaded engines.

Each engine uses one pool: the machine's memory for CPU engines and for every engine on unified memory; the graphics card's memory
for CUDA engines on a plug-in card, which also need a little of the machine's. CPU offload is never used to make room: on unified
memory it frees nothing.

After a load of a tier is admitted, the larger of two amounts must stay free of its pool:

- the part above the tier's ceiling: a heavy or medium load must not raise the use above the hard limit (80 %), nor a light one
  above the admit limit (85 %). Light engines are what still works on a full machine, and their loads are too small to reach the
  kill limit;
- the tier's reserve (16, 10 and 2 GiB), on smaller pools at most a share of it: for a heavy engine 40 % of the machine (20 % of a
  plug-in card, where running out ends the engine and not the machine), for a medium or light one 10 %.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from engines.contract import Device, Machine, Tier
from studio.memory import messages as sentences
from studio.memory.machine.gpu import GpuFacts
from studio.memory.machine.readings import MemoryReading
from studio.memory.model import Admit, Decision, Demand, Limits, MemoryHolder, Need, Pool, Refuse, Resident, Wait
from studio.units import GIB


def system_pool(reading: MemoryReading) -> Pool:
    return Pool(reading.pool, reading.pool_available)


def card_pool(gpu: GpuFacts) -> Pool:
    """Return the memory of a plug-in card. A driver that hides the total still reports use by process."""
    total = gpu.total or 0
    used = sum(gpu.process_bytes.values()) if gpu.used is None else gpu.used
    return Pool(total, max(0, total - used), plug_in=True)


def budgeted_on_card(device: Device, gpu: GpuFacts | None) -> bool:
    """Return whether an engine on this device uses the memory of a plug-in card."""
    return device is Device.CUDA and gpu is not None and gpu.has_own_memory


def pool_of(device: Device, reading: MemoryReading, gpu: GpuFacts | None) -> Pool:
    """Return the pool of an engine on this device. Without a card that NVML sees, a CUDA engine counts against the machine's
    memory: whether it can work at all is decided by its readiness, not by the gate."""
    return card_pool(gpu) if gpu is not None and budgeted_on_card(device, gpu) else system_pool(reading)


def decide(
    need: Need,
    reading: MemoryReading,
    gpu: GpuFacts | None,
    residents: Sequence[Resident],
    limits: Limits,
    promised: Sequence[Need] = (),
) -> Decision:
    """Decide whether a load may begin.

    Args:
        residents: every engine that holds memory now, busy or idle.
        promised: admitted loads that do not hold their memory yet.

    Returns:
        Admit, with the fewest idle engines to unload, those of least worth per GiB first; Wait, while others hold the missing
            memory; Refuse, if an otherwise empty machine could not hold the load.
    """
    demands = _demands(need, reading, gpu, limits, promised)
    for demand in demands:
        if demand.bytes > demand.largest:
            return Refuse(sentences.refusal(need, demand))
    if all(not demand.missing for demand in demands):
        return Admit()
    short = next(demand for demand in demands if demand.missing)
    holders = [MemoryHolder(one.title, gain(one, short.pool, gpu), one.busy) for one in residents if not one.loading]
    victims = _victims(demands, gpu, residents)
    if victims is None:
        return Wait(sentences.shortage(need, short, holders))
    gains = [MemoryHolder(one.title, gain(one, short.pool, gpu)) for one in victims]
    return Admit(tuple(victim.engine_id for victim in victims), sentences.unloading(need, gains))


def usable_for(device: Device, tier: Tier, reading: MemoryReading, gpu: GpuFacts | None, limits: Limits) -> tuple[Pool, int, int]:
    """Return for a load of the tier, before its size is known: (pool, what it could use now, what must stay free)."""
    pool = pool_of(device, reading, gpu)
    free = limits.must_stay_free(tier, pool.total, plug_in=pool.plug_in)
    return pool, pool.available - free, free


def machine_for(
    tier: Tier, reading: MemoryReading, gpu: GpuFacts | None, residents: Sequence[Resident], limits: Limits
) -> Machine:
    """Return what an engine of the tier on the GPU can use here once the studio's other engines are unloaded."""
    machine, light = system_pool(reading), limits.must_stay_free(Tier.LIGHT, reading.pool)
    pool = pool_of(Device.CUDA, reading, gpu)
    free = limits.must_stay_free(tier, pool.total, plug_in=pool.plug_in)
    return Machine(
        "" if gpu is None else gpu.name,
        gpu is not None and not pool.plug_in,
        _room(pool, free, residents, gpu),
        _room(machine, light, residents, gpu) if pool.plug_in else 0.0,
        max(0, pool.total - free) / GIB,
        max(0, machine.total - light) / GIB if pool.plug_in else 0.0,
    )


def _room(pool: Pool, free: int, residents: Sequence[Resident], gpu: GpuFacts | None) -> float:
    ours = sum(gain(one, pool, gpu) for one in residents)
    return max(0, min(pool.total, pool.available + ours) - free) / GIB


def _demands(
    need: Need, reading: MemoryReading, gpu: GpuFacts | None, limits: Limits, promised: Iterable[Need]
) -> tuple[Demand, ...]:
    pool = pool_of(need.device, reading, gpu)
    machine = system_pool(reading)
    card_promised = machine_promised = 0
    for other in promised:
        if pool_of(other.device, reading, gpu).plug_in:
            card_promised += other.bytes
            machine_promised += other.host_bytes
        else:
            machine_promised += other.bytes
    if not pool.plug_in:
        return (Demand(machine, need.bytes, limits.must_stay_free(need.tier, machine.total), machine_promised),)
    return (
        Demand(pool, need.bytes, limits.must_stay_free(need.tier, pool.total, plug_in=True), card_promised),
        # The part in main memory is small for every tier, so the light rule applies to it.
        Demand(machine, need.host_bytes, limits.must_stay_free(Tier.LIGHT, machine.total), machine_promised),
    )


def gain(resident: Resident, pool: Pool, gpu: GpuFacts | None) -> int:
    """Return the memory that ending the resident frees in the pool."""
    if pool.plug_in:
        return resident.card_bytes
    return resident.host_bytes if gpu is not None and gpu.has_own_memory else resident.bytes


def _victims(demands: Sequence[Demand], gpu: GpuFacts | None, residents: Sequence[Resident]) -> list[Resident] | None:
    """Return a minimal set of idle residents whose end meets every demand; None if all together do not."""

    def enough(chosen: Sequence[Resident]) -> bool:
        return all(sum(gain(victim, demand.pool, gpu) for victim in chosen) >= demand.missing for demand in demands)

    chosen: list[Resident] = []
    for candidate in sorted((resident for resident in residents if not resident.busy), key=lambda one: one.worth_per_gib):
        if enough(chosen):
            break
        chosen.append(candidate)
    if not enough(chosen):
        return None
    # A large one may have made smaller ones before it unnecessary: keep those, the most valuable first.
    for candidate in reversed(chosen[:]):
        rest = [victim for victim in chosen if victim is not candidate]
        if enough(rest):
            chosen = rest
    return chosen
