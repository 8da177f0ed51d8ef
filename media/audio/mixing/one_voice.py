"""Many channels mixed to one for engines that take only one, without losing a voice where channels cancel each other."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from media.audio.audio import Audio

ACTIVE_DB = 20.0
"""A channel this far below the loudest holds nothing that counts."""
CANCELLED_DB = 10.0
"""A mean this far below the loudest channel has lost the voice."""
_OPPOSED = -0.7


@dataclass(frozen=True)
class ChannelUse:
    """The content of a sound's channels.

    Args:
        active: numbers of the channels with sound. opposed: those of them whose polarity is opposite to the loudest.
        loss_db: how far their mean is below the loudest channel, in dB; infinite if it is silence.
    """

    active: tuple[int, ...]
    opposed: tuple[int, ...]
    loss_db: float


def channel_use(audio: Audio) -> ChannelUse:
    """Analyse the channels of one sound, without constant offsets."""
    samples = audio.samples.astype(np.float64)
    samples -= samples.mean(axis=0, keepdims=True) if samples.size else 0.0
    power = np.square(samples).mean(axis=0) if samples.size else np.zeros(audio.channels)
    loudest = int(power.argmax())
    if power[loudest] <= 0:
        return ChannelUse((), (), 0.0)
    active = tuple(int(one) for one in np.flatnonzero(power > power[loudest] * 10 ** (-ACTIVE_DB / 10)))
    opposed = tuple(one for one in active if _likeness(samples[:, one], samples[:, loudest]) < _OPPOSED)
    mean = float(np.square(samples.mean(axis=1)).mean())
    loss = float("inf") if mean <= power[loudest] * 1e-9 else 10 * float(np.log10(power[loudest] / mean))
    return ChannelUse(active, opposed, loss)


def one_voice(audio: Audio) -> Audio:
    """Return the mean of the channels; if the voice cancels out in it, the loudest channel."""
    if audio.channels == 1 or not audio.frames or channel_use(audio).loss_db < CANCELLED_DB:
        return audio.mono()
    power = np.square(audio.samples, dtype=np.float64).mean(axis=0)
    return Audio(np.ascontiguousarray(audio.samples[:, [int(power.argmax())]]), audio.rate)


def _likeness(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    size = float(np.sqrt(np.square(one).sum() * np.square(other).sum()))
    return float((one * other).sum()) / size if size else 0.0
