"""Finding the part of a long recording that makes the best voice, in memory that does not grow with its length."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from media.audio import Audio
from studio.voices.model import Window

FRAME_SECONDS = 0.02
PAUSE_SECONDS = 0.2
LEAD_IN = 0.1  # quiet kept before the first and after the last word, so that no consonant is cut
PREFERRED_SECONDS = 12.0  # most cloning models are trained on references of about this length and gain nothing beyond
LEAST_SPEECH = 0.3  # a window with a smaller share of speech is not worth an offer
CLIPPED_AT = 0.999
SILENT_DBFS = -100.0


@dataclass(frozen=True, eq=False)
class Envelope:
    """Level and clipping of a recording, one value for each 20 ms."""

    level_dbfs: NDArray[np.float32]
    clipped: NDArray[np.float32]
    """Share of clipped samples in each frame."""

    @property
    def duration(self) -> float:
        return len(self.level_dbfs) * FRAME_SECONDS


def envelope(blocks: Iterable[Audio]) -> Envelope:
    """Measure a stream of sound. The last frame may stand for less than 20 ms."""
    levels: list[NDArray[np.float32]] = []
    clipped: list[NDArray[np.float32]] = []
    rest = np.empty(0, np.float32)
    size = 0
    for block in blocks:
        size = max(1, round(FRAME_SECONDS * block.rate))
        loudest = block.samples[np.arange(block.frames), np.abs(block.samples).argmax(axis=1)]
        samples = np.concatenate([rest, loudest])
        whole = len(samples) // size * size
        _measure(samples[:whole].reshape(-1, size), levels, clipped)
        rest = samples[whole:]
    if len(rest):
        _measure(rest[np.newaxis, :], levels, clipped)
    empty = np.empty(0, np.float32)
    return Envelope(np.concatenate(levels) if levels else empty, np.concatenate(clipped) if clipped else empty)


def _measure(frames: NDArray[np.float32], levels: list[NDArray[np.float32]], clipped: list[NDArray[np.float32]]) -> None:
    power = np.mean(np.square(frames, dtype=np.float64), axis=1)
    levels.append((10 * np.log10(np.maximum(power, 10 ** (SILENT_DBFS / 10)))).astype(np.float32))
    clipped.append(np.mean(np.abs(frames) >= CLIPPED_AT, axis=1, dtype=np.float32))


def best_window(sound: Envelope, shortest: float, longest: float) -> Window | None:
    """The stretch of `shortest` to `longest` seconds with the most even, unclipped speech, cut at pauses where there are any.

    None when the recording is shorter than `shortest` or holds next to no speech.
    """
    if sound.duration < shortest:
        return None
    speech = _speech(sound.level_dbfs)
    windows = _between_pauses(speech, shortest, longest)
    if not windows:
        windows = _evenly_spaced(len(speech), shortest, longest)
    scorer = _Scorer(sound, speech)
    best = max(windows, key=lambda window: scorer.score(*window))
    if scorer.speech_share(*best) < LEAST_SPEECH:
        return None
    return round(best[0] * FRAME_SECONDS, 2), round(best[1] * FRAME_SECONDS, 2)


def _speech(level_dbfs: NDArray[np.float32]) -> NDArray[np.bool_]:
    floor, loud = np.percentile(level_dbfs, [10, 95])
    threshold = min(max(loud - 30, floor + 8, -65.0), max(loud - 6, -65.0))
    return level_dbfs > threshold


def _between_pauses(speech: NDArray[np.bool_], shortest: float, longest: float) -> list[tuple[int, int]]:
    """Windows in frames that start just before speech sets in after a pause and end just after it stops."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], ~speech, [False]]).astype(np.int8)))
    pauses = [(first, last) for first, last in edges.reshape(-1, 2).tolist() if (last - first) * FRAME_SECONDS >= PAUSE_SECONDS]
    lead = round(LEAD_IN / FRAME_SECONDS)
    starts = [0, *(last - lead for _, last in pauses)]
    ends = np.array([*(first + lead for first, _ in pauses), len(speech)])
    low, high = _length_limits(shortest, longest)
    return [
        (start, int(end))
        for start in starts
        for end in ends[np.searchsorted(ends, start + low) : np.searchsorted(ends, start + high, side="right")]
    ]


def _evenly_spaced(frames: int, shortest: float, longest: float) -> list[tuple[int, int]]:
    low, high = _length_limits(shortest, longest)
    length = min(max(low, min(high, round(PREFERRED_SECONDS / FRAME_SECONDS))), frames)
    step = round(0.5 / FRAME_SECONDS)
    return [(start, start + length) for start in range(0, frames - length + 1, step)]


def _length_limits(shortest: float, longest: float) -> tuple[int, int]:
    return int(np.ceil(shortest / FRAME_SECONDS)), int(np.floor(longest / FRAME_SECONDS))


class _Scorer:
    """Scores any window of one recording in constant time, from running sums."""

    def __init__(self, sound: Envelope, speech: NDArray[np.bool_]) -> None:
        level = np.where(speech, sound.level_dbfs.astype(np.float64), 0.0)
        self._speech = _running(speech.astype(np.float64))
        self._level = _running(level)
        self._square = _running(level**2)
        self._clipped = _running(sound.clipped.astype(np.float64))

    def speech_share(self, start: int, end: int) -> float:
        return float(self._speech[end] - self._speech[start]) / max(1, end - start)

    def score(self, start: int, end: int) -> float:
        length = end - start
        spoken = max(1.0, float(self._speech[end] - self._speech[start]))
        mean = float(self._level[end] - self._level[start]) / spoken
        spread = max(0.0, float(self._square[end] - self._square[start]) / spoken - mean**2) ** 0.5
        clipped = float(self._clipped[end] - self._clipped[start]) / max(1, length)
        distance = abs(length * FRAME_SECONDS - PREFERRED_SECONDS)
        return self.speech_share(start, end) - min(1.0, 20 * clipped) - 0.03 * spread - 0.01 * distance


def _running(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.concatenate([[0.0], np.cumsum(values)])
