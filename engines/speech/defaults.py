"""Which built-in engine and voice speaks a language when nobody has chosen."""

from __future__ import annotations

from collections.abc import Collection

from engines.contract.errors import EngineError

CHOICES: dict[str, tuple[tuple[str, str], ...]] = {
    "en-gb": (("kokoro", "bf_emma"), ("hibari", "heart"), ("flite", "awb"), ("espeak", "gmw/en")),
    "en": (("hibari", "heart"), ("flite", "rms"), ("espeak", "gmw/en-US")),
}
"""Engine and preset by language tag in lower case, whole or primary, the best first; see default_speech for the figures."""

OTHER_LANGUAGES: tuple[tuple[str, str], ...] = (("espeak", ""),)
"""For every language without an entry of its own; "" lets the engine pick its voice for the tag."""


def default_speech(language: str, ready_ids: Collection[str]) -> tuple[str, str]:
    """The clearest ready engine and its preset voice for a BCP-47 tag.

    By the table of bench/engines/voices.py in docs/speech-engines.md: Hibari is judged as natural as Kokoro's voice af_heart, at
    a sixtieth of the work, so it reads English. A British accent is Kokoro's alone, where its model is here. Flite's voices are
    clear and judged far less natural; eSpeak NG is the only built-in engine for every other language.

    Raises:
        EngineError: when no ready engine speaks the language.
    """
    tag = language.replace("_", "-").lower()
    primary = tag.split("-")[0]
    for engine_id, preset in CHOICES.get(tag) or CHOICES.get(primary, OTHER_LANGUAGES):
        if engine_id in ready_ids and (engine_id != "espeak" or primary in _espeak_languages()):
            return engine_id, preset
    raise EngineError("speech.no-engine-speaks", language=language)


def _espeak_languages() -> Collection[str]:
    from engines.speech.espeak.engine import LANGUAGES

    return LANGUAGES
