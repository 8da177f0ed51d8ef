"""Loudness and true peak by ITU-R BS.1770-4, over a stream of blocks."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from media.audio.audio import Audio, Samples
from media.audio.resample import StreamResampler
from media.errors import MediaError

Levels = NDArray[np.float64]

_ABSOLUTE_GATE = -70.0
_RELATIVE_GATE = -10.0
_OFFSET = -0.691
_HOPS_PER_BLOCK = 4
_HOP_SECONDS = 0.1
_SURROUND = 1.41
_CHANNEL_WEIGHTS = {5: (1.0, 1.0, 1.0, _SURROUND, _SURROUND), 6: (1.0, 1.0, 1.0, 0.0, _SURROUND, _SURROUND)}


@dataclass(frozen=True)
class Loudness:
    """The reading of a meter.

    Args:
        integrated_lufs: gated programme loudness; -inf for silence (all of it under the gate of -70 LUFS).
        true_peak_dbtp: the largest value including those between the samples, in dB of full scale; -inf for digital silence.
    """

    integrated_lufs: float
    true_peak_dbtp: float


def measure(audio: Audio) -> Loudness:
    """Return loudness and true peak of one sound; see LoudnessMeter for sounds shorter than 0.4 s."""
    meter = LoudnessMeter(audio.rate, audio.channels)
    meter.add(audio.samples)
    return meter.read()


def measure_stream(blocks: Iterable[Audio]) -> Loudness:
    """Return loudness and true peak of a stream of blocks of one kind.

    Raises:
        MediaError: no block at all, or blocks of different kinds.
    """
    meter: LoudnessMeter | None = None
    kind = (0, 0)
    for block in blocks:
        if meter is None:
            kind = (block.rate, block.channels)
            meter = LoudnessMeter(*kind)
        if (block.rate, block.channels) != kind:
            raise MediaError("sound.changes")
        meter.add(block.samples)
    if meter is None:
        raise MediaError("sound.nothing-to-measure")
    return meter.read()


def true_peak(audio: Audio) -> float:
    """Return the true peak in dBTP; -inf for digital silence."""
    return measure(audio).true_peak_dbtp


class LoudnessMeter:
    """A streaming meter whose memory is eight bytes for each tenth of a second.

    Blocks of 400 ms overlap by three quarters. Blocks under -70 LUFS do not count, nor those 10 LU under the mean of the rest.
    One channel is measured as one channel, as the standard says. A sound shorter than 400 ms is measured as one block of its own
    length, so that a short effect still has a reading.

    Args:
        rate, channels: of everything added. Five channels are taken as L R C Ls Rs, six as 5.1 (LFE does not count).
        with_true_peak: False omits the oversampling; the reading is then the sample peak.
    """

    def __init__(self, rate: int, channels: int, *, with_true_peak: bool = True) -> None:
        self._rate, self._channels = rate, channels
        self._filter = k_weighting(rate)
        self._state = np.zeros((self._filter.shape[0], 2, channels))
        self._weights = np.array(_CHANNEL_WEIGHTS.get(channels, (1.0,) * channels))
        self._hop = max(1, round(rate * _HOP_SECONDS))
        self._hops: list[Levels] = []
        self._open_energy, self._open_frames, self._frames = 0.0, 0, 0
        self._peaks = PeakDetector(rate, channels) if with_true_peak else None
        self._peak = 0.0

    def add(self, samples: Samples) -> None:
        """Add the next samples [frames, channels]; blocks may have any length."""
        if not samples.shape[0]:
            return
        from scipy.signal import sosfilt  # not at the top: scipy takes as long to import as half of the page

        weighted, self._state = sosfilt(self._filter, samples, axis=0, zi=self._state)
        self._gather(np.square(weighted) @ self._weights)
        found = self._peaks.process(samples) if self._peaks else np.abs(samples)
        self._peak = max(self._peak, float(found.max(initial=0.0)))

    def read(self) -> Loudness:
        """Return the reading of everything added so far; this ends the measurement of the true peak."""
        if self._peaks is not None:
            ending = self._peaks.process(np.zeros((0, self._channels), np.float32), last=True)
            self._peak, self._peaks = max(self._peak, float(ending.max(initial=0.0))), None
        return Loudness(_lufs(self._gated_energy()), _decibels(self._peak))

    def _gather(self, energy: Levels) -> None:
        """Sum the weighted energy of each frame into whole hops, carrying the open one over."""
        self._frames += energy.size
        missing = self._hop - self._open_frames
        if energy.size < missing:
            self._open_energy += float(energy.sum())
            self._open_frames += energy.size
            return
        first = self._open_energy + float(energy[:missing].sum())
        whole = (energy.size - missing) // self._hop * self._hop
        middle = energy[missing : missing + whole].reshape(-1, self._hop).sum(axis=1)
        self._hops.append(np.concatenate([[first], middle]))
        rest = energy[missing + whole :]
        self._open_energy, self._open_frames = float(rest.sum()), rest.size

    def _gated_energy(self) -> float:
        if not self._frames:
            return 0.0
        hops = np.concatenate(self._hops) if self._hops else np.zeros(0)
        if hops.size < _HOPS_PER_BLOCK:
            mean = (float(hops.sum()) + self._open_energy) / self._frames
            return mean if _lufs(mean) > _ABSOLUTE_GATE else 0.0
        blocks = np.convolve(hops, np.ones(_HOPS_PER_BLOCK), "valid") / (_HOPS_PER_BLOCK * self._hop)
        blocks = blocks[blocks > _energy(_ABSOLUTE_GATE)]
        if not blocks.size:
            return 0.0
        return float(blocks[blocks > blocks.mean() * 10 ** (_RELATIVE_GATE / 10)].mean())


class PeakDetector:
    """Finds the largest value around each frame of a stream, oversampled so that peaks between samples are found.

    The factor is four under 96 kHz and two under 192 kHz, as the standard requires. The samples themselves count too, because the
    oversampling filter attenuates clicks that reach up to half the rate.
    """

    def __init__(self, rate: int, channels: int) -> None:
        self._factor = 4 if rate < 96_000 else 2 if rate < 192_000 else 1
        self._resampler = StreamResampler(rate, rate * self._factor, channels)
        self._fine = np.zeros(0, np.float32)
        self._given = np.zeros(0, np.float32)

    def process(self, samples: Samples, last: bool = False) -> Samples:
        """Return peaks over all channels, one for each frame, delayed by the oversampling until `last`."""
        self._given = np.concatenate([self._given, row_maxima(np.abs(samples))])
        self._fine = np.concatenate([self._fine, row_maxima(np.abs(self._resampler.process(samples, last)))])
        frames = self._fine.size // self._factor
        between = row_maxima(self._fine[: frames * self._factor].reshape(-1, self._factor))
        peaks = np.maximum(between, self._given[:frames])
        self._fine, self._given = self._fine[frames * self._factor :], self._given[frames:]
        return peaks


def row_maxima(table: Samples) -> Samples:
    """Return the maximum of each row of a narrow table; column by column, which is many times faster here than max(axis=1)."""
    maxima = table[:, 0]
    for column in range(1, table.shape[1]):
        maxima = np.maximum(maxima, table[:, column])
    return maxima


def k_weighting(rate: int) -> Levels:
    """Return second-order sections of the standard's two filters for any rate.

    The standard tabulates them for 48 kHz; these are the analogue filters behind that table (high shelf at 1682 Hz with 4 dB,
    high pass at 38 Hz), converted to the rate by the bilinear transform, equal to the table at 48 kHz.
    """
    k, q, gain = math.tan(math.pi * 1681.974450955533 / rate), 0.7071752369554196, 10 ** (3.999843853973347 / 20)
    shelf_gain = gain**0.4996667741545416
    scale = 1 + k / q + k * k
    shelf = [
        (gain + shelf_gain * k / q + k * k) / scale,
        2 * (k * k - gain) / scale,
        (gain - shelf_gain * k / q + k * k) / scale,
        1.0,
        2 * (k * k - 1) / scale,
        (1 - k / q + k * k) / scale,
    ]
    k, q = math.tan(math.pi * 38.13547087602444 / rate), 0.5003270373238773
    scale = 1 + k / q + k * k
    return np.array([shelf, [1.0, -2.0, 1.0, 1.0, 2 * (k * k - 1) / scale, (1 - k / q + k * k) / scale]])


def _lufs(energy: float) -> float:
    return _OFFSET + 10 * math.log10(energy) if energy > 0 else -math.inf


def _energy(lufs: float) -> float:
    return 10 ** ((lufs - _OFFSET) / 10)


def _decibels(value: float) -> float:
    return 20 * math.log10(value) if value > 0 else -math.inf
