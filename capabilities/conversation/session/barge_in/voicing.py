"""Features of a short sound: pitch, spectrum, and their changes.

Pitch by the normalised autocorrelation of Boersma (1993), in frames of 32 ms; a cough, a bang or a fan has none.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

RATE = 16_000
_FRAME, _HOP = 512, 256
_LOWEST, _HIGHEST = 70.0, 420.0
_PITCHED = 0.55
_HUM_ABOVE = 900.0
_SOFTEST = 10 ** (-50 / 20)


@dataclass(frozen=True)
class SoundFeatures:
    """Of a stretch of sound.

    Args:
        voiced: share of its loud frames that have a pitch, 0 to 1.
        bright: share of the energy of its voiced frames above 900 Hz; a hum through the nose has next to none.
        level: root mean square.
        vowels: how much the colour of its voiced frames changes, 0 for a hum that is held; speech moves.
    """

    voiced: float
    bright: float
    level: float
    vowels: float


def features_of(sound: NDArray[np.float32]) -> SoundFeatures:
    """Of mono sound at 16 kHz; all 0 where there is less than one frame."""
    if sound.size < _FRAME:
        return SoundFeatures(0.0, 0.0, 0.0, 0.0)
    frames = np.lib.stride_tricks.sliding_window_view(sound, _FRAME)[::_HOP]
    levels = np.sqrt(np.mean(np.square(frames), axis=1))
    loudest = float(levels.max())
    loud = frames[levels > max(0.25 * loudest, _SOFTEST)]
    if not len(loud):
        return SoundFeatures(0.0, 0.0, loudest, 0.0)
    pitched = np.array([_pitch_strength(frame) for frame in loud]) > _PITCHED
    power = np.square(np.abs(np.fft.rfft(loud * np.hanning(_FRAME).astype(np.float32), axis=1)))[:, 2:]
    share = power / np.maximum(power.sum(axis=1, keepdims=True), 1e-12)
    high = share[:, int(_HUM_ABOVE / RATE * _FRAME) - 2 :].sum(axis=1)
    voices = share[pitched]
    moved = float(np.abs(np.diff(_bands(voices), axis=0)).sum(axis=1).mean()) if len(voices) > 1 else 0.0
    return SoundFeatures(float(pitched.mean()), float(high[pitched].mean()) if pitched.any() else 0.0, loudest, moved)


def _bands(share: NDArray[np.float32]) -> NDArray[np.float64]:
    edges = (0, 10, 20, 32, 50, 80, 130, share.shape[1])
    return np.stack([share[:, one:other].sum(axis=1) for one, other in pairwise(edges)], axis=1)


def _pitch_strength(frame: NDArray[np.float32]) -> float:
    centred = frame - frame.mean()
    window = np.hanning(frame.size)
    spectrum = np.fft.rfft(centred * window, 2 * frame.size)
    correlation = np.fft.irfft(np.square(np.abs(spectrum)))[: frame.size]
    shape = np.fft.irfft(np.square(np.abs(np.fft.rfft(window, 2 * frame.size))))[: frame.size]
    if correlation[0] <= 1e-9:
        return 0.0
    normal = correlation / correlation[0] / np.maximum(shape / shape[0], 0.05)
    first, last = int(RATE / _HIGHEST), min(int(RATE / _LOWEST), frame.size // 2)
    return float(normal[first:last].max())
