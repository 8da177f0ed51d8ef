"""Levels the voices of all engines while they speak, so that all are equally loud."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

TARGET = 10 ** (-21 / 20)
"""Root mean square of speech, pauses left out."""

_LEAST, _MOST = 0.25, 4.0
_QUIET = 0.01
_PEAK = 0.97


class LiveLevel:
    """For one voice. The first piece sets the gain, later ones move it slowly; nothing is clipped."""

    def __init__(self) -> None:
        self._power = 0.0
        self._samples = 0

    def pcm(self, sound: NDArray[np.float32]) -> bytes:
        """16-bit little-endian samples of the levelled sound."""
        loud = sound[np.abs(sound) > _QUIET]
        if loud.size:
            kept = min(self._samples, 1_000_000)
            self._power = (self._power * kept + float(np.square(loud, dtype=np.float64).sum())) / (kept + loud.size)
            self._samples = kept + loud.size
        gain = min(_MOST, max(_LEAST, TARGET / np.sqrt(self._power))) if self._power else 1.0
        peak = float(np.abs(sound).max()) if sound.size else 0.0
        gain = min(gain, _PEAK / peak) if peak else gain
        return (np.clip(sound * gain, -1, 1) * 32767).astype("<i2").tobytes()
