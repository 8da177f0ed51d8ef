"""The values of the memory gate: needs, residents, limits and decisions. Sizes are bytes."""

from __future__ import annotations

from dataclasses import dataclass

from engines.contract import Device, Tier
from engines.contract.card import Reduction
from media.messages.message import Message
from studio.settings import MemorySettings
from studio.units import GIB

HOST_SIDE_OF_A_CARD = int(1.5 * GIB)
"""What a CUDA engine on a plug-in card needs of the machine's memory beside it: the runtime's libraries, its context and
the weights on their way through."""

MACHINE_SHARE = {Tier.HEAVY: 0.40, Tier.MEDIUM: 0.10, Tier.LIGHT: 0.10}
CARD_SHARE = {Tier.HEAVY: 0.20, Tier.MEDIUM: 0.10, Tier.LIGHT: 0.10}
HALF_LIFE_SECONDS = 600.0
"""After this long without use, the value of keeping an engine resident is halved."""


@dataclass(frozen=True)
class Need:
    """What an engine is expected to hold at its peak, in bytes of its pool.

    Args:
        measured: from runs on this machine; else it is the card's estimate, and sentences say so.
        host_bytes: main memory that it uses beside a plug-in card.
        savings: smaller work that needs less of the pool, by kind, as on a card.
        remedy: what to do if it can never fit, "" for general advice.
    """

    engine_id: str
    title: str
    tier: Tier
    device: Device
    bytes: int
    measured: bool = False
    host_bytes: int = HOST_SIDE_OF_A_CARD
    savings: tuple[tuple[Reduction, ...], ...] = ()
    remedy: str = ""


@dataclass(frozen=True)
class Resident:
    """An engine that holds memory now.

    Args:
        host_bytes: main memory. card_bytes: memory of the GPU (main memory too, on unified memory).
        busy: leased or loading; never evicted.
        loading: its bytes are what it is expected to hold, not what it holds.
        reload_seconds: how long a load takes. recent_uses: leases in the last hour. idle_seconds: since the last one.
        started: seconds since the epoch.
    """

    engine_id: str
    title: str
    tier: Tier
    busy: bool
    host_bytes: int
    card_bytes: int = 0
    reload_seconds: float = 1.0
    recent_uses: int = 0
    idle_seconds: float = 0.0
    started: float = 0.0
    pid: int = 0
    loading: bool = False

    @property
    def bytes(self) -> int:
        return self.host_bytes + self.card_bytes

    @property
    def worth_per_gib(self) -> float:
        """The value of keeping it loaded: seconds of reload saved, times the likelihood of a use, per GiB held."""
        use = (1 + self.recent_uses) * 0.5 ** (self.idle_seconds / HALF_LIFE_SECONDS)
        return self.reload_seconds * use / (max(self.bytes, 1) / GIB)


@dataclass(frozen=True)
class Limits:
    """The limits as fractions of a pool, and the reserves in bytes before they are scaled down."""

    hard: float
    admit: float
    kill: float
    heavy: int
    medium: int
    light: int

    @classmethod
    def of(cls, settings: MemorySettings) -> Limits:
        reserves = (settings.reserve_heavy_gib, settings.reserve_medium_gib, settings.reserve_light_gib)
        return cls(settings.hard_limit, settings.admit_limit, settings.kill_limit, *(int(size * GIB) for size in reserves))

    def ceiling(self, tier: Tier) -> float:
        """Return the fraction of a pool up to which a load of the tier may fill it."""
        return self.admit if tier is Tier.LIGHT else min(self.hard, self.admit)

    def reserve(self, tier: Tier, total: int, *, plug_in: bool = False) -> int:
        """Return the tier's reserve on a pool of this size."""
        wanted = {Tier.HEAVY: self.heavy, Tier.MEDIUM: self.medium, Tier.LIGHT: self.light}[tier]
        share = (CARD_SHARE if plug_in else MACHINE_SHARE)[tier]
        return min(wanted, int(share * total))

    def must_stay_free(self, tier: Tier, total: int, *, plug_in: bool = False) -> int:
        above_ceiling = total - int(self.ceiling(tier) * total)
        return max(self.reserve(tier, total, plug_in=plug_in), above_ceiling)


@dataclass(frozen=True)
class Pool:
    """Memory that engines share: `available` of `total` bytes, of the machine or of a plug-in card."""

    total: int
    available: int
    plug_in: bool = False


@dataclass(frozen=True)
class Demand:
    """What one load needs of one pool.

    Args:
        bytes: the need. free: what must stay free of the pool. promised: reserved for loads that do not hold it yet.
    """

    pool: Pool
    bytes: int
    free: int
    promised: int

    @property
    def usable(self) -> int:
        """What a load could use now; negative if more than the reserve is in use."""
        return self.pool.available - self.promised - self.free

    @property
    def largest(self) -> int:
        """What a load could use of the pool if nothing else were in it."""
        return self.pool.total - self.free

    @property
    def missing(self) -> int:
        return max(0, self.bytes - self.usable)


@dataclass(frozen=True)
class MemoryHolder:
    """An engine or program and the memory that it holds, for sentences."""

    title: str
    bytes: int
    busy: bool = False


@dataclass(frozen=True)
class Admit:
    """Load it, after these idle engines are unloaded (by engine id, in this order)."""

    after_evicting: tuple[str, ...] = ()
    note: str = ""


@dataclass(frozen=True)
class Wait:
    """Wait: other engines hold the memory. The hint says what can be done meanwhile."""

    message: Message

    @property
    def reason(self) -> str:
        return self.message.reason()

    @property
    def hint(self) -> str:
        return self.message.hint()


@dataclass(frozen=True)
class Refuse:
    """Refuse: this machine could not hold it even with nothing else loaded."""

    message: Message

    @property
    def reason(self) -> str:
        return self.message.reason()

    @property
    def hint(self) -> str:
        return self.message.hint()


Decision = Admit | Wait | Refuse
