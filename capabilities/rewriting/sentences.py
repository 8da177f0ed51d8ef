"""The sentences of a script with their positions, and those that are hard for listeners."""

from __future__ import annotations

import re
from dataclasses import dataclass

from capabilities.voiceover.script.chunk import chunk
from capabilities.voiceover.script.language_detection import detect
from capabilities.voiceover.script.parse import parse

LONGEST_SENTENCE = 1_500
LONG_WORDS = 28
"""A listener cannot look back; sentences of broadcast scripts have 20 words at most."""

_HARD = re.compile(r"[0-9()\[\]{}%&§$€£#/;]|--|\b(?:e\.g|i\.e|etc|approx|vs|no)\.", re.IGNORECASE)
_CAPITALS = re.compile(r"\b[A-Z]{3,12}\b")


@dataclass(frozen=True)
class ScriptSentence:
    """One sentence, [start, end) of the script, as written."""

    start: int
    end: int
    text: str


def script_sentences(script: str) -> list[ScriptSentence]:
    """Return the spoken sentences, without headings, speakers' names and marks.

    Raises:
        InvalidInput: the script is invalid, or has no spoken text.
    """
    found: list[ScriptSentence] = []
    language = detect(script)
    for line in parse(script).lines:
        for one in chunk(line.text, language, LONGEST_SENTENCE):
            start, end = line.span.start + one.start, line.span.start + one.end
            found.append(ScriptSentence(start, end, script[start:end]))
    return found


def hard_by_ear(text: str) -> bool:
    """Return whether a sentence is hard for listeners: numbers, brackets, abbreviations, or too many words."""
    return bool(_HARD.search(text) or _CAPITALS.search(text)) or len(text.split()) > LONG_WORDS


def with_changes(script: str, changes: list[tuple[int, int, str]]) -> str:
    """Return the script with some parts replaced, which do not overlap."""
    parts, reached = [], 0
    for start, end, words in sorted(changes):
        parts += [script[reached:start], words]
        reached = end
    return "".join([*parts, script[reached:]])
