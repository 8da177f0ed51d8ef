"""Choice of the engine that translates speech into English, for OpenAI's API."""

from __future__ import annotations

from api.openai.errors import WrongParameter
from engines.contract import Engine, EngineKind
from engines.transcription.common.whisper_weights import TRANSLATES
from studio.services import Services


def translator(studio: Services, named: str = "") -> str:
    """Return the id of an engine that translates: the named one, or the first ready one.

    Raises:
        WrongParameter: the engine or its weights do not translate, or no ready engine does.
    """
    if named:
        engine = studio.catalog.get(named)
        if not _able(engine):
            raise WrongParameter("openai.model-does-not-translate", param="model", engine=engine.card.title)
        if not _translates(engine, studio):
            raise WrongParameter("openai.no-weights-translate", param="model", openai_code="not_ready", engine=engine.card.title)
        return named
    ready = [row.card.id for row in studio.engines.statuses(EngineKind.TRANSCRIPTION) if row.ready]
    for engine_id in ready:
        if _able(engine := studio.catalog.get(engine_id)) and _translates(engine, studio):
            return engine_id
    raise WrongParameter("openai.no-translator-ready", param="model", openai_code="not_ready")


def _able(engine: type[Engine]) -> bool:
    return "translate" in engine.Options.model_fields


def _translates(engine: type[Engine], studio: Services) -> bool:
    options = engine.settled(studio.site, engine.Options.model_validate({"translate": True}))
    return getattr(options, "size", "") in TRANSLATES
