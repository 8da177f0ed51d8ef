"""Flite's printed phone times turned into IPA phonemes and words that agree with the sound."""

from __future__ import annotations

from collections.abc import Sequence

from engines.contract import TimedMark
from engines.speech.flite.alignment import word_boundaries
from engines.speech.flite.program import FliteResult

IPA = {
    "aa": "ɑ", "ae": "æ", "ah": "ʌ", "ao": "ɔ", "aw": "aʊ", "ax": "ə", "axr": "ɚ", "ay": "aɪ", "b": "b", "ch": "tʃ", "d": "d",
    "dh": "ð", "dx": "ɾ", "eh": "ɛ", "el": "l̩", "em": "m̩", "en": "n̩", "er": "ɝ", "ey": "eɪ", "f": "f", "g": "ɡ", "hh": "h",
    "hv": "ɦ", "ih": "ɪ", "ix": "ɨ", "iy": "i", "jh": "dʒ", "k": "k", "l": "l", "m": "m", "n": "n", "ng": "ŋ", "nx": "ɾ̃",
    "ow": "oʊ", "oy": "ɔɪ", "p": "p", "r": "ɹ", "s": "s", "sh": "ʃ", "t": "t", "th": "θ", "uh": "ʊ", "uw": "u", "v": "v",
    "w": "w", "y": "j", "z": "z", "zh": "ʒ",
}  # fmt: skip
"""ARPAbet as Flite's American English lexicon writes it, in IPA."""

PAUSE = "pau"
GREATEST_RESIDUE = 0.05
"""Seconds an utterance's printed length may differ from its sound; beyond it no time is used."""

TimedPhone = tuple[str, float, float]


def timed_phones(spoken: FliteResult, *, cuts_last_pause: bool) -> list[TimedPhone]:
    """All phones, pauses included, in seconds from the start of the sound; [] when the print does not fit the sound.

    Printed times start anew with each utterance, and the program does not print how long an utterance's sound is.
    Args:
        cuts_last_pause: diphone voices (kal, kal16) end in the middle of an utterance's last pause.
    """
    lengths = [_length(utterance[-1].end, [phone.end for phone in utterance], cuts_last_pause) for utterance in spoken.utterances]
    duration = len(spoken.samples) / spoken.rate
    residue = duration - sum(lengths)
    if not lengths or abs(residue) > GREATEST_RESIDUE * len(lengths):
        return []
    timed: list[TimedPhone] = []
    begin = 0.0
    for utterance, length in zip(spoken.utterances, lengths, strict=True):
        end_of_utterance = begin + length + residue / len(lengths)
        start = begin
        for phone in utterance:
            end = min(end_of_utterance, max(start, begin + phone.end))
            timed.append((phone.name, start, end))
            start = end
        begin = end_of_utterance
    return timed


def _length(printed: float, ends: list[float], cuts_last_pause: bool) -> float:
    if not cuts_last_pause or len(ends) < 2:
        return printed
    return printed - (ends[-1] - ends[-2]) / 2


def phoneme_marks(phones: Sequence[TimedPhone]) -> tuple[TimedMark, ...]:
    """The phones that sound, in IPA."""
    return tuple(TimedMark(IPA[name], start, end) for name, start, end in phones if name in IPA and end > start)


def word_marks(
    phones: Sequence[TimedPhone], words: Sequence[tuple[str, int, int]], alone: Sequence[Sequence[str]], given: str
) -> tuple[TimedMark, ...]:
    """Word times, by laying the phones of each word spoken on its own along the phones of the text.

    In its sentence a word may have other vowels than alone ("the", "a"), or be another word ("Dr."). That is harmless
    inside one word; where it leaves open which of two words a phone belongs to, no word times are given at all.
    Args:
        words: text, start and end in `given` of each word.
        alone: the phones of each word by itself.
    """
    sounding = [phone for phone in phones if phone[0] != PAUSE]
    if len(words) != len(alone) or not words:
        return ()
    bounds = word_boundaries([name for name, _, _ in sounding], alone)
    if bounds is None:
        return ()
    return tuple(
        TimedMark(given[first:last], sounding[begin][1], sounding[end - 1][2], first, last - first)
        for (_, first, last), begin, end in zip(words, bounds, bounds[1:], strict=False)
    )
