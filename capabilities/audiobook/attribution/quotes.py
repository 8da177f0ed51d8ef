"""Detection of quoted speech in a paragraph."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

_PAIRS = {"“": "”", "«": "»", "„": "“", "「": "」", '"': '"'}
_SINGLE = {"‘": "’"}
_SHARE_OF_SINGLE = 3
"""A text is set in single marks where they open so many times as often as double ones."""


@dataclass(frozen=True)
class QuotePiece:
    """A part of a paragraph, quoted or narrated."""

    text: str
    quoted: bool


def marks_of(paragraphs: Iterable[str]) -> dict[str, str]:
    """Return the quotation marks of a text, opening to closing."""
    double = single = 0
    for text in paragraphs:
        double += sum(text.count(mark) for mark in _PAIRS)
        single += text.count("‘")
    return _SINGLE if single > _SHARE_OF_SINGLE * double else _PAIRS


def pieces_of(text: str, marks: dict[str, str]) -> list[QuotePiece]:
    """Return the consecutive pieces of a paragraph; a quote includes its marks, and an unterminated one extends to the end.

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
