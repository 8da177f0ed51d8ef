"""The strings that are hard to read aloud, and when a reading counts as right."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

LANGUAGES = ("en", "de", "fr", "es", "zh", "ja")
_STRINGS = Path(__file__).parent / "strings"
_BETWEEN_WORDS = re.compile(r"[\W_]+")
_WRITTEN_TOGETHER = ("de", "zh", "ja")


@dataclass(frozen=True)
class Row:
    """One string as written, and the ways in which a person may say it."""

    written: str
    said: tuple[str, ...]


@cache
def rows(language: str) -> tuple[Row, ...]:
    """The strings of a language. A line of its file is `written => said || said otherwise`, with ⏎ for an end of line."""
    lines = (_STRINGS / f"{language}.txt").read_text("utf-8").splitlines()
    pairs = (line.partition(" => ") for line in lines if line and not line.startswith("#"))
    return tuple(Row(written.replace("⏎", "\n"), tuple(said.split(" || "))) for written, _, said in pairs)


def plain(text: str, language: str) -> str:
    """Words alone: without case, hyphens and punctuation, and without spaces where a language writes numbers in one word."""
    words = _BETWEEN_WORDS.sub(" ", text.casefold()).strip()
    return words.replace(" ", "") if language in _WRITTEN_TOGETHER else words


def is_right(spoken: str, row: Row, language: str) -> bool:
    """Whether a text has the words of one of the ways."""
    return plain(spoken, language) in {plain(said, language) for said in row.said}
