"""Words that a recogniser makes up from noise and silence: a turn of only such words is not answered."""

from __future__ import annotations

import re

from capabilities.conversation.session.phrases import phrases_of
from engines.transcription.common.repetition import repeated_phrase

MOST_CHARACTERS_A_SECOND = 40.0
"""Nobody speaks faster; a recogniser that writes more was reciting."""

_SURE_SECONDS, _SURE_VOICED = 0.6, 0.25
_PLAIN = re.compile(r"[^\w\s]")
_ASIDES = re.compile(r"[\[(*♪][^\])*♪]{0,80}[\])*♪]")


def plain_words(text: str) -> str:
    """In small letters, without punctuation."""
    return " ".join(_PLAIN.sub(" ", text.casefold()).split())


def without_asides(text: str) -> str:
    """Without "[Music]", "(coughs)" and the like, which are remarks on a sound and not words."""
    return _ASIDES.sub(" ", text).strip()


def ghost(text: str, seconds: float, voiced: float) -> bool:
    """Return whether the words were probably not spoken.

    Args:
        seconds: of sound that counted as speech. voiced: share of it with a voice, 0 to 1.
    """
    words = plain_words(without_asides(text))
    if not words:
        return True
    if len(words) > 12 and len(words) > MOST_CHARACTERS_A_SECOND * max(0.2, seconds):
        return True
    if repeated_phrase(words):
        return True
    return words in phrases_of("ghosts") and (seconds < _SURE_SECONDS or voiced < _SURE_VOICED)
