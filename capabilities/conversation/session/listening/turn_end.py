"""Detects the end of a person's turn by their words: how long a pause may last before the studio answers.

A timer alone interrupts people or keeps them waiting, and networks that use the intonation take short questions ("What time is
it?") for unfinished. The words decide most cases: a sentence that ends in a conjunction continues, a question of a few words does
not.
"""

from __future__ import annotations

import re

from capabilities.conversation.session.phrases import words_of

SHORT_QUESTION, QUESTION, FINISHED, UNMARKED = 0.25, 0.35, 0.5, 0.8
"""Seconds of silence after which a turn is over: a question of a few words, any question, a sentence with its full stop, words
without one from a recogniser that writes none."""

_FEW_WORDS = 7
_CLOSERS = "\"'”’»)]"
_GOES_ON = ("…", "...", ",", ";", ":", "-", "–", "—")
_WORDS = re.compile(r"[^\W_]{1,60}(?:['’][^\W_]{1,60})?")


def pause_after(text: str, language: str, longest: float) -> float:
    """Seconds of silence after which a turn with these words is over, at most `longest`."""
    words = [one.replace("’", "'") for one in _WORDS.findall(text.lower()[-2_000:])]
    if not words:
        return longest
    said = text.rstrip(_CLOSERS + " ")
    marked = said.endswith(("?", "？"))
    if not marked and (said.endswith(_GOES_ON) or words[-1] in words_of("open", language)):
        return longest
    if marked or (words[0] in words_of("asking", language) and len(words) > 2):
        return min(longest, SHORT_QUESTION if len(words) <= _FEW_WORDS else QUESTION)
    return min(longest, FINISHED if said.endswith((".", "!", "。", "！")) else UNMARKED)
