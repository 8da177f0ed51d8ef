"""The memory gate's messages, with numbers and a remedy. Needs are rounded up, usable memory is rounded down."""

from __future__ import annotations

from collections.abc import Sequence

from engines.contract import Tier
from media.messages.message import Message
from studio.memory.model import Demand, MemoryHolder, Need, Pool
from studio.units import GIB, MIB, about, at_least, at_most

WORTH_NAMING = 64 * MIB


def shortage(need: Need, demand: Demand, holders: Sequence[MemoryHolder]) -> Message:
    """Return the message of a wait: "Wan 2.2 needs about 38 GiB, 31 GiB can be used; unload Wan 2.1 to gain 28 GiB." """
    ways = []
    named = _fewest_that_help(holders, demand.missing)
    if named:
        gained = about(sum(one.bytes for one in named))
        ways.append(Message.of("memory.by-unloading", engines=[_name(one) for one in named], gained=gained))
    still_missing = demand.missing - sum(one.bytes for one in named)
    if still_missing > 0 and demand.promised >= WORTH_NAMING:
        ways.append(Message.of("memory.by-waiting", loading=about(demand.promised)))
    if still_missing > demand.promised:
        others = demand.pool.total - demand.pool.available - sum(one.bytes for one in holders)
        if others >= WORTH_NAMING:
            ways.append(Message.of("memory.by-closing", held=about(others)))
    return Message.of(
        "memory.short",
        engine=need.title,
        needed=at_least(demand.bytes),
        measured=need.measured,
        usable=at_most(demand.usable),
        card=demand.pool.plug_in,
        ways=ways,
        smaller=smaller_work(need, demand, demand.usable),
    )


def reuse(title: str, further: int, fraction: float, pool: int, limit: float, short: Message) -> Message:
    """Return why a loaded engine has to wait before its next job: "F5-TTS is loaded, but 88% of 119 GiB are in use …".

    Args:
        further: bytes that it is expected to use in addition. short: the message of `shortage`.
    """
    return Message.of(
        "memory.too-full-for-next-job",
        engine=title,
        more=at_least(further) if further >= WORTH_NAMING else "",
        percent=100 * fraction,
        pool=about(pool),
        limit=100 * limit,
        ways=short.parameters.get("ways", []),
        smaller=short.parameters.get("smaller", ""),
    )


def refusal(need: Need, demand: Demand) -> Message:
    """Return the message for a need that an otherwise empty machine could not hold."""
    return Message.of(
        "memory.never-enough",
        engine=need.title,
        needed=at_least(demand.bytes),
        measured=need.measured,
        card=demand.pool.plug_in,
        largest=at_most(demand.largest),
        free=at_least(demand.free),
        total=about(demand.pool.total),
        smaller=smaller_work(need, demand, demand.largest),
        remedy=need.remedy,
    )


def smaller_work(need: Need, demand: Demand, room: int) -> Message | str:
    """Return "It would fit with 33 frames, or at 832 × 480.": of each kind the smallest reduction that makes the need fit; "" if
    none does."""
    if demand.bytes != need.bytes:  # the part in main memory does not shrink with the work
        return ""
    fitting = [[one.words for one in kind if need.bytes - one.gib * GIB <= room] for kind in need.savings]
    ways = [words[0] for words in fitting if words]
    return Message.of("memory.would-fit", way=ways[0], others=ways[1:]) if ways else ""


def unloading(need: Need, victims: Sequence[MemoryHolder]) -> str:
    """Return what happens before an admitted load."""
    gained = about(sum(victim.bytes for victim in victims))
    engines = [victim.title for victim in victims]
    return Message.of("memory.unloads", engines=engines, gained=gained, engine=need.title).reason()


def verdict(tier: Tier, pool: Pool, free: int, idle: Sequence[MemoryHolder]) -> tuple[bool, str]:
    """Return (admitted, sentence) for a load of the tier whose size is not known yet; `idle` engines would be unloaded for it."""
    gain = sum(one.bytes for one in idle)
    usable = pool.available - free
    if usable + gain <= 0:
        available = at_most(pool.available)
        wait = Message.of("memory.tier-waits", tier=tier, available=available, card=pool.plug_in, free=at_least(free))
        return False, wait.reason()
    matters = gain >= max(WORTH_NAMING, 0.05 * (usable + gain))
    unloaded = list(dict.fromkeys(one.title for one in idle if one.bytes >= WORTH_NAMING)) if matters else []
    most = at_most(usable + gain)
    return True, Message.of("memory.tier-fits", tier=tier, most=most, card=pool.plug_in, unloaded=unloaded).reason()


def ended_for_memory(title: str, tier: Tier, used: int, pool: int, kill_limit: float) -> str:
    """Return why the sampler ended a worker; it becomes the reason of the job's error."""
    percent, limit = 100 * used / pool, 100 * kill_limit
    return Message.of("memory.ended", engine=title, percent=percent, pool=about(pool), limit=limit, tier=tier).reason()


def _fewest_that_help(holders: Sequence[MemoryHolder], missing: int) -> list[MemoryHolder]:
    """Return holders whose memory covers what is missing: the idle ones first, then the largest."""
    named: list[MemoryHolder] = []
    for holder in sorted(holders, key=lambda one: (one.busy, -one.bytes)):
        if holder.bytes >= WORTH_NAMING and sum(one.bytes for one in named) < missing:
            named.append(holder)
    return named


def _name(holder: MemoryHolder) -> Message | str:
    return Message.of("memory.working", engine=holder.title) if holder.busy else holder.title
