"""Detection of a recogniser's loops: the same few words repeated, which were not spoken."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

LONGEST_PHRASE = 12
"""Words (or characters, where a script has no spaces)."""

FEWEST_ROUNDS = {1: 6, 2: 5, 3: 4}
"""How often a phrase of so many words must follow itself before it counts; people say "no, no, no" and refrains."""

_ROUNDS_OF_LONGER = 3
_LOOPED_SHARE = 0.3


def repeated_phrase(text: str) -> str:
    """Return the phrase that a text loops over, "" if it does not loop.

    A loop is a phrase of at most LONGEST_PHRASE words that repeats at least FEWEST_ROUNDS times without a gap and is a large part
    of the text.
    """
    words = _words(text)
    longest: tuple[int, str] = (0, "")
    for size in range(1, min(LONGEST_PHRASE, len(words) // 2) + 1):
        rounds, start = _most_rounds(words, size)
        if rounds >= FEWEST_ROUNDS.get(size, _ROUNDS_OF_LONGER) and rounds * size > longest[0]:
            longest = (rounds * size, " ".join(words[start : start + size]))
    return longest[1] if longest[0] >= _LOOPED_SHARE * len(words) else ""


def _most_rounds(words: Sequence[str], size: int) -> tuple[int, int]:
    """Return the greatest number of consecutive repetitions of a phrase of `size` words, and where they begin."""
    best, start, run = 1, 0, 0
    for index in range(size, len(words)):
        run = run + 1 if words[index] == words[index - size] else 0
        rounds = run // size + 1
        if rounds > best:
            best, start = rounds, index - run - size + 1
    return best, start


def _words(text: str) -> list[str]:
    plain = "".join(one if unicodedata.category(one)[0] in "LMN" else " " for one in text.casefold())
    words: list[str] = []
    for word in plain.split():
        words.extend(word if _without_spaces(word) else [word])
    return words


def _without_spaces(word: str) -> bool:
    return any("぀" <= one <= "ヿ" or "㐀" <= one <= "鿿" or "฀" <= one <= "๿" for one in word)
