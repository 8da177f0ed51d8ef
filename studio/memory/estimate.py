"""What a holder of memory is expected to take before anything of it was measured."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from engines.contract import Device, Tier
from engines.contract.card import Reduction


class MemoryEstimate(Protocol):
    """The first estimate of a load, and how sentences speak of it. An engine's Card is one; what each part means is written
    there."""

    @property
    def id(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def tier(self) -> Tier: ...
    @property
    def device(self) -> Device: ...
    @property
    def memory_gib(self) -> float: ...
    @property
    def plug_in_memory_gib(self) -> float: ...
    @property
    def plug_in_host_gib(self) -> float: ...
    @property
    def work_gib(self) -> float: ...
    @property
    def savings(self) -> tuple[tuple[Reduction, ...], ...]: ...
    @property
    def remedy(self) -> str: ...
    @property
    def reload_seconds(self) -> float: ...


@dataclass(frozen=True)
class HolderEstimate:
    """The estimate of a program that is no engine, a server beside the studio for instance."""

    id: str
    title: str
    tier: Tier
    device: Device
    memory_gib: float
    reload_seconds: float
    plug_in_memory_gib: float = 0.0
    plug_in_host_gib: float = 0.0
    work_gib: float = 0.0
    savings: tuple[tuple[Reduction, ...], ...] = ()
    remedy: str = ""
