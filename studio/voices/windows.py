"""Finding the part of a long recording that makes the best voice."""

from __future__ import annotations

import numpy as np

from media.audio import Audio
from media.inspection import best_window
from studio.voices.model import Window

PREFERRED_SECONDS = 15.0  # cloning models are trained on references of about this length and gain nothing beyond
LEAST_SCORE = 0.05  # a window worth less is not offered
FRAME_SECONDS = 0.02
STEADY_SECONDS = 1.0
STEADY_DB = 2.0  # speech varies by 6 dB and more within any second, noise and hum by less than 1


def window_to_offer(audio: Audio, shortest: float, longest: float) -> Window | None:
    """The part of `shortest` to `longest` seconds with the most clear speech in it, or None when there is none worth it.

    Where a recording changes from noise to speech the noise is as loud as the voice; so steady sound is silenced first.
    """
    best = best_window(without_steady_sound(audio), shortest, max(shortest, min(longest, PREFERRED_SECONDS)))
    return (round(best.start, 2), round(best.end, 2)) if best.score >= LEAST_SCORE else None


def without_steady_sound(audio: Audio) -> Audio:
    """`audio` with silence in place of every second whose level hardly moves."""
    size = max(1, round(FRAME_SECONDS * audio.rate))
    frames = audio.frames // size
    span = round(STEADY_SECONDS / FRAME_SECONDS)
    if frames < span:
        return audio
    mono = audio.mono().samples[: frames * size, 0].reshape(frames, size)
    level = 10 * np.log10(np.mean(np.square(mono), axis=1, dtype=np.float64) + 1e-12)
    spread = np.lib.stride_tricks.sliding_window_view(level, span).std(axis=1)
    steady = np.zeros(frames, bool)
    for first in np.flatnonzero(spread < STEADY_DB):
        steady[first : first + span] = True
    samples = audio.samples.copy()
    samples[: frames * size][np.repeat(steady, size)] = 0
    return Audio(samples, audio.rate)
