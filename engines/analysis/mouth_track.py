"""Converts speech to a mouth track by the best available method: exact times, alignment to a known text, phones, or loudness."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engines.analysis.visemes import LEAD, Viseme, from_arpabet, from_ipa, track_of
from engines.common.pocketsphinx_library import ALIGNED, PHONES, SphinxDecoder
from engines.contract.analysis import MouthTrackRequest
from engines.contract.errors import EngineError
from engines.contract.faces import TRACK_RATE, MouthTrack
from media.audio.decode import iterate_audio, probe
from media.audio.resample import StreamResampler

_RATE = 16_000
_BLOCK_SECONDS = 20.0
_TRAVEL = 1.18
"""Widest openings of a track from a known text by those of the mean, over the reader's sentences."""
_LONGEST_ALIGNED = 60.0
"""Seconds of sound that are aligned to a text in one piece; alignment of more goes astray."""


def mouth_track_of(request: MouthTrackRequest, progress: Callable[[float], None]) -> MouthTrack:
    """Return the mouth track of a sound, which is read in blocks.

    Args:
        progress: called between blocks with the finished share; raises to cancel.

    Raises:
        MediaError: the sound cannot be read.
    """
    exact = _exact(request.marks)
    if exact is not None:
        return exact
    english = request.language.split("-")[0].lower() in ("", "en")
    if request.text and english:
        blocks = list(islice(_sound(request.sound), int(_LONGEST_ALIGNED / _BLOCK_SECONDS) + 1))
        if blocks and len(blocks) * _BLOCK_SECONDS <= _LONGEST_ALIGNED:
            aligned = _aligned(np.concatenate(blocks), request.text)
            if aligned is not None:
                return aligned
    return _recognised(request.sound, english, progress)


def _recognised(sound: Path, english: bool, progress: Callable[[float], None]) -> MouthTrack:
    parts: list[NDArray[np.float32]] = []
    phones, whole = False, max(probe(sound).duration, _BLOCK_SECONDS)
    for number, samples in enumerate(_sound(sound)):
        progress(min(1.0, number * _BLOCK_SECONDS / whole))
        loud = loudness_track(samples)
        recognised = _phones(samples) if english else None
        if recognised is not None:
            phones = True
            seen = track_of(recognised, len(samples) / _RATE)[: len(loud)]
            loud = _blend(seen, loud[: len(seen)])
        parts.append(loud)
    values = np.concatenate(parts) if parts else np.zeros((0, 4), np.float32)
    return MouthTrack(values.astype(np.float32), "phones" if phones else "loudness")


def _blend(seen: NDArray[np.float32], loud: NDArray[np.float32]) -> NDArray[np.float32]:
    """Between both, but closures that were recognised stay closed and silence stays shut.

    The mean of two guesses is flatter than either; it is brought to the travel that a known text gives. What lips do beside
    opening, the sounds tell and not the loudness.
    """
    mean = (seen + loud) / 2
    mean[:, 0] *= _TRAVEL
    mean[:, 1:3] = 0.75 * seen[:, 1:3] + 0.25 * loud[:, 1:3]
    shut = np.clip(seen[:, 3] / 0.4, 0, 1)
    mean[:, 0] = mean[:, 0] * (1 - shut) + seen[:, 0] * shut
    mean[:, 3] = seen[:, 3]
    return mean.astype(np.float32)


def _exact(marks: Path | None) -> MouthTrack | None:
    """The track of a narration's own phoneme times; None where an engine gave none for some piece."""
    if marks is None:
        return None
    try:
        told = json.loads(marks.read_bytes())
        pieces = [[(str(text), float(start), float(end)) for text, start, end in one["phonemes"]] for one in told["segments"]]
        seconds = float(told["duration"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    if not pieces or not all(pieces):
        return None
    return MouthTrack(track_of(from_ipa([mark for piece in pieces for mark in piece]), seconds), "exact")


def _sound(path: Path) -> Iterator[NDArray[np.float32]]:
    """Mono blocks at 16 kHz, _BLOCK_SECONDS each but the last."""
    resampler: StreamResampler | None = None
    waiting = np.zeros(0, np.float32)
    size = int(_BLOCK_SECONDS * _RATE)
    for block in iterate_audio(path, 5.0):
        if resampler is None:
            resampler = StreamResampler(block.rate, _RATE, 1, "HQ")
        waiting = np.concatenate([waiting, resampler.process(block.mono().samples)[:, 0]])
        while len(waiting) >= size:
            yield waiting[:size]
            waiting = waiting[size:]
    if resampler is not None:
        waiting = np.concatenate([waiting, resampler.process(np.zeros((0, 1), np.float32), last=True)[:, 0]])
    if len(waiting):
        yield waiting


def loudness_track(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """Values of a track from any language: loudness opens the mouth, the balance of low and middle tones shapes it.

    Args:
        samples: mono at 16 kHz.
    """
    hop, window, bins = _RATE // TRACK_RATE, 400, 512
    padded = np.pad(samples, (window // 2, window))
    steps = max(1, int(np.ceil(len(samples) / hop)))
    frames = np.lib.stride_tricks.sliding_window_view(padded, window)[::hop][:steps]
    power = np.abs(np.fft.rfft(frames * np.hanning(window), bins)) ** 2
    tones = np.fft.rfftfreq(bins, 1 / _RATE)

    def band(low: float, high: float) -> NDArray:
        return power[:, (tones > low) & (tones < high)].sum(axis=1) + 1e-9

    level = 10 * np.log10(band(80, 4000))
    top = max(float(np.percentile(level, 95)), -25.0)
    floor = max(float(np.percentile(level, 8)), top - 45)
    spoken = np.clip((level - floor - 0.25 * (top - floor)) / (0.75 * max(1.0, top - floor)), 0, 1)
    low, middle, high = band(200, 900), band(900, 3000), band(3500, 8000)
    balance = np.log10(middle / low)
    loud = balance[spoken > 0.3]
    balance = (balance - np.median(loud)) / (loud.std() + 1e-6) if len(loud) > 3 else np.zeros_like(balance)
    opening = 0.012 + 0.27 * spoken**1.2 * np.where(balance < -0.6, 0.75, 1) * np.where(high > 2 * (low + middle), 0.3, 1)
    values = np.stack(
        [opening, np.clip(balance, 0, 1) * 0.7 * spoken, np.clip(-balance - 0.2, 0, 1) * 0.8 * spoken, np.zeros(steps)], axis=1
    )
    kernel = np.exp(-0.5 * (np.arange(-9, 10) / 3) ** 2)
    smooth = [np.convolve(np.pad(column, 9, mode="edge"), kernel / kernel.sum(), "valid") for column in values.T]
    eased = np.stack(smooth, axis=1).astype(np.float32)
    ahead = min(round(LEAD * TRACK_RATE), len(eased) - 1)
    return np.concatenate([eased[ahead:], np.repeat(eased[-1:], ahead, axis=0)])


def _decoder(settings: Mapping[str, Any]) -> SphinxDecoder | None:
    """A pocketsphinx decoder, or None where it is not installed."""
    try:
        return SphinxDecoder(settings)
    except ImportError:
        return None


def _phones(samples: NDArray[np.float32]) -> list[Viseme] | None:
    decoder = _decoder(PHONES)
    if decoder is None:
        return None
    heard = decoder.decode(_pcm(samples))
    return from_arpabet((phone, first / 100, (last + 1) / 100) for phone, first, last in heard)


def _aligned(samples: NDArray[np.float32], text: str) -> MouthTrack | None:
    """Phones of a known English text, placed in the sound; None where words are unknown or do not fit it."""
    decoder = _decoder(ALIGNED)
    words = re.findall(r"[a-z']+", text.lower())
    if decoder is None or not words or not all(map(decoder.knows, words)):
        return None
    try:
        phones = decoder.align(_pcm(samples), " ".join(words))
    except EngineError:
        return None
    if not phones:
        return None
    placed = ((phone, start / 100, end / 100) for phone, start, end in phones)
    return MouthTrack(track_of(from_arpabet(placed), len(samples) / _RATE), "aligned")


def _pcm(samples: NDArray[np.float32]) -> NDArray[np.int16]:
    peak = float(np.abs(samples).max(initial=1e-6))
    return (np.clip(samples / peak * 0.9, -1, 1) * 32767).astype(np.int16)
