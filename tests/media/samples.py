"""Sounds for the tests: real speech from the assets, and signals whose right answer is known."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from functools import cache
from pathlib import Path

import av
import numpy as np

from media.audio.audio import Audio, concatenate
from media.audio.decode import decode_audio

VOICES = sorted((Path(__file__).parents[2] / "assets" / "voices").glob("LJ001-*.wav"))


@cache
def speech() -> Audio:
    """About 31 seconds of one reader."""
    return concatenate([decode_audio(path) for path in VOICES])


@cache
def sentence() -> Audio:
    """About ten seconds of her."""
    return decode_audio(VOICES[0])


def sine(
    frequency: float, seconds: float, rate: int = 48_000, amplitude: float = 0.5, channels: int = 1, phase: float = 0
) -> Audio:
    wave = amplitude * np.sin(2 * np.pi * frequency * np.arange(round(seconds * rate)) / rate + phase)
    return Audio(np.repeat(wave[:, np.newaxis], channels, axis=1).astype(np.float32), rate)


def noise(seconds: float, rate: int = 22_050, amplitude: float = 0.1, channels: int = 1, seed: int = 1) -> Audio:
    samples = np.random.default_rng(seed).standard_normal((round(seconds * rate), channels), np.float32)
    return Audio(samples * np.float32(amplitude), rate)


def in_blocks(audio: Audio, frames: int = 10_000) -> Callable[[], Iterator[Audio]]:
    return lambda: (Audio(audio.samples[at : at + frames], audio.rate) for at in range(0, audio.frames, frames))


def lag(one: Audio, other: Audio) -> int:
    """By how many frames `other` comes later, from the peak of their correlation."""
    length = min(one.frames, other.frames)
    size = 2 ** int(np.ceil(np.log2(2 * length)))
    spectrum = np.fft.rfft(other.mono().samples[:length, 0], size) * np.conj(np.fft.rfft(one.mono().samples[:length, 0], size))
    peak = int(np.argmax(np.fft.irfft(spectrum, size)))
    return peak if peak < size // 2 else peak - size


def encode_raw(path: Path, container: str, codec: str, samples: np.ndarray, rate: int, layout: str, sample_format: str) -> None:
    """A sound file written by libav alone, without this program's writer; `samples` is as libav wants it."""
    with av.open(str(path), "w", format=container) as target:
        stream = target.add_stream(codec, rate=rate, layout=layout)
        assert isinstance(stream, av.AudioStream)
        target.mux(stream.encode(_frame(samples, sample_format, layout, rate)))
        target.mux(stream.encode(None))


def encode_video(path: Path, container: str, codec: str, sound_codec: str | None, sound: Audio) -> None:
    """One second of moving grey, with or without a sound track."""
    with av.open(str(path), "w", format=container) as target:
        pictures = target.add_stream(codec, rate=10)
        assert isinstance(pictures, av.VideoStream)
        pictures.width, pictures.height, pictures.pix_fmt = 64, 64, "yuv420p"
        track = target.add_stream(sound_codec, rate=sound.rate, layout="mono") if sound_codec else None
        for number in range(10):
            picture = av.VideoFrame.from_ndarray(np.full((64, 64, 3), number * 20, np.uint8), format="rgb24")
            target.mux(pictures.encode(picture))
        target.mux(pictures.encode(None))
        if isinstance(track, av.AudioStream):
            target.mux(track.encode(_frame(np.ascontiguousarray(sound.samples.T), "fltp", "mono", sound.rate)))
            target.mux(track.encode(None))


def _frame(samples: np.ndarray, sample_format: str, layout: str, rate: int) -> av.AudioFrame:
    frame = av.AudioFrame.from_ndarray(samples, format=sample_format, layout=layout)
    frame.sample_rate, frame.pts, frame.time_base = rate, 0, Fraction(1, rate)
    return frame
