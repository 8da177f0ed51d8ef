"""Recorded machines: what their kernels and drivers answer, written into a folder that stands for "/"."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from engines.contract import Card, Device, EngineKind, Licence, Tier
from studio.memory.machine.gpu import GpuFacts
from studio.memory.machine.readings import MachineFiles, MemoryReading, read_memory
from studio.memory.model import Limits, Need, Resident
from studio.settings import MemorySettings
from studio.units import GIB, MIB

MEMINFO = """\
MemTotal:       {total} kB
MemFree:        {free} kB
MemAvailable:   {available} kB
Buffers:          174616 kB
Cached:          {cached} kB
SwapCached:            0 kB
Active(file):     210712 kB
Inactive(file):   199924 kB
SwapTotal:       {swap_total} kB
SwapFree:        {swap_free} kB
Shmem:             12776 kB
SReclaimable:     167116 kB
HugePages_Total:       0
Hugepagesize:       2048 kB
"""
PRESSURE = "some avg10={some} avg60=0.10 avg300=0.00 total=1837\nfull avg10={full} avg60=0.00 avg300=0.00 total=912\n"

# MemTotal and an idle MemAvailable of a DGX Spark as its owners publish them; the others are usual machines.
SPARK_TOTAL_KB, SPARK_IDLE_KB = 127_600_748, 118_566_368
PC_TOTAL_KB, LAPTOP_TOTAL_KB = 65_759_236, 16_216_560
CARD_TOTAL = 24_564 * MIB

SPARK_GPU = GpuFacts("NVIDIA GB10", unified=True)
LIMITS = Limits.of(MemorySettings(reserve_heavy_gib=40))
"""Of a person who keeps more free than the studio does by itself, so that the reserve is above the ceiling."""


def machine(root: Path, total_kb: int, available_kb: int, files: Mapping[str, str] | None = None, **more: float) -> MachineFiles:
    """A machine with so much memory and further kernel files by path."""
    numbers = {"free": available_kb // 10, "cached": available_kb // 2, "swap_total": 0, "swap_free": 0, **more}
    texts = {"proc/meminfo": MEMINFO.format(total=total_kb, available=available_kb, **numbers), **(files or {})}
    texts.setdefault("proc/pressure/memory", PRESSURE.format(some="0.00", full="0.00"))
    for path, text in texts.items():
        file = root / path.lstrip("/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return MachineFiles(root)


def cgroup2(group: str, *, mount_root: str = "/", **folders: Mapping[str, str]) -> dict[str, str]:
    """The files of a version 2 hierarchy; `folders` by name, "_" for "/" and for the root itself."""
    files = {
        "proc/self/cgroup": f"0::{group}\n",
        "proc/self/mountinfo": f"25 30 0:23 {mount_root} /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw,nsdelegate\n",
    }
    for name, texts in folders.items():
        for file, text in texts.items():
            files[f"sys/fs/cgroup/{name.replace('_', '/')}/{file}"] = text
    return files


def spark(root: Path, available_gib: float | None = None) -> MemoryReading:
    return read_memory(machine(root, SPARK_TOTAL_KB, SPARK_IDLE_KB if available_gib is None else int(available_gib * MIB)))


def pc(root: Path, available_gib: float = 50) -> MemoryReading:
    return read_memory(machine(root, PC_TOTAL_KB, int(available_gib * MIB)))


def laptop(root: Path, available_gib: float = 9) -> MemoryReading:
    return read_memory(machine(root, LAPTOP_TOTAL_KB, int(available_gib * MIB)))


def card_24(used_gib: float = 0.5, processes: Mapping[int, int] | None = None) -> GpuFacts:
    return GpuFacts(
        "NVIDIA GeForce RTX 4090", unified=False, total=CARD_TOTAL, used=int(used_gib * GIB), process_bytes=processes or {}
    )


def need(
    gib: float, tier: Tier = Tier.HEAVY, device: Device = Device.CUDA, title: str = "Wan 2.2", measured: bool = True
) -> Need:
    return Need(title.lower().replace(" ", "-"), title, tier, device, int(gib * GIB), measured)


def resident(
    title: str, gib: float, *, busy: bool = False, card_gib: float = 0, tier: Tier = Tier.HEAVY, **more: Any
) -> Resident:
    engine_id = title.lower().replace(" ", "-")
    return Resident(engine_id, title, tier, busy, int(gib * GIB), int(card_gib * GIB), **more)


def engine_card(engine_id: str, gib: float, tier: Tier = Tier.HEAVY, device: Device = Device.CUDA, **more: Any) -> Card:
    free = Licence("Apache-2.0")
    title = engine_id.replace("-", " ").title()
    return Card(engine_id, title, EngineKind.VIDEO, "For tests.", "1", free, free, tier, device, memory_gib=gib, **more)


@dataclass
class Machine:
    """A machine whose memory moves as engines come and go: a real file that the keeper reads."""

    root: Path
    total_gib: float
    base_gib: float
    held: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.write()

    def hold(self, name: str, gib: float) -> None:
        self.held[name] = gib
        self.write()

    def free(self, name: str) -> None:
        self.held.pop(name, None)
        self.write()

    def write(self) -> None:
        available = self.total_gib - self.base_gib - sum(self.held.values())
        machine(self.root, int(self.total_gib * MIB), int(available * MIB))

    @property
    def files(self) -> MachineFiles:
        return MachineFiles(self.root)
