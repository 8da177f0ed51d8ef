"""Normalises a programme to a loudness under a true-peak limit, in passes over a stream."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from media.audio.audio import Audio, Samples
from media.audio.loudness import Loudness, LoudnessMeter
from media.audio.mixing.limiter import Limiter
from media.errors import MediaError

BlocksFactory = Callable[[], Iterator[Audio]]

MOST_GAIN_DB = 30.0
"""No sound is raised by more: near-silence stays near-silence."""

_HEADROOM_DB = 0.1
_CLOSE_ENOUGH_LU = 0.1
_MOST_PASSES = 7


@dataclass(frozen=True)
class NormalisedStream:
    """The normalised programme: iterate it, as often as needed, for blocks of the same rate, channels and total length.

    Args:
        source: loudness of the input.
        loudness: of the output, measured on it (computed from `source` if only a gain is needed).
        gain_db: applied before the limiter.
        ceiling_dbtp: the limiter's own ceiling; None if no limiter is needed.
    """

    blocks: BlocksFactory
    rate: int
    channels: int
    frames: int
    source: Loudness
    loudness: Loudness
    gain_db: float
    ceiling_dbtp: float | None

    def __iter__(self) -> Iterator[Audio]:
        for samples in _levelled(self.blocks, self.rate, self.channels, self.gain_db, self.ceiling_dbtp):
            if samples.shape[0]:
                yield Audio(samples, self.rate)

    @property
    def duration(self) -> float:
        """Length in seconds."""
        return self.frames / self.rate


def normalise_loudness(blocks: BlocksFactory, target_lufs: float, true_peak_dbtp: float) -> NormalisedStream:
    """Measure a programme, find the gain and the limiter for the target, and return the result as a stream.

    The result is within 0.3 LU of the target and not above the true-peak limit, both measured on the result itself, unless that
    needs more than MOST_GAIN_DB; then that gain is applied. Silence stays silence. Memory does not grow with the length except
    for eight bytes a tenth of a second. Two to eight passes.

    Args:
        blocks: returns the same programme from its start at each call, in blocks of one rate and channel count. Its exceptions (a
            cancel, for example) are passed on.

    Raises:
        MediaError: no sound, or blocks of different kinds.
    """
    rate, channels, frames, source = _measure_source(blocks)
    if not math.isfinite(source.integrated_lufs):
        return NormalisedStream(blocks, rate, channels, frames, source, source, 0.0, None)
    gain = min(MOST_GAIN_DB, target_lufs - source.integrated_lufs)
    if source.true_peak_dbtp + gain <= true_peak_dbtp - _HEADROOM_DB:
        result = Loudness(source.integrated_lufs + gain, source.true_peak_dbtp + gain)
        return NormalisedStream(blocks, rate, channels, frames, source, result, gain, None)
    search = _Search(target_lufs, true_peak_dbtp, gain)
    while search.goes_on:
        meter = LoudnessMeter(rate, channels)
        for samples in _levelled(blocks, rate, channels, search.gain, search.ceiling):
            meter.add(samples)
        search.learn(meter.read())
    gain, ceiling, result = search.best
    return NormalisedStream(blocks, rate, channels, frames, source, result, gain, ceiling)


class _Search:
    """Chooses the next gain and ceiling to try, and keeps the best so far.

    Limiting reduces the loudness, so the gain is corrected by the secant through the last two trials.
    """

    def __init__(self, target: float, limit: float, gain: float) -> None:
        self._target, self._limit = target, limit
        self.gain, self.ceiling = gain, limit - _HEADROOM_DB
        self._trials: list[tuple[float, float, Loudness]] = []
        self.goes_on = True

    def learn(self, result: Loudness) -> None:
        self._trials.append((self.gain, self.ceiling, result))
        missing = self._target - result.integrated_lufs
        excess = result.true_peak_dbtp - self._limit
        loud_enough = abs(missing) <= _CLOSE_ENOUGH_LU or (missing > 0 and self.gain >= MOST_GAIN_DB)
        if (loud_enough and excess <= 0) or len(self._trials) >= _MOST_PASSES:
            self.goes_on = False
            return
        if excess > 0:
            self.ceiling -= excess + 0.03
        self.gain = min(MOST_GAIN_DB, self.gain + missing / self._slope())

    def _slope(self) -> float:
        """Return LU gained for each dB of gain: under 1, because the limiter removes a part."""
        ends = [(gain, result.integrated_lufs) for gain, _, result in self._trials[-2:]]
        if len(ends) < 2:
            return 1.0
        (gain_1, lufs_1), (gain_2, lufs_2) = ends
        return min(1.0, max(0.15, (lufs_2 - lufs_1) / (gain_2 - gain_1))) if abs(gain_2 - gain_1) > 1e-6 else 1.0

    @property
    def best(self) -> tuple[float, float, Loudness]:
        """Return the trial nearest to the target among those under the limit; the one with the lowest peak if there is none."""
        legal = [trial for trial in self._trials if trial[2].true_peak_dbtp <= self._limit]
        if not legal:
            return min(self._trials, key=lambda trial: trial[2].true_peak_dbtp)
        return min(legal, key=lambda trial: abs(self._target - trial[2].integrated_lufs))


def _measure_source(blocks: BlocksFactory) -> tuple[int, int, int, Loudness]:
    meter: LoudnessMeter | None = None
    kind, frames = (0, 0), 0
    for block in blocks():
        if meter is None:
            kind = (block.rate, block.channels)
            meter = LoudnessMeter(*kind)
        if (block.rate, block.channels) != kind:
            raise MediaError("sound.changes")
        meter.add(block.samples)
        frames += block.frames
    if meter is None or not frames:
        raise MediaError("sound.nothing-to-level")
    return (*kind, frames, meter.read())


def _levelled(blocks: BlocksFactory, rate: int, channels: int, gain_db: float, ceiling_dbtp: float | None) -> Iterator[Samples]:
    gain = 10 ** (gain_db / 20)
    if ceiling_dbtp is None:
        for block in blocks():
            yield block.samples * np.float32(gain)
        return
    limiter = Limiter(rate, channels, gain, 10 ** (ceiling_dbtp / 20))
    for block in blocks():
        yield limiter.process(block.samples)
    yield limiter.process(np.zeros((0, channels), np.float32), last=True)
