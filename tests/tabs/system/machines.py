"""Recorded machines with engines in them, as the System tab reads them: a Spark, a PC with a 24 GB card, a CPU laptop."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from engines.contract import Tier
from studio.memory.machine.gpu import GpuFacts
from studio.memory.manager import MemoryManager
from studio.settings import MemorySettings
from studio.units import GIB, MIB
from studio.workers.model import WorkerState, WorkerStatus
from tests.studio.memory.machines import CARD_TOTAL, LAPTOP_TOTAL_KB, PC_TOTAL_KB, SPARK_TOTAL_KB, engine_card, machine

CARDS = {card.id: card for card in (engine_card("wan", 28), engine_card("f5-tts", 4, Tier.MEDIUM))}


class Gpu:
    def __init__(self, facts: GpuFacts | None) -> None:
        self.now = facts

    def facts(self) -> GpuFacts | None:
        return self.now


class Workers:
    """What a worker host tells: engines that hold so many GiB."""

    def __init__(self, held: dict[str, float], busy: Sequence[str]) -> None:
        self.statuses = [
            WorkerStatus(name, 100 + number, WorkerState.BUSY if name in busy else WorkerState.WARM, gib, 12.0, 300.0,
                         CARDS[name].tier, 1000.0) for number, (name, gib) in enumerate(held.items())
        ]  # fmt: skip
        self.unloaded: list[str] = []

    def snapshot(self) -> list[WorkerStatus]:
        return self.statuses

    def unload(self, engine_id: str) -> None:
        self.unloaded.append(engine_id)
        self.statuses = [one for one in self.statuses if one.engine_id != engine_id]

    def end(self, engine_id: str, reason: str) -> None:
        self.unload(engine_id)


def keeper_of(
    root: Path, total_kb: int, available_gib: float, gpu: GpuFacts | None, held: dict[str, float], busy: Sequence[str] = (),
    **settings: Any,
) -> MemoryManager:  # fmt: skip
    files = machine(root / "machine", total_kb, int(available_gib * MIB), swap_total=8 * MIB, swap_free=7 * MIB)
    keeper = MemoryManager(
        MemorySettings(**{"sample_seconds": 60, "reserve_heavy_gib": 40, **settings}), root / "data", files=files, gpu=Gpu(gpu)
    )
    keeper.attach(Workers(held, busy), CARDS.__getitem__)
    return keeper


def spark(root: Path, available_gib: float = 60.0, **more: Any) -> MemoryManager:
    """A GB10: one memory for processor and GPU; the driver tells a temperature and no memory."""
    gpu = GpuFacts("NVIDIA GB10", unified=True, temperature=61.0, power=None, utilisation=97.0)
    return keeper_of(root, SPARK_TOTAL_KB, available_gib, gpu, {"wan": 28.0, "f5-tts": 4.0}, **more)


def pc(root: Path, card_used_gib: float = 18.0, **more: Any) -> MemoryManager:
    """A plug-in card of 24 GB; its driver tells what each process holds on it."""
    on_card = {100: 14 * GIB, 101: 2 * GIB}
    gpu = GpuFacts(
        "NVIDIA GeForce RTX 4090", unified=False, total=CARD_TOTAL, used=int(card_used_gib * GIB), process_bytes=on_card,
        temperature=71.0, power=312.0, utilisation=88.0, clock=2520.0, memory_clock=10501.0,
    )  # fmt: skip
    return keeper_of(root, PC_TOTAL_KB, 40.0, gpu, {"wan": 15.5, "f5-tts": 3.5}, **more)


def laptop(root: Path, available_gib: float = 9.0, **more: Any) -> MemoryManager:
    return keeper_of(root, LAPTOP_TOTAL_KB, available_gib, None, {}, **more)
