"""Verbalisation of single texts for an engine, by the rules of narrations."""

from __future__ import annotations

from engines.contract import Engine, SpeakingVoice, SpeechRequest, SpeechTraits
from media.text.reading.reader import ITEM_BREAK, LINE_BREAK, ReadingOptions, read
from studio.pronunciations.sayings import Sayings

_SPACES = str.maketrans({ITEM_BREAK: " ", LINE_BREAK: " "})


def request_for(text: str, engine: type[Engine], voice: SpeakingVoice, language: str, sayings: Sayings) -> SpeechRequest:
    """Return the engine's request, with numbers, abbreviations and words of the pronunciation list verbalised."""
    keep = frozenset(engine.card.traits_of(SpeechTraits).reads)
    said = " ".join(
        read(text, ReadingOptions(language, keep=keep, pronunciations=sayings.letters)).text.translate(_SPACES).split()
    )
    return SpeechRequest(text=said, voice=voice, language=language, phonemes=sayings.spans(said))
