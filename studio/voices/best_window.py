"""Finds the part of a long recording that makes the best voice."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from media.audio.audio import Audio, concatenate
from media.audio.inspection import best_window, inspect
from studio.voices.model import Window

PREFERRED_SECONDS = 15.0  # cloning models are trained on references of about this length and gain nothing beyond
LEAST_SCORE = 0.05  # a window worth less is not offered
SECTION_SECONDS = 60.0
FRAME_SECONDS = 0.02
STEADY_SECONDS = 1.0
STEADY_DB = 2.0  # speech varies by 6 dB and more within any second, noise and hum by less than 1


class WindowSearch:
    """Searches a recording that comes in blocks for the part of `shortest` to `longest` seconds with the most clear speech.

    One section is held at a time, so memory does not grow with the recording, and noise is measured locally.
    """

    def __init__(self, shortest: float, longest: float) -> None:
        self._limits = (shortest, max(shortest, min(longest, PREFERRED_SECONDS)))
        self._section: list[Audio] = []
        self._start = self._end = 0.0
        self._best = (LEAST_SCORE, 0.0, 0.0)

    def listen(self, block: Audio) -> None:
        """Add the next block; its channels are searched as their mean."""
        self._section.append(block.mono())
        self._end += block.duration
        if self._end - self._start >= SECTION_SECONDS:
            self._search(_last_pause)

    def window(self, broken_off: bool = False) -> Window | None:
        """Return the best part so far, or None if no part is good enough.

        Args:
            broken_off: the recording continues, so its present end may be within a word.
        """
        if self._start == 0 or self._end - self._start >= self._limits[1]:  # scores of shorter rests do not compare
            self._search(_last_pause if broken_off else _end)
        score, start, end = self._best
        return (round(start, 2), round(end, 2)) if score > LEAST_SCORE else None

    def _search(self, cut: Callable[[Audio], float]) -> None:
        """Search the section up to its cut; the rest begins the next section.

        Where a recording changes from noise to speech the noise is as loud as the voice, so steady sound is silenced first.
        """
        if self._end - self._start < self._limits[0]:
            return
        section = without_steady_sound(concatenate(self._section))
        at = cut(section)
        found = best_window(section.slice(0, at), *self._limits)
        self._best = max(self._best, (found.score, self._start + found.start, self._start + found.end), key=lambda one: one[0])
        self._section, self._start = [section.slice(at, section.duration)], self._start + at


def _end(section: Audio) -> float:
    return section.duration


def _last_pause(section: Audio) -> float:
    """Return the middle of the last pause in the second half, so that no word is cut in two; the end if there is none."""
    pauses = [(pause.start + pause.end) / 2 for pause in inspect(section).silence_runs]
    return max((at for at in pauses if at > section.duration / 2), default=section.duration)


def without_steady_sound(audio: Audio) -> Audio:
    """Return `audio` with silence in place of every second whose level hardly changes."""
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
