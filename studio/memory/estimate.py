"""The estimated memory of an engine or server that has not been measured yet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from engines.contract import Device, Tier
from engines.contract.card import Reduction


class MemoryEstimate(Protocol):
    """The first estimate of a load, and the names used in sentences about it. An engine's Card is one; the fields are described
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
    """The estimate of a program that is no engine, such as a server beside the studio."""

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
