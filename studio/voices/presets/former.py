"""Replacements for voices of removed engines."""

from __future__ import annotations

from engines.catalog import Catalog
from engines.contract import EngineKind, EnginePaths
from engines.speech.former import former_voice, nearest
from studio.workers.engine_service import readiness_of


def present_voice(voice: str, catalog: Catalog, site: EnginePaths) -> str:
    """Return the replacement of a voice whose engine was removed, as "engine/preset"; any other voice unchanged."""
    former = former_voice(voice, "")
    ready = [one.card.id for one in catalog.of(EngineKind.SPEECH) if readiness_of(one, site).ready] if former else []
    found = nearest(*former, ready) if former else None
    return "/".join(found) if found else voice
