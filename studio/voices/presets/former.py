"""Who speaks for a voice of an engine that is gone."""

from __future__ import annotations

from engines.catalog import Catalog
from engines.contract import EngineKind, EnginePaths
from engines.speech.former import former_voice, nearest
from studio.workers.engine_service import readiness_of


def present_voice(voice: str, catalog: Catalog, site: EnginePaths) -> str:
    """What speaks for a voice whose engine is gone, as "engine/preset"; any other voice as it is."""
    former = former_voice(voice, "")
    ready = [one.card.id for one in catalog.of(EngineKind.SPEECH) if readiness_of(one, site).ready] if former else []
    found = nearest(*former, ready) if former else None
    return "/".join(found) if found else voice
