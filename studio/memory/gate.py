"""The memory gate: may an engine be loaded now? Pure functions over a reading, the card's facts and who is resident.

Engines are budgeted in one pool: the machine's memory for CPU engines and for every engine on unified memory; the
card's own memory for CUDA engines on a plug-in card, which need a little of the machine's beside it. CPU offload is
never a way out: on unified memory it frees nothing.

What must stay free of a pool when a load of a tier has been admitted is the larger of two things:

- the part above the tier's ceiling: use may not rise above the hard limit (80 %) by a heavy or medium load, nor above
  the admit limit (85 %) by a light one. The small engines are what a full machine can still work with, and their
  loads are too small to carry it to the kill limit;
- the tier's reserve (16, 10 and 2 GiB), on smaller pools never more than a share of it: a heavy engine's 40 % of the
  machine (20 % of a plug-in card, where running out ends the engine and not the machine), a medium or light one's 10 %.
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
    """The memory of a plug-in card. A driver that hides the total still reports it by process."""
    total = gpu.total or 0
    used = sum(gpu.process_bytes.values()) if gpu.used is None else gpu.used
    return Pool(total, max(0, total - used), plug_in=True)


def budgeted_on_card(device: Device, gpu: GpuFacts | None) -> bool:
    """Whether an engine on this device is budgeted in the memory of a plug-in card."""
    return device is Device.CUDA and gpu is not None and gpu.has_own_memory


def pool_of(device: Device, reading: MemoryReading, gpu: GpuFacts | None) -> Pool:
    """The pool an engine on this device is budgeted in. Without a card that NVML sees, a CUDA engine counts against the
    machine's memory: whether it can work at all is its readiness to say, not the gate's."""
    return card_pool(gpu) if gpu is not None and budgeted_on_card(device, gpu) else system_pool(reading)


def decide(
    need: Need,
    reading: MemoryReading,
    gpu: GpuFacts | None,
    residents: Sequence[Resident],
    limits: Limits,
    promised: Sequence[Need] = (),
) -> Decision:
    """Whether the load may begin.

    Args:
        residents: every engine that holds memory now, busy or idle.
        promised: admitted loads that do not hold their memory yet.

    Returns:
        Admit, with the fewest idle engines unloaded, the least worth per GiB first; Wait while others hold what is
        missing; Refuse when an otherwise empty machine could not hold it.
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
    """For a load of the tier, before its size is known: (pool, what it could take now, what must stay free)."""
    pool = pool_of(device, reading, gpu)
    free = limits.must_stay_free(tier, pool.total, plug_in=pool.plug_in)
    return pool, pool.available - free, free


def machine_for(
    tier: Tier, reading: MemoryReading, gpu: GpuFacts | None, residents: Sequence[Resident], limits: Limits
) -> Machine:
    """What an engine of the tier on the GPU may count on here once the studio's other engines are gone."""
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
        # The machine's side is small whatever the engine's tier: the light rule holds for it.
        Demand(machine, need.host_bytes, limits.must_stay_free(Tier.LIGHT, machine.total), machine_promised),
    )


def gain(resident: Resident, pool: Pool, gpu: GpuFacts | None) -> int:
    """The memory that ending the resident frees in the pool."""
    if pool.plug_in:
        return resident.card_bytes
    return resident.host_bytes if gpu is not None and gpu.has_own_memory else resident.bytes


def _victims(demands: Sequence[Demand], gpu: GpuFacts | None, residents: Sequence[Resident]) -> list[Resident] | None:
    """A minimal set of idle residents whose end meets every demand; None when all together do not."""

    def enough(chosen: Sequence[Resident]) -> bool:
        return all(sum(gain(victim, demand.pool, gpu) for victim in chosen) >= demand.missing for demand in demands)

    chosen: list[Resident] = []
    for candidate in sorted((resident for resident in residents if not resident.busy), key=lambda one: one.worth_per_gib):
        if enough(chosen):
            break
        chosen.append(candidate)
    if not enough(chosen):
        return None
    # A big one may have made smaller ones before it needless: keep those, the dearest first.
    for candidate in reversed(chosen[:]):
        rest = [victim for victim in chosen if victim is not candidate]
        if enough(rest):
            chosen = rest
    return chosen
