"""Chinese and Japanese figures and signs in words, by the grammars of WeTextProcessing (package wetext, Apache-2.0).

The grammars read across commas and take the parts of a number apart where a clause ends; they are given one clause at a time.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import SequenceMatcher
from functools import cache, lru_cache
from typing import Any

LANGUAGES = ("zh", "ja")

_CLAUSE = re.compile(r"[^，。、！？；：「」『』（）《》“”\s]++")
_FIGURE = re.compile(r"[0-9０-９]")
_LONGEST_CLAUSE = 60


def figures_in_words(text: str, language: str) -> Iterator[tuple[int, int, str]]:
    """Each stretch of the text that the grammar reads, in order: its start, its end, and its words."""
    for clause in _CLAUSE.finditer(text):
        for start in range(clause.start(), clause.end(), _LONGEST_CLAUSE):
            part = text[start : min(clause.end(), start + _LONGEST_CLAUSE)]
            if _FIGURE.search(part):
                yield from ((start + first, start + last, words) for first, last, words in _changes(part, language))


@lru_cache(maxsize=4096)
def _changes(clause: str, language: str) -> tuple[tuple[int, int, str], ...]:
    """What differs between a clause and its reading. (The grammar's own account of it takes twenty times as long.)"""
    said = _grammar(language).normalize(clause)
    steps = SequenceMatcher(None, clause, said, autojunk=False).get_opcodes()
    return tuple((first, last, said[begin:end]) for kind, first, last, begin, end in steps if kind != "equal")


@cache
def _grammar(language: str) -> Any:
    from wetext import Normalizer  # at the first figure: the grammars take a moment to load

    return Normalizer(lang=language, operator="tn")
