"""How far a person is in a line, and which of its words they omitted or changed: the line aligned with what was recognised.

The alignment is the least-cost one of all that begin at the line's first word and end anywhere in it, since the person may be in
the middle of the line (a semi-global alignment; P. H. Sellers, "The theory and computation of evolutionary distances", 1980). A
different spelling of the same sound counts as said.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from rapidfuzz.distance import Levenshtein

from studio.verification.text_normalisation import comparable_words

ALIKE = 0.7
"""From this likeness of their letters on, two words of more than four letters count as the same one, spelt or heard otherwise."""

_CHANGED, _LEFT_OUT, _ADDED = 1.5, 1.0, 1.0
"""Costs of an alignment's steps; a changed word costs less than one left out and another added."""

_TOKEN = re.compile(r"\S+")
_SIGNS = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]")


class WordState(StrEnum):
    """The state of a word of the line."""

    WAITING = "waiting"
    SAID = "said"
    CHANGED = "changed"
    LEFT_OUT = "left out"


@dataclass(frozen=True)
class WordMark:
    """One word of a line as it is written; `heard` is what was said in its place, "" unless it was changed."""

    text: str
    state: WordState
    heard: str = ""


@dataclass(frozen=True)
class Followed:
    """A line aligned with what was recognised.

    Args:
        marks: its words in order. added: additional words.
        reached: number of words of the line that the person has passed.
    """

    marks: tuple[WordMark, ...]
    added: tuple[str, ...]
    reached: int

    @property
    def perfect(self) -> bool:
        return not self.added and all(mark.state is WordState.SAID for mark in self.marks)

    def count(self, state: WordState) -> int:
        return sum(mark.state is state for mark in self.marks)

    @property
    def complete(self) -> bool:
        """Whether the line is over: its last word was said, or all but one of a line of four words or more."""
        total = len(self.marks)
        said = self.count(WordState.SAID) + self.count(WordState.CHANGED)
        return self.reached == total or (total >= 4 and self.reached == total - 1 and 2 * said >= total)


class LineWords:
    """The words of a line as they are written, each with the words that are compared for it."""

    def __init__(self, text: str, language: str) -> None:
        self.language = language
        self.written = tuple(written for written in _written(text) if comparable_words(written, language))
        self.comparable: list[str] = []
        self._owner: list[int] = []
        for index, written in enumerate(self.written):
            for word in comparable_words(written, language):
                self.comparable.append(word)
                self._owner.append(index)

    def follow(self, heard: str, *, over: bool = False) -> Followed:
        """Align the line with the words that were recognised so far; `over`: nothing more will be said of it."""
        said = comparable_words(heard, self.language)
        pairs, added, end = _aligned(self.comparable, said)
        states = [WordState.WAITING] * len(self.comparable)
        replaced: dict[int, str] = {}
        for index in range(len(self.comparable) if over else end):
            states[index] = WordState.LEFT_OUT
        for index, heard_index in pairs:
            same = alike(self.comparable[index], said[heard_index])
            states[index] = WordState.SAID if same else WordState.CHANGED
            if not same:
                replaced[index] = said[heard_index]
        marks = tuple(self._mark(number, states, replaced) for number in range(len(self.written)))
        reached = 0 if end == 0 else self._owner[end - 1] + 1
        return Followed(marks, tuple(said[index] for index in added), reached)

    def _mark(self, number: int, states: Sequence[WordState], replaced: dict[int, str]) -> WordMark:
        """A written word that is compared as several was said when all of them were."""
        parts = [index for index, owner in enumerate(self._owner) if owner == number]
        found = {states[index] for index in parts}
        heard = " ".join(replaced[index] for index in parts if index in replaced)
        if len(found) == 1:
            return WordMark(self.written[number], found.pop(), heard)
        if WordState.WAITING in found and found <= {WordState.WAITING, WordState.SAID}:
            return WordMark(self.written[number], WordState.WAITING)
        said = " ".join(
            replaced.get(index, self.comparable[index])
            for index in parts
            if states[index] in (WordState.SAID, WordState.CHANGED)
        )  # fmt: skip
        return WordMark(self.written[number], WordState.CHANGED, said)


def _written(text: str) -> list[str]:
    """The words of a text; signs of scripts that are written without spaces one by one."""
    found: list[str] = []
    for token in _TOKEN.findall(text):
        found += list(token) if _SIGNS.search(token) else [token]
    return found


@lru_cache(4096)
def alike(wanted: str, heard: str) -> bool:
    """Return whether `heard` may be a recogniser's spelling of `wanted`."""
    if wanted == heard:
        return True
    return min(len(wanted), len(heard)) > 4 and Levenshtein.normalized_similarity(wanted, heard) >= ALIKE


def _aligned(line: Sequence[str], heard: Sequence[str]) -> tuple[list[tuple[int, int]], list[int], int]:
    """Pairs of words that belong together, the words that were added, and how many words of the line are behind."""
    rows, columns = len(heard), len(line)
    costs = [[column * _LEFT_OUT for column in range(columns + 1)]]
    for row in range(1, rows + 1):
        above, costs_here = costs[-1], [row * _ADDED]
        for column in range(1, columns + 1):
            step = 0.0 if alike(line[column - 1], heard[row - 1]) else _CHANGED
            costs_here.append(
                min(above[column - 1] + step, above[column] + _ADDED, costs_here[column - 1] + _LEFT_OUT)
            )  # fmt: skip
        costs.append(costs_here)
    end = min(range(columns + 1), key=lambda column: (costs[rows][column], -column)) if rows else 0
    pairs: list[tuple[int, int]] = []
    added: list[int] = []
    row, column = rows, end
    while row:
        step = 0.0 if column and alike(line[column - 1], heard[row - 1]) else _CHANGED
        if column and costs[row][column] == costs[row - 1][column - 1] + step:
            row, column = row - 1, column - 1
            pairs.append((column, row))
        elif costs[row][column] == costs[row - 1][column] + _ADDED:
            row -= 1
            added.append(row)
        else:
            column -= 1
    return pairs[::-1], added[::-1], end
