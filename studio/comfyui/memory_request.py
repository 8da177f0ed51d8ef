"""How the memory gate sees a ComfyUI server, and what a job on one needs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from engines.contract import Device, Tier
from studio.memory.estimate import HolderEstimate, MemoryEstimate
from studio.memory.model import Resident

COMFYUI_ID = "comfyui"

COMFYUI_ESTIMATE = HolderEstimate(
    COMFYUI_ID,
    "ComfyUI",
    Tier.HEAVY,
    Device.CUDA,
    memory_gib=24,
    reload_seconds=60,
    remedy="Choose a template with smaller weights, or run ComfyUI on another machine.",
)
"""The card of a server for the memory gate; a job's estimate adds what its template needs."""

USUAL_GIB = {Tier.LIGHT: 2.0, Tier.MEDIUM: 8.0, Tier.HEAVY: 24.0}
"""The largest part of free memory that a template of unknown need may take."""
LEAST_GIB = 1.0
"""Under so little even such a one waits."""
BESIDE_A_CARD_GIB = 1.5
"""What a server on a plug-in card holds of main memory, besides weights that do not fit on the card."""


@dataclass(frozen=True)
class MemoryRequest:
    """What a template needs of memory, and under which name sentences speak of it.

    Args:
        memory_gib: 0 where it is not known; the job then gets as much as is free, up to what the tier usually takes.
    """

    template: str
    title: str
    tier: Tier
    memory_gib: float


class MemoryGate(Protocol):
    """What a job at ComfyUI asks of the memory manager."""

    def residents(self) -> list[Resident]: ...
    def spare(self, estimate: MemoryEstimate, without: Sequence[Resident]) -> int: ...
    def admission(
        self,
        estimate: MemoryEstimate,
        variant: str,
        residents: Callable[[], Sequence[Resident]],
        evict: Callable[[str], object],
        waiting: Callable[[str], None],
    ) -> AbstractContextManager[object]: ...
