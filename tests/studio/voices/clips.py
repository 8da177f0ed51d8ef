"""Clips for the tests of voices: real speech, and what is done to it."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np

from media.audio.audio import Audio
from media.audio.encode import write_audio
from media.audio.resample import resample
from studio.settings import VoiceSettings
from studio.voices import Voices
from tests.media.samples import encode_raw, sentence

SAMPLES = Path(__file__).parents[3] / "assets" / "voices"
CLIP = SAMPLES / "LJ001-0001.wav"  # 9.655 s, 22.05 kHz, mono
SHORT_CLIP = SAMPLES / "LJ001-0002.wav"  # 1.9 s
SAID = (
    "Printing, in the only sense with which we are at present concerned, differs from most if not from all the arts and crafts "
    "represented in the Exhibition"
)


def open_voices(folder: Path, **settings: float) -> Voices:
    return Voices(folder / "voices", SAMPLES, VoiceSettings(**settings))


def clip_of(audio: Audio, folder: Path, name: str = "clip.wav", format: str = "wav") -> Path:
    write_audio(folder / name, audio, format)
    return folder / name


def changed(folder: Path, samples: np.ndarray, rate: int = 22_050) -> Path:
    return clip_of(Audio(np.clip(samples, -1, 1).astype(np.float32), rate), folder, "changed.wav")


def noisy(signal_to_noise_db: float) -> np.ndarray:
    """The sentence with white noise under it."""
    speech = sentence().samples
    power = float(np.square(speech).mean()) / 10 ** (signal_to_noise_db / 10)
    return speech + np.random.default_rng(1).standard_normal(speech.shape).astype(np.float32) * np.sqrt(power)


def webm_of(audio: Audio, path: Path) -> Path:
    """What a browser records: Opus at 48 kHz in WebM."""
    encode_raw(path, "webm", "libopus", resample(audio, 48_000).mono().samples.T.copy(), 48_000, "mono", "flt")
    return path


def silent_video(path: Path) -> Path:
    """Moving pictures without a sound track."""
    with av.open(str(path), "w") as target:
        stream = target.add_stream("mpeg4", rate=10)
        stream.width, stream.height, stream.pix_fmt = 64, 64, "yuv420p"
        for shade in range(20):
            frame = av.VideoFrame.from_ndarray(np.full((64, 64, 3), shade * 10, np.uint8), format="rgb24")
            target.mux(stream.encode(frame))
        target.mux(stream.encode(None))
    return path
