"""Checks that every speech engine with preset voices makes before it speaks."""

from __future__ import annotations

from engines.contract import Card, SpeechRequest
from engines.errors import EngineError


def refuse_what_no_preset_engine_takes(request: SpeechRequest, card: Card) -> None:
    """Refuse, in words, a text without anything to say or above the card's limit, and a saved voice.

    Raises:
        EngineError: naming what is wrong.
    """
    if not any(character.isalnum() for character in request.text):
        raise EngineError("There is nothing to speak in this text.", "Write at least one word.")
    if len(request.text) > card.longest_text:
        raise EngineError(
            f"{card.title} takes at most {card.longest_text:,} characters at a time, this text has {len(request.text):,}.",
            "Split it into shorter pieces.",
        )
    if request.voice.reference is not None:
        raise EngineError(
            f"{card.title} cannot speak in a saved voice.", "Choose one of its own voices or an engine that clones."
        )
