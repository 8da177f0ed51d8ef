"""Normalises a chapter to the levels that audiobook shops require, with room tone around and under it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from media.audio.audio import Audio, Samples
from media.audio.audiobook.acx import rms_and_peak
from media.audio.mixing.limiter import Limiter
from media.audio.normalisation import BlocksFactory

TARGET_RMS = -20.0
CEILING = -3.6
"""Of true peaks in dB; encoding to MP3 moves peaks by a few tenths."""
HEAD_SECONDS, TAIL_SECONDS = 0.75, 2.5
TONE_LEVEL = -75.0
"""dB RMS of the room tone: far under the floor that is allowed, and no digital silence, which sounds dead between sentences."""

_CLOSE_ENOUGH = 0.15
_MOST_PASSES = 5
_MOST_GAIN = 36.0
_SEED = 20_26
_SMOOTHING = 0.9
_BLOCK_FRAMES = 2**15


@dataclass(frozen=True)
class LevelledChapter:
    """A normalised chapter: iterate it, as often as needed, for the same blocks.

    Args:
        frames: including the room tone around it. gain: linear, before the limiter.
    """

    blocks: BlocksFactory
    rate: int
    channels: int
    frames: int
    gain: float

    def __iter__(self) -> Iterator[Audio]:
        tone = _RoomTone(self.rate)
        yield from tone.alone(round(HEAD_SECONDS * self.rate), self.channels)
        for samples in _limited(self.blocks, self.rate, self.channels, self.gain):
            yield Audio(tone.under(samples), self.rate)
        yield from tone.alone(round(TAIL_SECONDS * self.rate), self.channels)


def levelled_chapter(blocks: BlocksFactory, rate: int, channels: int, frames: int) -> LevelledChapter:
    """Find the gain that gives a chapter, including its room tone, an RMS of -20 dB with peaks of at most -3.6 dB.

    Args:
        blocks: returns the same programme from its start at each call; its exceptions are passed on.
        frames: of that programme.

    Returns:
        The chapter; near-silence is raised by 36 dB at most and silence stays silence. Two to six passes.
    """
    whole = frames + round(HEAD_SECONDS * rate) + round(TAIL_SECONDS * rate)
    source, _ = rms_and_peak(blocks())
    if not math.isfinite(source):
        return LevelledChapter(blocks, rate, channels, whole, 1.0)
    gain_db = min(_MOST_GAIN, TARGET_RMS - source - 10 * math.log10(frames / whole))
    for _ in range(_MOST_PASSES):
        found = LevelledChapter(blocks, rate, channels, whole, 10 ** (gain_db / 20))
        level, _ = rms_and_peak(found)
        missing = TARGET_RMS - level
        if abs(missing) <= _CLOSE_ENOUGH or (missing > 0 and gain_db >= _MOST_GAIN):
            break
        gain_db = min(_MOST_GAIN, gain_db + missing)
    return found


def _limited(blocks: BlocksFactory, rate: int, channels: int, gain: float) -> Iterator[Samples]:
    limiter = Limiter(rate, channels, gain, 10 ** (CEILING / 20))
    for block in blocks():
        ready = limiter.process(block.samples)
        if ready.shape[0]:
            yield ready
    rest = limiter.process(np.zeros((0, channels), np.float32), last=True)
    if rest.shape[0]:
        yield rest


class _RoomTone:
    """Quiet low-pass noise, the same at each start, independent of how it is divided into blocks."""

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._random = np.random.Generator(np.random.PCG64(_SEED))
        self._state = np.zeros(1)
        loss = math.sqrt((1 - _SMOOTHING) / (1 + _SMOOTHING))
        self._scale = 10 ** (TONE_LEVEL / 20) / loss

    def under(self, samples: Samples) -> Samples:
        """Samples with the tone under them."""
        mixed: Samples = samples + self._next(samples.shape[0])[:, np.newaxis]
        return mixed

    def alone(self, frames: int, channels: int) -> Iterator[Audio]:
        while frames > 0:
            part = min(frames, _BLOCK_FRAMES)
            yield Audio(self.under(np.zeros((part, channels), np.float32)), self._rate)
            frames -= part

    def _next(self, frames: int) -> Samples:
        from scipy.signal import lfilter  # not at the top: scipy takes as long to import as half of the page

        noise = self._random.standard_normal(frames) * self._scale
        smooth, self._state = lfilter([1 - _SMOOTHING], [1, -_SMOOTHING], noise, zi=self._state)
        return smooth.astype(np.float32)
