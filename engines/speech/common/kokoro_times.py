"""Times of phonemes and words from the durations that Kokoro and similar models predict for each input symbol."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import accumulate, pairwise

from engines.contract import TimedMark

IPA = {
    "A": "eɪ", "I": "aɪ", "O": "oʊ", "Q": "əʊ", "W": "aʊ", "Y": "ɔɪ", "T": "ɾ", "S": "s", "ᵊ": "ə", "ᵻ": "ɪ", "ᵝ": "β",
    "ʣ": "dz", "ʤ": "dʒ", "ʥ": "dʑ", "ʦ": "ts", "ʧ": "tʃ", "ʨ": "tɕ",
}  # fmt: skip
"""Kokoro's signs for what IPA writes otherwise."""

LENGTH_MARKS = "ː"
STRESS_MARKS = "ˈˌ"
BEFORE_SOUNDS = STRESS_MARKS + " "
"""What has time of its own that belongs to the sound after it: there the mouth is on its way already."""

_JOINED = "ʰʲ"

LEAD = 0.0375
"""Seconds by which a sound is heard before its symbol's turn. Measured against a recogniser's word times on 14 sentences each in
Hibari and three voices of Kokoro: 35 to 45 ms, within 10 ms from one word to the next."""


def is_sound(symbol: str) -> bool:
    """Return whether a symbol is a phoneme, and not a stress, length or punctuation mark."""
    return symbol.isalpha() and symbol not in STRESS_MARKS + LENGTH_MARKS + _JOINED


def symbol_times(durations: Sequence[float], seconds: float) -> list[tuple[float, float]]:
    """Start and end in the sound of each symbol.

    Args:
        durations: of the symbols and of the silence before and after them, in any unit.
        seconds: length of the whole sound.
    """
    total = sum(durations)
    if total <= 0:
        return []
    ends = [max(0.0, reached * seconds / total - LEAD) for reached in accumulate(durations[:-1])]
    return list(pairwise(ends))


def phoneme_marks(symbols: Sequence[str], times: Sequence[tuple[float, float]], start: float) -> Iterator[TimedMark]:
    """Yield the phonemes in IPA. A length mark extends the one before it, `BEFORE_SOUNDS` the one after it."""
    held: TimedMark | None = None
    begin: float | None = None
    for symbol, (first, last) in zip(symbols, times, strict=True):
        if symbol in BEFORE_SOUNDS:
            begin = first if begin is None else begin
        elif symbol in LENGTH_MARKS and held is not None:
            held = TimedMark(held.text + symbol, held.start, start + last)
        elif is_sound(symbol):
            if held is not None:
                yield held
            held = TimedMark(IPA.get(symbol, symbol), start + (first if begin is None else begin), start + last)
            begin = None
        else:
            begin = None
    if held is not None:
        yield held
