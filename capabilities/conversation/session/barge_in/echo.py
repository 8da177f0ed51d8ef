"""Detects the studio's own loudspeaker in the microphone's sound, by comparison with what was being played.

The delay is the maximum of the generalised cross-correlation with phase transform (Knapp and Carter, 1976); there the
magnitude-squared coherence gives the share of the microphone's sound that follows from the loudspeaker's (Carter, 1987).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

RATE = 16_000
LONGEST_DELAY = 0.4
"""Seconds between the report that something was played and its sound in the microphone."""

_FRAME, _HOP = 512, 128
_FROM, _TO = 300.0, 3400.0
_FEWEST_FRAMES = 8


def echo_share(microphone: NDArray[np.float32], played: NDArray[np.float32]) -> float:
    """Return the share of the microphone's sound that was played by the loudspeaker, 0 to 1.

    Args:
        microphone: mono at 16 kHz, some 0.2 to 0.5 s.
        played: the loudspeaker's sound from `LONGEST_DELAY` before the microphone's first sample on, at least as long.
    """
    lead = played.size - microphone.size
    if microphone.size < _FRAME + _FEWEST_FRAMES * _HOP or lead < 0 or not played.any():
        return 0.0
    at = _best_place(microphone, played, lead)
    return _coherence(microphone, played[at : at + microphone.size])


def _best_place(microphone: NDArray[np.float32], played: NDArray[np.float32], lead: int) -> int:
    size = 1 << int(np.ceil(np.log2(microphone.size + played.size)))
    cross = np.fft.rfft(played, size) * np.conj(np.fft.rfft(microphone, size))
    frequencies = np.fft.rfftfreq(size, 1 / RATE)
    cross[(frequencies < _FROM) | (frequencies > _TO)] = 0
    cross /= np.abs(cross) ** 0.7 + 1e-9  # between plain correlation and the full transform, which is sensitive to noise
    return int(np.argmax(np.fft.irfft(cross, size)[: lead + 1]))


def _coherence(one: NDArray[np.float32], other: NDArray[np.float32]) -> float:
    first, second = _spectra(one), _spectra(other)
    cross = np.square(np.abs((first * np.conj(second)).mean(axis=0)))
    powers = np.square(np.abs(first)).mean(axis=0), np.square(np.abs(second)).mean(axis=0)
    coherence = cross / np.maximum(powers[0] * powers[1], 1e-20)
    weight = powers[0] / max(float(powers[0].sum()), 1e-20)
    return float((coherence * weight).sum())


def _spectra(sound: NDArray[np.float32]) -> NDArray[np.complex128]:
    frames = np.lib.stride_tricks.sliding_window_view(sound, _FRAME)[::_HOP] * np.hanning(_FRAME)
    first, last = int(_FROM / RATE * _FRAME), int(_TO / RATE * _FRAME)
    return np.fft.rfft(frames, axis=1)[:, first:last]
