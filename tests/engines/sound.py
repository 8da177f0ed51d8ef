"""Small measurements on sound that the engine tests share."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from engines.contract import TimedMark
from media.audio.audio import Audio


def loudness_inside_and_outside(audio: Audio, marks: Sequence[TimedMark]) -> tuple[float, float]:
    """Root mean square within the marks, and between them (less 20 ms at every border)."""
    samples = audio.samples[:, 0]
    inside = np.zeros(audio.frames, bool)
    near = np.zeros(audio.frames, bool)
    margin = round(0.02 * audio.rate)
    for mark in marks:
        first, last = round(mark.start * audio.rate), round(mark.end * audio.rate)
        inside[first:last] = True
        near[max(0, first - margin) : last + margin] = True
    return _rms(samples[inside]), _rms(samples[~near])


def pitches(audio: Audio) -> NDArray[np.float64]:
    """Fundamental frequencies in hertz of the voiced 40 ms frames, by autocorrelation."""
    samples, rate = audio.samples[:, 0].astype(np.float64), audio.rate
    size = round(0.04 * rate)
    lowest, highest = round(rate / 450), round(rate / 65)
    found = []
    for begin in range(0, len(samples) - size, size // 2):
        frame = samples[begin : begin + size] - samples[begin : begin + size].mean()
        if (frame**2).mean() < 1e-3:
            continue
        correlation = np.correlate(frame, frame, "full")[size - 1 :]
        lag = lowest + int(np.argmax(correlation[lowest:highest]))
        if correlation[lag] > 0.6 * correlation[0]:
            found.append(rate / lag)
    return np.array(found)


def spread(values: NDArray[np.float64]) -> float:
    """Distance between the 10th and the 90th percentile, as a fraction of the median."""
    low, middle, high = np.percentile(values, [10, 50, 90])
    return float((high - low) / middle)


def _rms(samples: NDArray[np.float32]) -> float:
    return float(np.sqrt(np.mean(np.square(samples)))) if samples.size else 0.0
