"""Whether an engine fits into memory now."""

from __future__ import annotations

from engines.common.profile_key import memory_profile_of
from engines.contract import Engine, EngineOptions
from engines.contract.card import ProblemSize
from media.messages.message import Message
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
        return True, Message.of("memory.in-memory", engine=card.title).reason()
    need = studio.memory.need(card, variant)
    decision = studio.memory.decide(need)
    if in_memory and not isinstance(decision, Refuse):
        return True, Message.of("memory.in-memory", engine=card.title).reason()
    if isinstance(decision, Admit):
        unsure = "" if need.measured else "size" if card.savings else "engine"
        return True, decision.note or Message.of("memory.fits", gib=need.bytes / GIB, unsure=unsure).reason()
    return False, f"{decision.reason} {decision.hint}".strip()
