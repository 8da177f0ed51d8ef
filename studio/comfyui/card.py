"""What the memory gate knows of a ComfyUI server, and what a job there needs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from engines.contract import Capability, Card, Device, Licence, Tier
from studio.memory.model import Resident

COMFYUI_ID = "comfyui"

COMFYUI_CARD = Card(
    id=COMFYUI_ID,
    title="ComfyUI",
    capability=Capability.SWAP,
    summary="A ComfyUI server that runs templates.",
    version="1",
    code_licence=Licence("GPL-3.0", "https://github.com/comfyanonymous/ComfyUI"),
    weights_licence=Licence("as the template's models"),
    tier=Tier.HEAVY,
    device=Device.CUDA,
    environment=COMFYUI_ID,
    memory_gib=24,
    reload_seconds=60,
    way_out="Choose a template with smaller weights, or run ComfyUI on another machine.",
)
"""What the memory gate knows of a server; a job's need is its template's."""


@dataclass(frozen=True)
class Want:
    """What a template needs of memory, and under which name sentences speak of it."""

    template: str
    title: str
    tier: Tier
    memory_gib: float


class Gate(Protocol):
    """The memory keeper, as a job at ComfyUI sees it."""

    def residents(self) -> list[Resident]: ...
    def admission(
        self,
        card: Card,
        variant: str,
        residents: Callable[[], Sequence[Resident]],
        evict: Callable[[str], object],
        waiting: Callable[[str], None],
    ) -> AbstractContextManager[object]: ...
