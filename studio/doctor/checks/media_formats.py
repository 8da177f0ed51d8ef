"""Checks of the libraries for sound and pictures: round trips of every format, and resampling compared with stored values."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from fractions import Fraction
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from media.audio.audio import Audio
from media.audio.decode import decode_audio
from media.audio.encode import AUDIO_FORMATS, write_audio
from media.audio.resample import resample
from media.errors import MediaError
from media.video.images import read_image, write_picture
from media.video.read import probe_video, read_frames
from media.video.write import VideoWriter
from studio.doctor.context import DoctorContext
from studio.doctor.report import CheckResult, CheckStatus

GROUP = "Sound and pictures"
RATE = 48_000
REINSTALL = "Delete the folder .venv and start ./launch.sh; it installs the libraries again."
LEAST_LIKENESS = {"lossless": 0.9999, "lossy": 0.97}


def tone(rate: int, seconds: float = 1.0) -> Audio:
    """Return a chord with a slow swell: [rate * seconds, 1]."""
    at = np.arange(round(rate * seconds)) / rate
    wave = sum(np.sin(2 * np.pi * pitch * at) for pitch in (220.0, 554.37, 1318.5)) / 4
    return Audio((wave * (0.5 + 0.5 * np.sin(2 * np.pi * 2 * at)))[:, None].astype(np.float32), rate)


def formats(context: DoctorContext) -> Iterator[CheckResult]:
    """Write, read and compare one second of sound in each format, a few pictures as a video, and every picture format."""
    with tempfile.TemporaryDirectory(prefix="doctor-") as folder:
        for key, kind in AUDIO_FORMATS.items():
            yield _tried(kind.title, partial(_sound, Path(folder), key))
        yield _tried("Video (H.264)", partial(_video, Path(folder)))
        for ending in (".png", ".jpg", ".webp"):
            yield _tried(ending[1:].upper(), partial(_picture, Path(folder) / f"p{ending}"))


def resampling(context: DoctorContext) -> Iterator[CheckResult]:
    """Check resampling from 48 kHz to 16 kHz: a tone keeps its form, and one above the Nyquist frequency disappears."""
    began = time.perf_counter()
    down, wanted = resample(tone(RATE), 16_000), tone(16_000)
    inside = slice(800, 15_200)
    error = float(np.abs(down.samples[inside] - wanted.samples[inside]).max())
    at = np.arange(RATE) / RATE
    above = resample(Audio(np.sin(2 * np.pi * 11_000 * at)[:, None].astype(np.float32), RATE), 16_000)
    leak = float(np.abs(above.samples[inside]).max())
    seconds = time.perf_counter() - began
    if error > 1e-3 or leak > 1e-3:
        sentence = f"Resampled sound is wrong by {error:.2g}, and {leak:.2g} of what cannot be kept comes back as another tone."
        yield CheckResult(GROUP, "Resampling", CheckStatus.FAILED, sentence, REINSTALL, seconds)
    else:
        yield CheckResult(
            GROUP, "Resampling", CheckStatus.OK, "48 kHz to 16 kHz as calculated, nothing folded back.", seconds=seconds
        )


def _tried(name: str, attempt: Callable[[], str]) -> CheckResult:
    began = time.perf_counter()
    try:
        wrong = attempt()
    except (MediaError, OSError) as error:
        wrong = str(error)
    seconds = time.perf_counter() - began
    if wrong:
        return CheckResult(GROUP, name, CheckStatus.FAILED, wrong, REINSTALL, seconds)
    return CheckResult(GROUP, name, CheckStatus.OK, "Written and read back.", seconds=seconds)


def _sound(folder: Path, key: str) -> str:
    kind, given = AUDIO_FORMATS[key], tone(RATE)
    path = folder / f"tone{kind.extension}"
    write_audio(path, given, format=key)
    back = resample(decode_audio(path), RATE)
    length = min(len(back.samples), len(given.samples))
    a, b = given.samples[:length, 0], back.samples[:length, 0]
    best = _likeness(a, b)
    least = LEAST_LIKENESS["lossy" if kind.lossy else "lossless"]
    return "" if best >= least else f"What was read back is not what was written (likeness {best:.3f})."


def _likeness(a: NDArray[np.float32], b: NDArray[np.float32]) -> float:
    """Return the maximum of the cross-correlation, because a codec may delay the sound."""
    size = 2 * len(a)
    shifted = np.fft.irfft(np.fft.rfft(a, size) * np.conj(np.fft.rfft(b, size)), size)
    return float(shifted.max() / (np.linalg.norm(a) * np.linalg.norm(b) + 1e-12))


def _video(folder: Path) -> str:
    rows, columns = np.mgrid[0:96, 0:128]
    pictures = [np.stack([(rows * 2 + 9 * n) % 256, columns, np.full_like(rows, 90)], -1).astype(np.uint8) for n in range(10)]
    path = folder / "film.mp4"
    with VideoWriter(path, (128, 96), Fraction(25)) as writer:
        for picture in pictures:
            writer.write(picture)
    if probe_video(path).frames != len(pictures):
        return f"{probe_video(path).frames} pictures came back of {len(pictures)}."
    for shown, picture in zip(read_frames(path), pictures, strict=True):
        if float(np.abs(shown.picture.astype(int) - picture).mean()) > 12:
            return "The pictures of a video came back wrong."
    return ""


def _picture(path: Path) -> str:
    rows, columns = np.mgrid[0:64, 0:64]
    picture = np.stack([rows * 4, columns * 4, (rows + columns) * 2], -1).astype(np.uint8)
    write_picture(path, picture)
    return "" if float(np.abs(read_image(path).astype(int) - picture).mean()) < 6 else "The picture came back wrong."
