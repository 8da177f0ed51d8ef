"""The recogniser that checks takes, and its accuracy by language (docs/reference/take-checks.md)."""

from __future__ import annotations

from dataclasses import dataclass

from engines.catalog import Catalog
from engines.common.devices import ctranslate2_cublas, has_nvidia_gpu
from engines.contract import Card, Engine, EngineKind, EnginePaths, SpeechTraits
from engines.contract.errors import EngineError
from engines.transcription.defaults import choose_transcriber
from studio.errors import EngineNotReady, InvalidInput
from studio.workers.engine_service import readiness_of

AUTO = "auto"
FOLLOWER = "reading-follower"
BASIC = frozenset({"pocketsphinx"})


@dataclass(frozen=True)
class AccuracyBand:
    """The word error rates from which on a take is flagged, and from which on it is rendered again (None: never)."""

    flag: float
    redo: float | None


@dataclass(frozen=True)
class LikenessBand:
    """The similarities to the reference below which a take is flagged, and below which it is rendered again as another
    person's."""

    flag: float
    redo: float


LIKENESS_BANDS = {"wavlm-speaker": LikenessBand(0.80, 0.80), "voice-encoder": LikenessBand(0.77, 0.70)}
"""By the engine that compares. The second was measured (docs/reference/take-checks.md), the first follows published figures."""

SHORTEST_TO_COMPARE = 1.5
"""Seconds of a take; below, one voice differs from itself as much as from some others."""

_BASIC_BAND = AccuracyBand(0.60, None)
_BANDS: dict[str, AccuracyBand] = {
    "en": AccuracyBand(0.12, 0.20),
    **dict.fromkeys(("de", "es", "fr", "it", "pt", "nl", "ca", "pl", "ru"), AccuracyBand(0.18, 0.28)),
    **dict.fromkeys(("ja", "zh", "cmn", "ko", "yue"), AccuracyBand(0.25, 0.35)),
}
_OTHER_LANGUAGES = AccuracyBand(0.40, 0.60)
_SMALL_MODEL = 1.6
"""Small sizes of Whisper write down more that was not said; their bands are as much wider."""


def band(listener: str, language: str, options: dict[str, object] | None = None) -> AccuracyBand:
    """Return the band for a transcription engine's id, and the size it was set to, in a language."""
    if listener in BASIC:
        return _BASIC_BAND
    usual = _BANDS.get(language.split("-")[0].lower(), _OTHER_LANGUAGES)
    if any(str(value) in ("tiny", "tiny.en", "base", "base.en") for value in (options or {}).values()):
        return AccuracyBand(usual.flag * _SMALL_MODEL, None if usual.redo is None else usual.redo * _SMALL_MODEL)
    return usual


def likeness_band(embedder: str, floor: float | None) -> LikenessBand:
    """Return the band of the engine that compares voices, unless the settings set a limit."""
    return LIKENESS_BANDS.get(embedder, LikenessBand(0.80, 0.80)) if floor is None else LikenessBand(floor, floor)


def speaks_by_rule(card: Card) -> bool:
    """Return whether an engine can neither omit nor invent words: no weights, no cloning, part of the studio itself."""
    return card.environment == "studio" and not card.hub_files and not card.traits_of(SpeechTraits).clones


def is_ready(engine: type[Engine], site: EnginePaths) -> bool:
    """Return whether an engine can work now: its environment and its own requirements."""
    return readiness_of(engine, site).ready


def choose_verifier(language: str, wanted: str, catalog: Catalog, site: EnginePaths) -> str:
    """Return the id of the engine that checks takes in a language; "" if no ready one supports it.

    A real recogniser comes first; if only "basic English" is ready, the reading follower does better (see the figures).

    Raises:
        NotFound, InvalidInput, EngineNotReady: an engine that was named and cannot do it.
    """
    if wanted and wanted != AUTO:
        return _named(catalog.get(wanted), site)
    ready = {one.card.id for one in catalog.of(EngineKind.TRANSCRIPTION) if is_ready(one, site)}
    try:
        chosen = choose_transcriber(
            language, ready, torch_gpu=has_nvidia_gpu(), ctranslate2_gpu=ctranslate2_cublas() is not None
        ).engine_id
    except EngineError:
        chosen = ""
    if chosen and chosen not in BASIC:
        return chosen
    followers = [one for one in catalog.of(EngineKind.VERIFICATION) if hasattr(one, "align") and is_ready(one, site)]
    tag = language.split("-")[0].lower()
    return next((one.card.id for one in followers if tag in one.card.languages), chosen)


def _named(engine: type[Engine], site: EnginePaths) -> str:
    if not (hasattr(engine, "transcribe") or hasattr(engine, "align")):
        raise InvalidInput("verification.engine-unfit", engine=engine.card.title)
    found = readiness_of(engine, site)
    if not found.ready:
        raise EngineNotReady("engine.not-ready", engine=engine.card.title, why=found.why, next_step=found.step)
    return engine.card.id
