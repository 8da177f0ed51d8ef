"""Sample rate conversion by libsoxr (very high quality, linear phase), used everywhere in this program."""

from __future__ import annotations

import numpy as np
import soxr

from media.audio.audio import Audio, Samples

_QUALITY = "VHQ"


def resample(audio: Audio, rate: int) -> Audio:
    """Return the same sound at another rate, exactly `round(frames * rate / audio.rate)` frames long and not shifted in time.

    Raises:
        MediaError: the rate is outside the range of Audio.
    """
    if rate == audio.rate:
        return audio
    length = round(audio.frames * rate / audio.rate)
    if length == 0:
        return Audio(np.zeros((0, audio.channels), np.float32), rate)
    return Audio(_exactly(soxr.resample(audio.samples, audio.rate, rate, quality=_QUALITY), length), rate)


def _exactly(samples: Samples, length: int) -> Samples:
    """Cut, or pad with the last value, by the frame that the library's rounding may differ."""
    missing = length - samples.shape[0]
    return samples[:length] if missing <= 0 else np.pad(samples, ((0, missing), (0, 0)), mode="edge")


class StreamResampler:
    """Resamples a stream of blocks; its output is delayed, but total length and timing are exact.

    Args:
        rate_in, rate_out: in hertz; with equal rates the blocks are unchanged.
        channels: of every block.
        quality: a libsoxr quality name; measuring needs less than listening.
    """

    def __init__(self, rate_in: int, rate_out: int, channels: int, quality: str = _QUALITY) -> None:
        self._ratio = (rate_out, rate_in)
        self._stream = None
        if rate_in != rate_out:
            self._stream = soxr.ResampleStream(rate_in, rate_out, channels, dtype="float32", quality=quality)
        self._taken = self._given = 0

    def process(self, samples: Samples, last: bool = False) -> Samples:
        """Take one block [frames, channels] (it may be empty) and return what is ready; `last` returns the rest."""
        if self._stream is None:
            return samples
        self._taken += samples.shape[0]
        ready = self._stream.resample_chunk(np.ascontiguousarray(samples), last=last)
        rate_out, rate_in = self._ratio
        if last and ready.shape[0]:
            ready = _exactly(ready, round(self._taken * rate_out / rate_in) - self._given)
        self._given += ready.shape[0]
        return ready
