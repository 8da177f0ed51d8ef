"""Requirements of Audible's exchange (ACX), measured on the decoded file.

Its published audio submission requirements: 44.1 kHz, MP3 of a constant 192 kbit/s or more, RMS between -23 and -18 dB, peaks of
at most -3 dB, a noise floor of at most -60 dB, half a second to one second of room tone before and one to five after, no file
over 120 minutes.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np

from media.audio.audio import Audio
from media.audio.decode import iterate_audio

LOUDEST_RMS, QUIETEST_RMS = -18.0, -23.0
HIGHEST_PEAK = -3.0
HIGHEST_FLOOR = -60.0
SHORTEST_HEAD, LONGEST_HEAD = 0.5, 1.0
SHORTEST_TAIL, LONGEST_TAIL = 1.0, 5.0
LONGEST_SECONDS = 7_200.0
LEAST_BIT_RATE = 192_000
RATE = 44_100

_FLOOR_WINDOW = 0.5
_FLOOR_PERCENTILE = 2.0
_EDGE_WINDOW = 0.01
_SPEECH_LEVEL = -50.0


@dataclass(frozen=True)
class AcxReading:
    """The measured values of a file: levels in dB of full scale, lengths in seconds.

    Args:
        floor: the second percentile of the levels of half seconds. head, tail: before the first sound over -50 dB and after the
            last. bit_rate: bits a second, 0 if it changes or is unknown.
    """

    rms: float
    peak: float
    floor: float
    head: float
    tail: float
    duration: float
    rate: int
    channels: int
    bit_rate: int

    @property
    def failures(self) -> tuple[str, ...]:
        """Return the names of the requirements that the file does not meet."""
        met = {
            "RMS": QUIETEST_RMS <= self.rms <= LOUDEST_RMS,
            "peak": self.peak <= HIGHEST_PEAK,
            "noise floor": self.floor <= HIGHEST_FLOOR,
            "room tone before": SHORTEST_HEAD <= self.head <= LONGEST_HEAD,
            "room tone after": SHORTEST_TAIL <= self.tail <= LONGEST_TAIL,
            "length": self.duration <= LONGEST_SECONDS,
            "rate": self.rate == RATE,
            "bit rate": self.bit_rate >= LEAST_BIT_RATE,
        }
        return tuple(name for name, good in met.items() if not good)


def read_acx(path: Path) -> AcxReading:
    """Measure a finished file, decoded.

    Raises:
        MediaError: it cannot be read.
    """
    meter = _Meter()
    for block in iterate_audio(path):
        meter.add(block)
    with av.open(f"file:{path.absolute()}") as container:
        stream = container.streams.audio[0]
        bit_rate, rate, channels = int(stream.bit_rate or 0), int(stream.rate), int(stream.channels)
    return AcxReading(
        rms=_decibels(math.sqrt(meter.power)), peak=_decibels(meter.peak), floor=meter.floor(), head=meter.head, tail=meter.tail,
        duration=meter.frames / max(1, meter.rate), rate=rate, channels=channels, bit_rate=bit_rate,
    )  # fmt: skip


def rms_and_peak(blocks: Iterable[Audio]) -> tuple[float, float]:
    """Return the RMS and the highest sample of a programme, in dB of full scale; -inf for silence."""
    meter = _Meter()
    for block in blocks:
        meter.add(block)
    return _decibels(math.sqrt(meter.power)), _decibels(meter.peak)


class _Meter:
    """Sums over a stream of blocks of one kind; memory is eight bytes for each hundredth of a second."""

    def __init__(self) -> None:
        self.rate, self.frames, self.peak = 0, 0, 0.0
        self._energy = 0.0
        self._windows: list[np.ndarray] = []
        self._rest = np.zeros(0)

    def add(self, block: Audio) -> None:
        self.rate = block.rate
        self.frames += block.frames
        squares = np.square(block.samples, dtype=np.float64).mean(axis=1)
        self._energy += float(squares.sum())
        self.peak = max(self.peak, float(np.abs(block.samples).max(initial=0.0)))
        size = max(1, round(_EDGE_WINDOW * block.rate))
        held = np.concatenate([self._rest, squares])
        whole = held.size // size * size
        self._windows.append(held[:whole].reshape(-1, size).mean(axis=1))
        self._rest = held[whole:]

    @property
    def power(self) -> float:
        return self._energy / max(1, self.frames)

    def floor(self) -> float:
        """The level of the quietest half seconds."""
        windows = self._all()
        count = max(1, round(_FLOOR_WINDOW / _EDGE_WINDOW))
        if windows.size < count:
            return _decibels(math.sqrt(float(windows.mean()))) if windows.size else -math.inf
        means = np.convolve(windows, np.full(count, 1 / count), "valid")
        return _decibels(math.sqrt(max(0.0, float(np.percentile(means, _FLOOR_PERCENTILE)))))

    @property
    def head(self) -> float:
        """Seconds before the first sound; all of a silent file."""
        heard = self._heard()
        return float(heard[0] if heard.size else self._all().size) * _EDGE_WINDOW

    @property
    def tail(self) -> float:
        heard = self._heard()
        return float(self._all().size - 1 - heard[-1] if heard.size else self._all().size) * _EDGE_WINDOW

    def _heard(self) -> np.ndarray:
        return np.flatnonzero(self._all() > 10 ** (_SPEECH_LEVEL / 10))

    def _all(self) -> np.ndarray:
        self._windows = [np.concatenate(self._windows)] if self._windows else [np.zeros(0)]
        return self._windows[0]


def _decibels(value: float) -> float:
    return 20 * math.log10(value) if value > 0 else -math.inf
