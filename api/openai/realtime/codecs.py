"""Sound on the wire: base64 of 16-bit PCM at 24 kHz, or of G.711 at 8 kHz, both mono; and the studio's own on the other side.

G.711 is ITU-T Recommendation G.711 (11/88): mu-law and A-law.
"""

from __future__ import annotations

import base64
import binascii
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from api.openai.errors import WrongParameter
from media.audio.resample import StreamResampler

FormatName = Literal["audio/pcm", "audio/pcmu", "audio/pcma"]
RATES: dict[FormatName, int] = {"audio/pcm": 24_000, "audio/pcmu": 8_000, "audio/pcma": 8_000}

PCM16 = np.dtype(np.int16).newbyteorder("little")
_QUALITY = "MQ"
_BIAS, _CLIP = 0x84, 32_635
_Int16 = NDArray[np.int16]


def _mulaw_table() -> _Int16:
    codes = ~np.arange(256, dtype=np.int32) & 0xFF
    magnitude = (((codes & 0x0F) << 3) + _BIAS << ((codes & 0x70) >> 4)) - _BIAS
    return np.where(codes & 0x80, -magnitude, magnitude).astype(np.int16)


def _alaw_table() -> _Int16:
    codes = np.arange(256, dtype=np.int32) ^ 0x55
    exponent, mantissa = (codes & 0x70) >> 4, (codes & 0x0F) << 4
    magnitude = np.where(exponent == 0, mantissa + 8, (mantissa + 0x108) << np.maximum(exponent - 1, 0))
    return np.where(codes & 0x80, magnitude, -magnitude).astype(np.int16)


_MULAW, _ALAW = _mulaw_table(), _alaw_table()


def from_mulaw(data: bytes) -> _Int16:
    return _MULAW[np.frombuffer(data, np.uint8)]


def from_alaw(data: bytes) -> _Int16:
    return _ALAW[np.frombuffer(data, np.uint8)]


def to_mulaw(samples: _Int16) -> bytes:
    wide = samples.astype(np.int32)
    magnitude = np.minimum(np.abs(wide), _CLIP) + _BIAS
    exponent = np.floor(np.log2(magnitude)).astype(np.int32) - 7
    mantissa = (magnitude >> (exponent + 3)) & 0x0F
    code = ~(np.where(wide < 0, 0x80, 0) | (exponent << 4) | mantissa)
    return (code & 0xFF).astype(np.uint8).tobytes()


def to_alaw(samples: _Int16) -> bytes:
    wide = samples.astype(np.int32)
    magnitude = np.minimum(np.where(wide < 0, -wide - 1, wide), 32_767)
    exponent = np.maximum(np.floor(np.log2(np.maximum(magnitude, 1))).astype(np.int32) - 7, 0)
    mantissa = np.where(exponent == 0, magnitude >> 4, magnitude >> (np.maximum(exponent, 1) + 3)) & 0x0F
    code = (np.where(wide < 0, 0, 0x80) | (exponent << 4) | mantissa) ^ 0x55
    return code.astype(np.uint8).tobytes()


class WireDecoder:
    """Sound of the client as 16-bit samples at another rate, a stream in pieces."""

    def __init__(self, format: FormatName, rate: int) -> None:
        self._format = format
        self._rate = RATES[format]
        self._stream = StreamResampler(self._rate, rate, 1, _QUALITY)

    def decode(self, audio: str) -> tuple[bytes, float]:
        """Return the decoded samples, and the length of the piece in milliseconds.

        Raises:
            WrongParameter: it is no base64, or no whole samples.
        """
        try:
            data = base64.b64decode(audio, validate=True)
        except (binascii.Error, ValueError):
            data = None
        if data is None or (self._format == "audio/pcm" and len(data) % 2):
            raise WrongParameter("openai.realtime-no-sound", param="audio", openai_code="invalid_value", format=self._format)
        read = {"audio/pcm": _pcm, "audio/pcmu": from_mulaw, "audio/pcma": from_alaw}[self._format]
        samples = read(data)
        ready = self._stream.process((samples.astype(np.float32) / np.float32(32_768))[:, np.newaxis])
        return to_pcm(ready[:, 0]), samples.size * 1000 / self._rate


class WireEncoder:
    """Sound of the studio for the client, one stream for each reply."""

    def __init__(self, format: FormatName, rate: int) -> None:
        self._format = format
        self._stream = StreamResampler(rate, RATES[format], 1, _QUALITY)

    def encode(self, pcm: bytes, last: bool = False) -> str:
        """Base64 of what is ready; "" for nothing. `last` gives the rest."""
        samples = np.frombuffer(pcm, PCM16).astype(np.float32) / np.float32(32_768)
        ready = np.frombuffer(to_pcm(self._stream.process(samples[:, np.newaxis], last)[:, 0]), PCM16).astype(np.int16)
        if not ready.size:
            return ""
        write = {"audio/pcm": _as_bytes, "audio/pcmu": to_mulaw, "audio/pcma": to_alaw}[self._format]
        return base64.b64encode(write(ready)).decode()


def to_pcm(samples: NDArray[np.float32]) -> bytes:
    """16-bit little-endian samples of sound between -1 and 1."""
    return np.clip(np.rint(samples * np.float32(32_768)), -32_768, 32_767).astype(PCM16).tobytes()


def _pcm(data: bytes) -> _Int16:
    return np.frombuffer(data, PCM16).astype(np.int16)


def _as_bytes(samples: _Int16) -> bytes:
    return samples.astype(PCM16).tobytes()
