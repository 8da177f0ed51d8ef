"""Speaks a text in portions and joins their sound and marks."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from engines.contract import RunContext, Speech, TimedMark
from engines.contract.errors import EngineError
from engines.speech.common.portions import Portion, word_marks
from engines.speech.common.read_word import ReadWord
from media.audio.audio import Audio

HIGHEST_PEAK = 0.99

Pass = Callable[[int, Portion], tuple[np.ndarray, Sequence[float]]]
"""One pass of a model over the portion of that number: mono samples, and the durations of its symbols and of both silent ends."""


def spoken(given: str, todo: Sequence[Portion], speak: Pass, rate: int, run: RunContext, title: str) -> Speech:
    """Speak all portions of a text.

    Args:
        title: the engine's, for the refusal.

    Raises:
        EngineError: there is nothing to speak. Cancelled: between two portions.
    """
    waves: list[np.ndarray] = []
    phonemes: list[TimedMark] = []
    words: list[tuple[ReadWord, float, float]] = []
    frames = 0
    for number, portion in enumerate(todo):
        run.progress(number / len(todo))
        wave, durations = speak(number, portion)
        sounds, timed = portion.marks(durations, frames / rate, len(wave) / rate)
        phonemes += sounds
        words += [(portion.words[word], begin, end) for word, begin, end in timed]
        waves.append(wave)
        frames += len(wave)
    if not waves:
        raise EngineError("english.nothing-to-speak", engine=title)
    samples = np.concatenate(waves)
    peak = float(np.abs(samples).max(initial=0))
    if peak > HIGHEST_PEAK:
        samples = samples * np.float32(HIGHEST_PEAK / peak)
    return Speech(Audio(samples, rate), word_marks(given, words), tuple(phonemes))
