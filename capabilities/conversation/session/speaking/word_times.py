"""Where each word of a spoken piece lies in its sound: by the engine's own times where it gives them, else by the letters."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from capabilities.conversation.session.values import ReplyWord
from engines.contract import TimedMark

_WORD = re.compile(r"\S+\s*")
_UNSPACED = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3041-\u30ff\u3400-\u9fff]\S??")
_QUIET = 0.02
"""Of the loudest sample: what is softer at the ends of a piece is no speech."""


def timed_words(text: str, spoken: str, marks: Sequence[TimedMark], sound: NDArray[np.float32], rate: int) -> list[ReplyWord]:
    """The words of `text` in samples of `sound`, in order and without gaps.

    Args:
        text: as it is shown. spoken: as the engine was given it, where numbers may be words.
        marks: the engine's times of words in `spoken`.

    Each word carries the space that follows it, so that words joined are the text.
    """
    words = _words(text)
    if not words:
        return []
    knots = _knots(spoken, marks, sound.size, rate) or _knots_by_letters(sound, len(spoken))
    places, times = [one[0] for one in knots], [one[1] for one in knots]
    shares, reached = [], 0
    for word in words:
        reached += len(word)
        shares.append(reached / max(1, len(text)) * max(1, len(spoken)))
    ends = [min(round(float(end)), sound.size) for end in np.interp(shares, places, times)]
    found, start = [], 0
    for word, end in zip(words, ends, strict=True):
        end = max(start, end)
        found.append(ReplyWord(word, start, end, exact=bool(marks)))
        start = end
    return found


PACE = 1_650
"""Samples of speech for a character where nothing is known of a voice yet: some 15 characters a second at 24 kHz."""


class StreamedWords:
    """The words of a text whose sound comes in parts of unknown number. `pace` is learned for the next text."""

    def __init__(self, text: str, pace: float) -> None:
        self._words, self._characters = _words(text), len(text)
        self.pace = pace
        self._made = self._given = 0
        self._reached = 0.0

    def more(self, frames: int) -> tuple[ReplyWord, ...]:
        """The words that end within the next frames, placed from the first of these."""
        start, self._made = self._made, self._made + frames
        found = []
        while len(self._words) > 1 and self._reached + len(self._words[0]) * self.pace <= self._made:
            word = self._words.pop(0)
            end = self._reached + len(word) * self.pace
            found.append(ReplyWord(word, round(self._reached) - start, round(end) - start, exact=False))
            self._reached = end
        return tuple(found)

    def rest(self, frames: int) -> tuple[ReplyWord, ...]:
        """All that is left, spread over the sound that is left."""
        start, self._made = self._made, self._made + frames
        left = sum(map(len, self._words))
        step = max(0.0, self._made - self._reached) / max(1, left)
        found = []
        for word in self._words:
            end = min(float(self._made), self._reached + len(word) * step)
            found.append(ReplyWord(word, round(self._reached) - start, round(end) - start, exact=False))
            self._reached = end
        self._words = []
        if self._characters > 20:
            self.pace = 0.5 * self.pace + 0.5 * self._made / self._characters
        return tuple(found)


def _words(text: str) -> list[str]:
    if _UNSPACED.search(text):
        return [one for word in _WORD.findall(text) for one in (list(word) if _UNSPACED.search(word) else [word])]
    return _WORD.findall(text)


def _knots(spoken: str, marks: Sequence[TimedMark], frames: int, rate: int) -> list[tuple[float, float]]:
    """Places in the text and the samples at which their sound is over, rising; [] where the engine gives none."""
    knots: list[tuple[float, float]] = [(0.0, 0.0)]
    at = 0
    for mark in marks:
        place = mark.offset if mark.offset >= 0 else spoken.find(mark.text, at)
        if place < 0:
            continue
        length = mark.length if mark.offset >= 0 else len(mark.text)
        at = max(at, place + length)
        while at < len(spoken) and not spoken[at].isalnum():
            at += 1
        end = min(float(frames), mark.end * rate)
        if at > knots[-1][0]:
            knots.append((float(at), max(end, knots[-1][1])))
    if len(knots) == 1:
        return []
    if knots[-1][0] < len(spoken):
        knots.append((float(len(spoken)), float(frames)))
    return knots


def _knots_by_letters(sound: NDArray[np.float32], characters: int) -> list[tuple[float, float]]:
    loud = np.flatnonzero(np.abs(sound) > _QUIET * (np.abs(sound).max() if sound.size else 0.0))
    first, last = (int(loud[0]), int(loud[-1]) + 1) if loud.size else (0, sound.size)
    return [(0.0, float(first)), (float(max(1, characters)), float(last))]
