"""Sound as bytes during synthesis, for answers that begin before the last word is spoken."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterable, Iterator
from fractions import Fraction

import av
import numpy as np

from media.audio.audio import Audio, Samples
from media.audio.resample import StreamResampler
from media.errors import MediaError

PCM_RATE = 24_000
"""Raw samples do not state their rate; this is the one that clients of such a response expect."""

STREAMED_FORMATS: dict[str, str] = {"wav": "audio/wav", "pcm": "audio/pcm", "mp3": "audio/mpeg"}
"""Formats that can be sent as they grow, with their types."""

_UNKNOWN_LENGTH = 0xFFFFFFFF
_MP3_RATE = 44_100


def streamed(parts: Iterable[Audio], format: str) -> Iterator[bytes]:
    """Yield the bytes of each part as soon as it is available, as one channel of `format`.

    The rate is that of the first part (PCM: 24 kHz, MP3: 44.1 kHz); others are resampled. A WAV header declares the maximum
    length, as live recordings do.

    Raises:
        MediaError: the format cannot be streamed.
    """
    if format not in STREAMED_FORMATS:
        raise MediaError("sound.format-not-streamed", format=format, known=STREAMED_FORMATS)
    encoder: _Pcm | _Mp3 | None = None
    for part in parts:
        if encoder is None:
            encoder = _Mp3() if format == "mp3" else _Pcm(part.rate if format == "wav" else PCM_RATE, header=format == "wav")
        yield from encoder.add(part)
    if encoder is not None:
        yield from encoder.end()


class _OneRate:
    """Converts parts of any rate to one channel at one rate."""

    def __init__(self, rate: int) -> None:
        self.rate = rate

    def unified(self, part: Audio) -> Samples:
        return StreamResampler(part.rate, self.rate, 1).process(part.mono().samples, last=True)


class _Pcm:
    def __init__(self, rate: int, *, header: bool) -> None:
        self._sound, self._header = _OneRate(rate), header

    def add(self, part: Audio) -> Iterator[bytes]:
        if self._header:
            self._header = False
            rate = self._sound.rate
            facts = struct.pack("<4sI4s4sIHHIIHH", b"RIFF", _UNKNOWN_LENGTH, b"WAVE", b"fmt ", 16, 1, 1, rate, 2 * rate, 2, 16)
            yield facts + struct.pack("<4sI", b"data", _UNKNOWN_LENGTH - 36)
        yield (self._sound.unified(part).clip(-1, 1) * 32767).astype("<i2").tobytes()

    def end(self) -> Iterator[bytes]:
        yield from ()


class _Mp3:
    """Encodes with libmp3lame through libav into a buffer that is emptied after every part; without the header that would have
    to be written last."""

    def __init__(self) -> None:
        self._sound, self._written = _OneRate(_MP3_RATE), 0
        self._buffer = io.BytesIO()
        self._container = av.open(self._buffer, "w", format="mp3", options={"write_xing": "0", "id3v2_version": "0"})
        self._stream = self._container.add_stream("libmp3lame", rate=_MP3_RATE, layout="mono")
        self._stream.bit_rate = 96_000

    def add(self, part: Audio) -> Iterator[bytes]:
        samples = self._sound.unified(part)
        if samples.shape[0]:
            frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples.T), format="fltp", layout="mono")
            frame.sample_rate, frame.pts, frame.time_base = _MP3_RATE, self._written, Fraction(1, _MP3_RATE)
            self._written += samples.shape[0]
            self._container.mux(self._stream.encode(frame))
        yield self._taken()

    def end(self) -> Iterator[bytes]:
        self._container.mux(self._stream.encode(None))
        self._container.close()
        yield self._taken()

    def _taken(self) -> bytes:
        data = self._buffer.getvalue()
        self._buffer.seek(0)
        self._buffer.truncate()
        return data
