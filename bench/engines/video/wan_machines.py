"""Which Wan can be made on which machine, how, and how long a clip should take: docs/evidence/wan-machines.md, made anew.

Nothing is run: each machine is a reading of its memory and its card, and the studio's own memory gate, its choice of options and
its reckoning of time answer for it. `./launch.sh bench wan_machines`
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from engines.common.profile_key import memory_profile_of
from engines.contract import EngineOptions, Machine, Tier
from engines.contract.card import Card, ProblemSize
from engines.video.wan.by_machine.choosing import chosen
from engines.video.wan.by_machine.reckoning import seconds_of
from engines.video.wan.engine import Wan, WanI2V14B, WanI2VA14B, WanT2V13B, WanT2V14B, WanT2VA14B, WanTI2V5B
from engines.video.wan.options import WanOptions
from studio.memory.gate import decide, machine_for
from studio.memory.machine.gpu import GpuFacts
from studio.memory.machine.readings import MemoryReading
from studio.memory.model import Admit, Limits, Need
from studio.settings import MemorySettings
from studio.units import GIB

PAGE = Path(__file__).resolve().parents[3] / "docs" / "evidence" / "wan-machines.md"
MODELS: tuple[type[Wan], ...] = (WanT2V13B, WanTI2V5B, WanT2V14B, WanI2V14B, WanT2VA14B, WanI2VA14B)
PRESETS = ("draft", "balanced", "best")

HEAD = """# Wan by machine

What the studio does with each model, size and preset on six machines, for the longest clip of the model (81 pictures, of the \
5B 121). The table is made by `./launch.sh bench wan_machines`: the machines are simulated; the memory gate, the options that \
"auto" stands for and the time are the studio's own. The GiB are the first estimates, which what a machine measures replaces. \
The times are reckoned from two published ones (`engines/video/wan/by_machine/reckoning.py`) with the engine loaded, and \
may be off by half either way. Where the picture stays the same the studio prefers that: *blocks* moves the transformer in \
block by block, *float8* halves its weights and rounds.

On a DGX Spark the preset is *draft* unless another is chosen, where the distilled files are here; elsewhere *balanced*.
"""


@dataclass(frozen=True)
class Simulated:
    """A machine: memory in GiB, what others use of it, and its card."""

    title: str
    memory: float
    used: float
    gpu: GpuFacts | None

    def reading(self) -> MemoryReading:
        total, available = int(self.memory * GIB), int((self.memory - self.used) * GIB)
        return MemoryReading(total=total, available=available, cached=0, swap_total=0, swap_used=0)


def _card(name: str, gib: float) -> GpuFacts:
    return GpuFacts(name, unified=False, total=int(gib * GIB), used=int(0.7 * GIB))


MACHINES = (
    Simulated("DGX Spark, 14 GiB in use", 121.7, 14, GpuFacts("NVIDIA GB10", unified=True)),
    Simulated("32 GB card (RTX 5090), 64 GiB", 62.7, 8, _card("NVIDIA GeForce RTX 5090", 31.8)),
    Simulated("24 GB card (RTX 4090), 64 GiB", 62.7, 8, _card("NVIDIA GeForce RTX 4090", 24)),
    Simulated("16 GB card (RTX 5080), 64 GiB", 62.7, 8, _card("NVIDIA GeForce RTX 5080", 15.9)),
    Simulated("12 GB card (RTX 4070), 32 GiB", 31.3, 6, _card("NVIDIA GeForce RTX 4070", 12)),
    Simulated("CPU only, 64 GiB", 62.7, 8, None),
)


@dataclass(frozen=True)
class Verdict:
    """What becomes of one clip on one machine.

    Args:
        refusal: with its way out, "" where it is admitted.
        seconds: None where nobody can tell.
    """

    options: WanOptions
    gib: float
    host_gib: float
    seconds: float | None
    refusal: str

    def __str__(self) -> str:
        if self.refusal:
            return self.refusal
        how = " + ".join(
            [
                *([f"{self.options.offload}"] if self.options.offload == "blocks" else []),
                *(["float8"] if self.options.storage == "float8" else []),
            ]
        )
        beside = f" and {self.host_gib:.0f} of the machine" if self.host_gib else ""
        time = "hours to days" if self.seconds is None else _time(self.seconds)
        return f"{time}; {self.gib:.0f} GiB{beside}{f', {how}' if how else ''}"


def _time(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def verdict(machine: Simulated, engine: type[Wan], preset: str, extent: ProblemSize) -> Verdict:
    """What the studio would do, asked the way it asks itself."""
    limits, reading = Limits.of(MemorySettings()), machine.reading()
    room = machine_for(Tier.HEAVY, reading, machine.gpu, (), limits)
    options = _options(engine, preset, room, extent)
    card = engine.card_for(options, extent)
    plug_in = room.host_gib > 0
    need = _need(card, plug_in)
    decision = decide(need, reading, machine.gpu, (), limits)
    refusal = "" if isinstance(decision, Admit) else f"refused: {decision.reason} {decision.hint}"
    seconds = seconds_of(engine.model, options, extent, room)
    return Verdict(options, need.bytes / GIB, need.host_bytes / GIB if plug_in else 0.0, seconds, refusal)


def _options(engine: type[Wan], preset: str, room: Machine, extent: ProblemSize) -> WanOptions:
    asked: EngineOptions = engine.Options.model_validate({"preset": preset})
    assert isinstance(asked, WanOptions)
    return chosen(engine.model, asked, room, lambda way: memory_profile_of(engine, way, extent), draft_is_here=True)


def _need(card: Card, plug_in: bool) -> Need:
    gib = card.plug_in_memory_gib if plug_in else card.memory_gib
    return Need(
        card.id, card.title, card.tier, card.device, int(gib * GIB), measured=False,
        host_bytes=int(card.plug_in_host_gib * GIB), savings=card.savings, remedy=card.remedy,
    )  # fmt: skip


def sizes_of(engine: type[Wan]) -> Iterator[ProblemSize]:
    """The wide sizes of a model, each in its full length."""
    for size in engine.model.sizes:
        if size.width > size.height:
            yield ProblemSize(size.width, size.height, engine.model.most_frames)


def page() -> str:
    """The whole page."""
    parts = [HEAD]
    for machine in MACHINES:
        parts.append(f"## {machine.title}\n")
        parts.append("| model | size | draft | balanced | best |\n|---|---|---|---|---|")
        refused: list[str] = []
        for engine in MODELS:
            for extent in sizes_of(engine):
                cells = []
                for preset in PRESETS:
                    found = verdict(machine, engine, preset, extent)
                    cells.append("refused" if found.refusal else str(found))
                    if found.refusal and found.refusal not in refused:
                        refused.append(found.refusal)
                parts.append(f"| {engine.card.title} | {extent.width} × {extent.height} | {' | '.join(cells)} |")
        parts += ["", *(f"- {sentence[0].upper()}{sentence[1:]}" for sentence in refused), *([""] if refused else [])]
    return "\n".join(parts).rstrip("\n") + "\n"


def main() -> int:
    PAGE.write_text(page(), "utf-8")
    print(f"{page()}\nWritten: docs/{PAGE.name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
