"""The result of a pronunciation reader: phonemes with their place in the text."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ReadWord:
    """The pronunciation of one or more adjacent words of the text.

    Args:
        phonemes: in Kokoro's alphabet, with the marks around the word; "" without any.
        start, end: position of the words in the given text, without surrounding signs; both -1 for a sign alone.
    """

    phonemes: str
    start: int
    end: int
