"""Splitting of a text that is too long for one pass of a model, and joining of the results."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

_BREAKS = re.compile(r"(?<=[.!?;:,])\s+|(?<=[。！？；：，、])|\n+")


def cut(text: str, most_bytes: int) -> list[str]:
    """Return the text in pieces of at most `most_bytes` in UTF-8, split at punctuation if possible, else between words, else
    anywhere.

    Joined by spaces the pieces give the text's words in order.
    """
    pieces: list[str] = []
    current = ""
    for part in (part for clause in _BREAKS.split(text) for part in _fitting(clause.strip(), most_bytes)):
        joined = f"{current} {part}".strip()
        if _size(joined) <= most_bytes:
            current = joined
        else:
            pieces.append(current)
            current = part
    return [piece for piece in (*pieces, current) if any(map(str.isalnum, piece))] or [text.strip()]


def cross_fade(waves: Sequence[np.ndarray], overlap: int) -> np.ndarray:
    """Pieces end to end, each faded linearly into the next over `overlap` samples."""
    joined = waves[0]
    for wave in waves[1:]:
        shared = min(overlap, len(joined), len(wave))
        if not shared:
            joined = np.concatenate([joined, wave])
            continue
        rising = np.linspace(0, 1, shared, dtype=np.float32)
        blend = joined[-shared:] * (1 - rising) + wave[:shared] * rising
        joined = np.concatenate([joined[:-shared], blend, wave[shared:]])
    return joined


def _fitting(clause: str, most_bytes: int) -> list[str]:
    """A clause as it is, or its words, or slices of a word that is too long by itself."""
    if _size(clause) <= most_bytes:
        return [clause] if clause else []
    letters = max(1, most_bytes // 4)
    words = clause.split()
    return [word[at : at + letters] if _size(word) > most_bytes else word
            for word in words for at in range(0, len(word) if _size(word) > most_bytes else 1, letters)]  # fmt: skip


def _size(text: str) -> int:
    return len(text.encode("utf-8", "surrogatepass"))
