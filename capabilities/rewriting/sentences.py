"""The sentences of a script where they stand in it, and which of them are hard to follow by ear."""

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
    """The stretch [start, end) of the script that is one sentence, as it is written there."""

    start: int
    end: int
    text: str


def script_sentences(script: str) -> list[ScriptSentence]:
    """What is spoken, sentence by sentence; headings, speakers' names and marks are left out.

    Raises:
        InvalidInput: the script cannot be read, or says nothing.
    """
    found: list[ScriptSentence] = []
    language = detect(script)
    for line in parse(script).lines:
        for one in chunk(line.text, language, LONGEST_SENTENCE):
            start, end = line.span.start + one.start, line.span.start + one.end
            found.append(ScriptSentence(start, end, script[start:end]))
    return found


def hard_by_ear(text: str) -> bool:
    """Whether a sentence has what a listener stumbles over: figures, brackets, abbreviations, or too many words."""
    return bool(_HARD.search(text) or _CAPITALS.search(text)) or len(text.split()) > LONG_WORDS


def with_changes(script: str, changes: list[tuple[int, int, str]]) -> str:
    """The script with some of its stretches replaced; they do not overlap."""
    parts, reached = [], 0
    for start, end, words in sorted(changes):
        parts += [script[reached:start], words]
        reached = end
    return "".join([*parts, script[reached:]])
