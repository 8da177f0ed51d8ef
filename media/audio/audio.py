"""Sound as a value: the only type of sound that modules exchange."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from media.errors import MediaError

Samples = NDArray[np.float32]

_CANCELLED = 0.01
"""Power of what two channels have in common by that of what they have not, below which one of them is upside down."""


@dataclass(frozen=True, eq=False)
class Audio:
    """Samples with the rate that gives them meaning.

    Args:
        samples: float32, shape [frames, channels], nominal range -1..1. A one-dimensional array is taken as mono.
        rate: frames per second, in hertz.

    Raises:
        MediaError: for a wrong shape, a rate outside 4 to 384 kHz, or samples that are not finite.
    """

    samples: Samples
    rate: int

    def __post_init__(self) -> None:
        samples = np.asarray(self.samples, dtype=np.float32)
        if samples.ndim == 1:
            samples = samples[:, np.newaxis]
        if samples.ndim != 2 or samples.shape[1] < 1:
            raise MediaError("sound.shape-wrong", shape=list(samples.shape))
        if not 4_000 <= self.rate <= 384_000:
            raise MediaError("sound.rate-outside", rate=self.rate)
        if not np.isfinite(samples).all():
            raise MediaError("sound.not-numbers")
        samples = np.ascontiguousarray(samples).view()
        samples.setflags(write=False)
        object.__setattr__(self, "samples", samples)
        object.__setattr__(self, "rate", int(self.rate))

    @property
    def frames(self) -> int:
        return int(self.samples.shape[0])

    @property
    def channels(self) -> int:
        return int(self.samples.shape[1])

    @property
    def duration(self) -> float:
        """Length in seconds."""
        return self.frames / self.rate

    def mono(self) -> Audio:
        """The mean of all channels; of two channels of opposite polarity, which would cancel out, half their difference."""
        if self.channels == 1:
            return self
        mean = self.samples.mean(axis=1)
        if self.channels == 2:
            half: Samples = (self.samples[:, 0] - self.samples[:, 1]) * np.float32(0.5)
            if float(mean @ mean) < _CANCELLED * float(half @ half):
                return Audio(half, self.rate)
        return Audio(mean, self.rate)

    def slice(self, start: float, end: float) -> Audio:
        """Return the part between two times in seconds, limited to the length."""
        first, last = (min(self.frames, max(0, round(at * self.rate))) for at in (start, end))
        return Audio(self.samples[first : max(first, last)], self.rate)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Audio) and self.rate == other.rate and np.array_equal(self.samples, other.samples)


def silence(seconds: float, rate: int, channels: int = 1) -> Audio:
    """Return digital silence of the given length."""
    return Audio(np.zeros((round(seconds * rate), channels), np.float32), rate)


def concatenate(parts: Sequence[Audio]) -> Audio:
    """Join parts end to end.

    Raises:
        MediaError: there is none, or rates or channel counts differ (resample first: rates are never mixed silently).
    """
    if not parts:
        raise MediaError("sound.none-to-join")
    rates, channels = {part.rate for part in parts}, {part.channels for part in parts}
    if len(rates) > 1 or len(channels) > 1:
        raise MediaError("sound.kinds-differ", rates=sorted(rates), channels=sorted(channels))
    return Audio(np.concatenate([part.samples for part in parts]), parts[0].rate)
