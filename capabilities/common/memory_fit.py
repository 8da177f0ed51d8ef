"""Whether an engine fits into memory now."""

from __future__ import annotations

from engines.common.profile_key import memory_profile_of
from engines.contract import Engine, EngineOptions
from engines.contract.card import ProblemSize
from studio.memory.model import Admit, Refuse
from studio.services import Services
from studio.units import GIB
from studio.workers.model import WorkerState


def memory_fit(
    studio: Services, engine: type[Engine], options: EngineOptions | None = None, extent: ProblemSize | None = None
) -> tuple[bool, str]:
    """Return whether the engine fits into memory now for work of this size, and a sentence with the numbers."""
    card, variant = memory_profile_of(engine, options or engine.Options(), extent)
    in_memory = studio.workers.residency(card.id) is not WorkerState.COLD
    if in_memory and not card.work_gib:
        return True, f"{card.title} is in memory."
    need = studio.memory.need(card, variant)
    decision = studio.memory.decide(need)
    if in_memory and not isinstance(decision, Refuse):
        return True, f"{card.title} is in memory."
    if isinstance(decision, Admit):
        unsure = "" if need.measured else ", not measured at this size yet" if card.savings else ", not measured yet"
        return True, decision.note or f"Fits: needs about {need.bytes / GIB:.1f} GiB{unsure}."
    return False, f"{decision.reason} {decision.hint}".strip()
