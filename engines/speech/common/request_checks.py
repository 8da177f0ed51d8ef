"""Checks that speech engines make before they speak; each raises EngineError."""

from __future__ import annotations

from engines.contract import Card, SpeechRequest, SpeechTraits
from engines.contract.errors import EngineError


def refuse_unspeakable(request: SpeechRequest, card: Card) -> None:
    """Refuse a text without anything to say, or above the card's limit.

    Raises:
        EngineError: naming what is wrong.
    """
    if not any(character.isalnum() for character in request.text):
        raise EngineError("speech.nothing-to-speak")
    if len(request.text) > card.longest_text:
        raise EngineError("speech.text-too-long", engine=card.title, longest=card.longest_text, length=len(request.text))


def refuse_saved_voice(request: SpeechRequest, card: Card) -> None:
    """Refuse a saved voice where only presets can speak.

    Raises:
        EngineError: naming what is wrong.
    """
    if request.voice.reference is not None:
        raise EngineError("speech.does-not-clone", engine=card.title)


def refuse_what_no_preset_engine_takes(request: SpeechRequest, card: Card) -> None:
    """Refuse a text without anything to say or above the card's limit, and a saved voice.

    Raises:
        EngineError: naming what is wrong.
    """
    refuse_unspeakable(request, card)
    refuse_saved_voice(request, card)


def refuse_language(request: SpeechRequest, card: Card) -> None:
    """Refuse a language that the card does not name.

    Raises:
        EngineError: naming the languages there are.
    """
    if primary_tag(request.language) not in card.languages:
        raise EngineError("speech.language-unknown", engine=card.title, language=request.language, languages=card.languages)


def refuse_preset(request: SpeechRequest, card: Card) -> None:
    """Refuse a preset where the engine speaks in saved voices only.

    Raises:
        EngineError: naming what is wrong.
    """
    if request.voice.preset:
        raise EngineError("speech.voice-unknown", engine=card.title, voice=request.voice.preset, known=[])


def refuse_missing_reference(request: SpeechRequest, card: Card) -> None:
    """Refuse to clone without a clip, and without its transcript where the card asks for one.

    Raises:
        EngineError: naming what is missing.
    """
    if request.voice.reference is None:
        raise EngineError("speech.saved-voice-needed", engine=card.title)
    if card.traits_of(SpeechTraits).needs_transcript and not request.voice.transcript.strip():
        raise EngineError("speech.transcript-needed", engine=card.title)


def primary_tag(language: str) -> str:
    """Return the primary subtag of a BCP-47 tag, in lower case."""
    return language.replace("_", "-").split("-")[0].lower()
