"""Measurements of a sound that need no recognition: level, noise, clipping, pauses, speech.

Used to judge an uploaded voice clip and to check a rendered piece of speech. Pure functions, no model: energy in short frames
compared with the sound's own noise floor, which suits one voice near a microphone.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from media.audio.audio import Audio, Samples

Levels = NDArray[np.float64]
Mask = NDArray[np.bool_]

QUIETEST_DBFS = -120.0
"""Stands for digital silence wherever a level is given."""

FRAME_SECONDS = 0.02
_EMPTY_DBFS = -65.0
_DIGITAL_DBFS = -100.0
_STEADY_DB = 8.0
_SHORTEST_SPEECH = 0.06
_SHORTEST_PAUSE = 0.15
_EDGE_SECONDS = 0.1
_NEARLY = 0.5
"""A window between pauses that is shorter than this part of the wished length is held against others that have the length."""
_DIP_SECONDS = 0.25


class TimeSpan(NamedTuple):
    """A part of a sound, in seconds."""

    start: float
    end: float

    @property
    def duration(self) -> float:
        return self.end - self.start


class Window(NamedTuple):
    """A part of a longer clip, in seconds, and its quality as a voice sample: 0 (unusable) to 1."""

    start: float
    end: float
    score: float


@dataclass(frozen=True)
class SoundFindings:
    """The measured values; levels in dBFS (QUIETEST_DBFS for digital silence), times in seconds.

    Args:
        peak: largest sample, 1.0 is full scale; lossy files may exceed it.
        clipped_fraction: share of samples on a flat top, 0 to 1.
        rms_dbfs: of the whole sound.
        speech_dbfs: of the parts with speech; QUIETEST_DBFS without any.
        noise_floor_dbfs: level of the quietest twentieth at most, without digital silence.
        speech_seconds: length of the parts that resemble speech; a steady hum or hiss does not.
        silence_runs: pauses between the first and the last speech.
        leading_silence, trailing_silence: before the first and after the last speech; a sound without speech is all leading
            silence.
    """

    duration: float
    peak: float
    clipped_fraction: float
    rms_dbfs: float
    speech_dbfs: float
    noise_floor_dbfs: float
    speech_seconds: float
    silence_runs: tuple[TimeSpan, ...]
    leading_silence: float
    trailing_silence: float

    @property
    def longest_silence(self) -> float:
        """The longest pause; 0.0 if there is none."""
        return max((run.duration for run in self.silence_runs), default=0.0)

    @property
    def signal_to_noise_db(self) -> float:
        """Level of speech over the noise floor; 0.0 without speech."""
        return max(0.0, self.speech_dbfs - self.noise_floor_dbfs) if self.speech_seconds else 0.0

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing like speech."""
        return self.speech_seconds == 0.0


def inspect(audio: Audio) -> SoundFindings:
    """Measure one sound; any length, channels and rate, also an empty one."""
    levels = _frame_levels(audio)
    active = _activity(levels)
    runs = _runs(active)
    limit = audio.duration
    pauses = tuple(TimeSpan(end * FRAME_SECONDS, start * FRAME_SECONDS) for (_, end), (start, _) in pairwise(runs))
    return SoundFindings(
        duration=limit,
        peak=float(np.abs(audio.samples).max(initial=0.0)),
        clipped_fraction=float(_clipped(audio.samples).mean()) if audio.frames else 0.0,
        rms_dbfs=_dbfs(float(np.square(audio.samples, dtype=np.float64).mean())) if audio.frames else QUIETEST_DBFS,
        speech_dbfs=_mean_level(levels[active]),
        noise_floor_dbfs=_noise_floor(levels),
        speech_seconds=min(limit, float(active.sum()) * FRAME_SECONDS),
        silence_runs=pauses,
        leading_silence=runs[0][0] * FRAME_SECONDS if runs else limit,
        trailing_silence=max(0.0, limit - runs[-1][1] * FRAME_SECONDS) if runs else 0.0,
    )


def best_window(audio: Audio, shortest: float, longest: float) -> Window:
    """Return the part of `shortest` to `longest` seconds with most speech and least noise and clipping.

    It starts and ends in pauses if the clip has any that fit, else at quiet moments. A clip without speech, or shorter than
    `shortest`, gives all of it (at most `longest`) with the score 0.
    """
    levels = _frame_levels(audio)
    active = _activity(levels)
    if audio.duration < shortest or not active.any():
        return Window(0.0, min(audio.duration, longest), 0.0)
    scores = _WindowScores(audio, levels, active, longest)
    candidates = _between_pauses(active, audio.duration, shortest, longest)
    length = min(longest, audio.duration)
    if max((one.duration for one in candidates), default=0.0) < _NEARLY * length:
        candidates += _between_dips(levels, audio.duration, length)
    return max((scores.of(one) for one in candidates), key=lambda window: (window.score, -window.start))


def _between_pauses(active: Mask, duration: float, shortest: float, longest: float) -> list[TimeSpan]:
    """Return every stretch from just before one run of speech to just after a later one, of a permitted length."""
    runs = _runs(active)
    starts = [start * FRAME_SECONDS - _margin(runs, index - 1) for index, (start, _) in enumerate(runs)]
    ends = [end * FRAME_SECONDS + _margin(runs, index) for index, (_, end) in enumerate(runs)]
    candidates = []
    for index, start in enumerate(starts):
        for end in ends[index:]:
            if end - start > longest:
                break
            stretch = TimeSpan(max(0.0, start), min(duration, end))
            if stretch.duration >= shortest:
                candidates.append(stretch)
    return candidates


def _between_dips(levels: Levels, duration: float, length: float) -> list[TimeSpan]:
    """Return stretches of about this length from one quiet moment to another, for speech without suitable pauses."""
    frames = max(1, round(_DIP_SECONDS / FRAME_SECONDS))

    def dip(at: float) -> float:
        first = max(0, round((at - _DIP_SECONDS) / FRAME_SECONDS))
        near = levels[first : first + 2 * frames]
        return (first + int(near.argmin()) + 0.5) * FRAME_SECONDS if near.size else at

    stretches = []
    for start in np.arange(0.0, duration - length + 1e-9, 0.25):
        begin = 0.0 if start == 0 else dip(float(start))
        end = duration if begin + length >= duration - FRAME_SECONDS else min(duration, dip(begin + length - _DIP_SECONDS))
        stretches.append(TimeSpan(begin, min(end, begin + length)))
    return stretches


def _margin(runs: list[tuple[int, int]], index: int) -> float:
    """How far a window may reach into the pause after run `index` without touching the next run."""
    if not 0 <= index < len(runs) - 1:
        return _EDGE_SECONDS
    return min(_EDGE_SECONDS, (runs[index + 1][0] - runs[index][1]) * FRAME_SECONDS / 2)


class _WindowScores:
    """Cumulative sums over frames, so that any window's score costs a few look-ups."""

    def __init__(self, audio: Audio, levels: Levels, active: Mask, longest: float) -> None:
        energy = 10 ** (levels / 10)
        frame = _frame_length(audio.rate)
        clipped = np.add.reduceat(_clipped(audio.samples).mean(axis=1), np.arange(0, audio.frames, frame)) / frame
        self._speech = _running(active)
        self._speech_energy, self._other_energy = _running(energy * active), _running(energy * ~active)
        self._clipped = _running(clipped)
        self._floor = 10 ** (_noise_floor(levels) / 10)
        self._longest = min(longest, audio.duration)

    def of(self, stretch: TimeSpan) -> Window:
        last_frame = self._speech.size - 1
        first = min(last_frame, round(stretch.start / FRAME_SECONDS))
        last = min(last_frame, max(first + 1, round(stretch.end / FRAME_SECONDS)))

        def total(sums: Levels) -> float:
            return float(sums[last] - sums[first])

        speech = total(self._speech)
        if not speech:
            return Window(stretch.start, stretch.end, 0.0)
        others = last - first - speech
        noise = max(self._floor, total(self._other_energy) / others if others else 0.0)
        clearness = 10 * math.log10(total(self._speech_energy) / speech / noise) / 30
        unclipped = max(0.0, 1 - 50 * total(self._clipped) / (last - first))
        share = min(1.0, speech * FRAME_SECONDS / self._longest)
        return Window(stretch.start, stretch.end, share * min(1.0, max(0.0, clearness)) * unclipped)


def _running(values: NDArray[np.generic]) -> Levels:
    return np.concatenate([[0.0], np.cumsum(values, dtype=np.float64)])


def _frame_length(rate: int) -> int:
    return max(1, round(rate * FRAME_SECONDS))


def _frame_levels(audio: Audio) -> Levels:
    """Return the level of each frame of 20 ms in dBFS, of all channels together, without rumble under 60 Hz."""
    if not audio.frames:
        return np.zeros(0)
    from scipy.signal import butter, sosfilt  # not at the top: scipy takes as long to import as half of the page

    heard = sosfilt(butter(2, 60, "highpass", fs=audio.rate, output="sos"), audio.samples, axis=0)
    starts = np.arange(0, audio.frames, _frame_length(audio.rate))
    lengths = np.diff(np.append(starts, audio.frames))
    energy = np.add.reduceat(np.square(heard).mean(axis=1), starts) / lengths
    return 10 * np.log10(np.maximum(energy, 10 ** (QUIETEST_DBFS / 10)))


def _noise_floor(levels: Levels) -> float:
    sounding = levels[levels > _DIGITAL_DBFS]
    return float(np.percentile(sounding, 5)) if sounding.size else QUIETEST_DBFS


def _activity(levels: Levels) -> Mask:
    """Return which frames contain speech: well above the noise floor, short bursts removed, short gaps closed."""
    sounding = levels[levels > _DIGITAL_DBFS]
    if not sounding.size:
        return np.zeros(levels.size, bool)
    floor, top = np.percentile(sounding, 5), np.percentile(sounding, 95)
    if top < _EMPTY_DBFS or top - floor < _STEADY_DB:
        return np.zeros(levels.size, bool)
    active = levels > max(floor + max(6.0, 0.35 * (top - floor)), top - 40.0)
    for start, end in _runs(~active):
        inside = start > 0 and end < active.size
        if inside and (end - start) * FRAME_SECONDS < _SHORTEST_PAUSE:
            active[start:end] = True
    for start, end in _runs(active):
        if (end - start) * FRAME_SECONDS < _SHORTEST_SPEECH:
            active[start:end] = False
    return active


def _runs(mask: Mask) -> list[tuple[int, int]]:
    """First and one-past-last index of every run of True."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], mask, [False]]).astype(np.int8)))
    return [(int(start), int(end)) for start, end in edges.reshape(-1, 2)]


def _clipped(samples: Samples) -> Mask:
    """Return the samples on a flat top: two or more in a row at full scale, or four equal ones at the sound's own largest
    value."""
    size = np.abs(samples)
    largest = float(size.max(initial=0.0))
    if largest < 0.05:
        return np.zeros(samples.shape, bool)
    full = _in_runs(size >= 0.9995, 2)
    same = np.zeros(samples.shape, bool)
    same[1:] = np.abs(np.diff(samples, axis=0)) < 1e-5
    same[:-1] |= same[1:]
    return full | _in_runs(same & (size >= 0.98 * largest), 4)


def _in_runs(mask: Mask, shortest: int) -> Mask:
    """The mask without runs (down each column) shorter than `shortest`."""
    kept = np.zeros_like(mask)
    for column in range(mask.shape[1]):
        if mask[:, column].any():
            for start, end in _runs(mask[:, column]):
                if end - start >= shortest:
                    kept[start:end, column] = True
    return kept


def _mean_level(levels: Levels) -> float:
    return _dbfs(float((10 ** (levels / 10)).mean())) if levels.size else QUIETEST_DBFS


def _dbfs(power: float) -> float:
    return max(QUIETEST_DBFS, 10 * math.log10(power)) if power > 0 else QUIETEST_DBFS
