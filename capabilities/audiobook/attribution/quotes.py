"""Quoted speech in a paragraph: its start and end."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

_PAIRS = {"“": "”", "«": "»", "„": "“", "「": "」", '"': '"'}
_SINGLE = {"‘": "’"}
_SHARE_OF_SINGLE = 3
"""A text is set in single marks where they open so many times as often as double ones."""


@dataclass(frozen=True)
class QuotePiece:
    """A stretch of a paragraph, quoted or narrated."""

    text: str
    quoted: bool


def marks_of(paragraphs: Iterable[str]) -> dict[str, str]:
    """The marks in which a text quotes, opening to closing."""
    double = single = 0
    for text in paragraphs:
        double += sum(text.count(mark) for mark in _PAIRS)
        single += text.count("‘")
    return _SINGLE if single > _SHARE_OF_SINGLE * double else _PAIRS


def pieces_of(text: str, marks: dict[str, str]) -> list[QuotePiece]:
    """A paragraph in pieces that make it up end to end; a quote has its marks, and one without an end reaches to the paragraph's.

    An apostrophe within a word closes nothing.
    """
    found: list[QuotePiece] = []
    start, closing = 0, ""
    for at, letter in enumerate(text):
        if not closing and letter in marks:
            if at > start:
                found.append(QuotePiece(text[start:at], False))
            start, closing = at, marks[letter]
        elif closing and letter == closing and not (letter == "’" and text[at + 1 : at + 2].isalpha()):
            found.append(QuotePiece(text[start : at + 1], True))
            start, closing = at + 1, ""
    if start < len(text):
        found.append(QuotePiece(text[start:], bool(closing)))
    return found
