"""A look-ahead limiter for a stream: no value between the samples exceeds the ceiling, and the timing does not change."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from media.audio.audio import Samples
from media.audio.loudness import PeakDetector, row_maxima

Curve = NDArray[np.float64]

_KNOT_SECONDS = 0.0005
_LOOK_AHEAD_KNOTS = 10
_RELEASE_SECONDS = 0.08


class Limiter:
    """A gain followed by a limiter that starts to attenuate 5 ms before a peak and recovers over about 80 ms.

    The gain curve is linear between knots half a millisecond apart. At each knot the attenuation is the mean, over the
    look-ahead, of the largest attenuation needed within it, so it is always sufficient and smooth. Memory is a few blocks. The
    same input gives the same output however it is divided into blocks, except for the last bits of the oversampling.

    Args:
        rate, channels: of the stream.
        gain: linear, applied before the limiter.
        ceiling: linear, the largest true peak of the output.
    """

    def __init__(self, rate: int, channels: int, gain: float, ceiling: float) -> None:
        self._gain, self._ceiling = gain, ceiling
        self._cell = max(1, round(rate * _KNOT_SECONDS))
        self._channels = channels
        self._peaks = PeakDetector(rate, channels)
        self._open_peaks = np.zeros(0, np.float32)
        self._sound = np.zeros((0, channels), np.float32)
        self._curve = _TurnDown(_LOOK_AHEAD_KNOTS, float(np.exp(-self._cell / rate / _RELEASE_SECONDS)))
        self._knots = np.zeros(0)

    def process(self, samples: Samples, last: bool = False) -> Samples:
        """Take samples [frames, channels] and return those whose gain is decided; `last` returns the rest."""
        self._sound = np.concatenate([self._sound, samples])
        peaks = np.concatenate([self._open_peaks, self._peaks.process(samples, last)])
        whole = peaks.size // self._cell * self._cell
        cells, self._open_peaks = row_maxima(peaks[:whole].reshape(-1, self._cell)), peaks[whole:]
        if last and self._open_peaks.size:
            cells = np.append(cells, self._open_peaks.max())
        with np.errstate(divide="ignore"):
            needed = np.maximum(0.0, 1.0 - self._ceiling / (self._gain * cells.astype(np.float64)))
        self._knots = np.concatenate([self._knots, self._curve.process(needed, last)])
        ready = self._sound.shape[0] if last else max(0, self._knots.size - 1) * self._cell
        return self._apply(min(ready, self._sound.shape[0]))

    def _apply(self, frames: int) -> Samples:
        """Return the first waiting frames with their gain; between two calls the first knot belongs to the first frame."""
        cells = -(-frames // self._cell)
        turn_down = self._knots[: cells + 1]
        sound, self._sound = self._sound[:frames], self._sound[frames:]
        self._knots = self._knots[cells:]
        if not turn_down.any():
            return sound * np.float32(self._gain)
        within = np.arange(self._cell) / self._cell
        lines = turn_down[:-1, np.newaxis] + np.diff(turn_down)[:, np.newaxis] * within
        factor = (self._gain * (1.0 - lines.reshape(-1)[:frames])).astype(np.float32)
        return sound * factor[:, np.newaxis]


class _TurnDown:
    """Computes from the attenuation that each cell needs (0 to 1) the smooth one at each knot; knot k is before cell k."""

    def __init__(self, look_ahead: int, decay: float) -> None:
        self._look_ahead = look_ahead
        self._decay = decay
        self._kernel = np.hanning(look_ahead + 2)[1:-1]
        self._kernel /= self._kernel.sum()
        self._before = 0.0
        self._released = 0.0
        self._waiting = np.zeros(look_ahead - 1)
        self._ended = False

    def process(self, needed: Curve, last: bool) -> Curve:
        """Return decided knots; with `last`, all of them up to the one after the final cell."""
        if last:
            needed = np.append(needed, np.zeros(self._look_ahead))
        at_knots = np.maximum(needed, np.concatenate([[self._before], needed[:-1]]))
        self._before = float(needed[-1]) if needed.size else self._before
        self._waiting = np.concatenate([self._waiting, self._release(at_knots)])
        reach = self._look_ahead
        if self._waiting.size < 2 * reach - 1:
            return np.zeros(0)
        from scipy.ndimage import maximum_filter1d  # not at the top: scipy takes as long to import as half of the page

        held = maximum_filter1d(self._waiting, reach, origin=-(reach // 2))[: self._waiting.size - reach + 1]
        smooth = np.convolve(held, self._kernel, "valid")
        self._waiting = self._waiting[smooth.size :]
        return smooth

    def _release(self, needed: Curve) -> Curve:
        """Return the running maximum of the needed attenuation and the previous one, which decays by `decay` from knot to
        knot."""
        if not needed.any() and self._released < 1e-6:
            self._released = 0.0
            return needed
        parts = []
        for first in range(0, needed.size, 1000):
            part = needed[first : first + 1000]
            fall = self._decay ** np.arange(1, part.size + 1)
            released = np.maximum(np.maximum.accumulate(part / fall), self._released) * fall
            self._released = float(released[-1])
            parts.append(released)
        return np.concatenate(parts) if parts else needed
