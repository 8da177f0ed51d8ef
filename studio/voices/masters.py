"""The master of a voice: one PCM WAV at the clip's own rate and channels, with exactly the samples that were decoded."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

import numpy as np
import soundfile

from media.audio.audio import Audio
from studio.errors import MediaError

_SIXTEEN = 2.0**15
_TWENTY_FOUR = 2.0**23
MOST_SAMPLES = 64 * 1024**2
"""Of all channels: six minutes of stereo at 96 kHz, far more than any voice is. A few MB of FLAC can hold hours of silence."""


def write_master(path: Path, audio: Audio) -> Audio:
    """Write `audio` as WAV and return the stored sound.

    16 bits if they represent every sample exactly, else 24: the level is never changed. Samples beyond full scale, which lossy
    formats produce, cannot be stored in a PCM file; they are clipped at full scale.
    """
    sixteen = np.rint(audio.samples * _SIXTEEN)
    if np.array_equal(sixteen / _SIXTEEN, audio.samples) and np.max(sixteen, initial=0) < _SIXTEEN:
        soundfile.write(path, sixteen.astype(np.int16), audio.rate, subtype="PCM_16", format="WAV")
    else:
        scaled = np.clip(np.rint(audio.samples.astype(np.float64) * _TWENTY_FOUR), -_TWENTY_FOUR, _TWENTY_FOUR - 1)
        soundfile.write(path, scaled.astype(np.int32) << 8, audio.rate, subtype="PCM_24", format="WAV")
    return read_master(path)


def read_master(path: Path) -> Audio:
    """Read the sound of a master.

    Raises:
        MediaError: the file is missing, is not a WAV, is truncated, or is longer than any voice.
    """
    damaged = MediaError("voice.sound-lost")
    try:
        with soundfile.SoundFile(path) as file:
            if file.format not in ("WAV", "WAVEX") or file.frames * file.channels > MOST_SAMPLES:
                raise damaged
            samples, rate = file.read(dtype="float32", always_2d=True), file.samplerate
    except (OSError, soundfile.SoundFileError):
        raise damaged from None
    return Audio(samples, rate)


def sound_hash(audio: Audio) -> str:
    """Return the SHA-256 over rate, channels and samples: the same for the same sound in any file."""
    digest = sha256(f"{audio.rate} {audio.channels} ".encode())
    digest.update(np.ascontiguousarray(audio.samples, dtype="<f4").tobytes())
    return digest.hexdigest()
