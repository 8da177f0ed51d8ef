"""Sentences on what a speech engine needs, for the note under the engine picker."""

from __future__ import annotations

from engines.contract import Card, SpeechTraits
from studio.workers.engine_service import licence_text

MOST_LANGUAGES = 9


def licence_of_use(card: Card) -> str:
    """Return a sentence on the licence of the results."""
    use = "commercial use allowed" if card.commercial_use else "not for commercial use"
    return f"Licence {licence_text(card)}: {use}."


def what_an_engine_needs(card: Card) -> list[str]:
    """Return sentences on voice, transcript, style and languages, as far as they apply to this engine."""
    told: list[str] = []
    traits = card.traits_of(SpeechTraits)
    if traits.clones:
        clips = f" with clips of at most {traits.longest_clip:g} seconds" if traits.longest_clip else ""
        text = "their transcript is needed, word for word" if traits.needs_transcript else "no transcript is needed"
        told.append(f"Speaks in saved voices{clips}; {text}.")
    else:
        told.append("Speaks in voices of its own only.")
    if traits.takes_style:
        told.append("Takes a description of the voice or manner.")
    if len(card.languages) > MOST_LANGUAGES:
        told.append(f"{len(card.languages)} languages, {', '.join(card.languages[:MOST_LANGUAGES])} among them.")
    elif card.languages:
        told.append(f"Languages: {', '.join(card.languages)}.")
    if traits.sample_rate:
        told.append(f"{traits.sample_rate / 1000:g} kHz.")
    return told
