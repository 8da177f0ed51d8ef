"""Which phones of a text belong to which of its words, inferred from how each word sounds alone."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate, pairwise

VOWELS = frozenset(("aa", "ae", "ah", "ao", "aw", "ax", "axr", "ay", "eh", "er", "ey", "ih", "ix", "iy", "ow", "oy", "uh", "uw"))

_GAP = 1.5  # a phone more or less: dearer than another vowel, so that "the" with either vowel stays in step
_BAND = 60  # phones that text and words may be out of step; a long number read another way is some thirty


def word_boundaries(text: Sequence[str], alone: Sequence[Sequence[str]]) -> list[int] | None:
    """Where in `text` each word begins, and its end; None when that is not certain.

    A phone is uncertain when no word has it alone and it is between two words, and a word of which nothing is left.
    """
    joined = [phone for word in alone for phone in word]
    steps = _steps(joined, text)
    if steps is None:
        return None
    ends = set(accumulate(len(word) for word in alone)) - {len(joined)}
    place: dict[int, int] = {}
    at_word = at_text = 0
    for step in steps:
        if step == "insert" and at_word in ends:
            return None
        place.setdefault(at_word, at_text)
        at_word += step != "insert"
        at_text += step != "delete"
    place[len(joined)] = len(text)
    bounds = [0, *(place[end] for end in accumulate(len(word) for word in alone))]
    if any(second <= first for first, second in pairwise(bounds)):
        return None
    return bounds


def _cost(one: str, other: str) -> float:
    if one == other:
        return 0.0
    if (one in VOWELS) != (other in VOWELS):
        return 2.5
    return 0.5 if one in VOWELS else 1.0


def _steps(joined: Sequence[str], text: Sequence[str]) -> list[str] | None:
    """The cheapest way from one row of phones to the other: "pair", "insert" (only in the text) or "delete"."""
    if abs(len(joined) - len(text)) >= _BAND:
        return None
    infinite = float("inf")
    above = {column: column * _GAP for column in range(min(len(text), _BAND) + 1)}
    choices: list[dict[int, str]] = [dict.fromkeys(above, "insert")]
    for row, phone in enumerate(joined, 1):
        costs: dict[int, float] = {}
        chosen: dict[int, str] = {}
        for column in range(max(0, row - _BAND), min(len(text), row + _BAND) + 1):
            options = (
                (above.get(column - 1, infinite) + _cost(phone, text[column - 1]) if column else infinite, "pair"),
                (above.get(column, infinite) + _GAP, "delete"),
                (costs.get(column - 1, infinite) + _GAP, "insert"),
            )
            costs[column], chosen[column] = min(options, key=lambda option: option[0])
        above = costs
        choices.append(chosen)
    steps = []
    row, column = len(joined), len(text)
    while row or column:
        step = choices[row][column]
        steps.append(step)
        row -= step != "insert"
        column -= step != "delete"
    return steps[::-1]
