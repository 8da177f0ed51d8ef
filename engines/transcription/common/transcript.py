"""Common parts of the recognisers: input sound, ordered time marks, and a transcript of segments."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from engines.contract import TimedMark, TranscribedSegment, Transcript
from media.audio.audio import Audio

RATE = 16_000
"""All recognisers here listen at this rate, to one channel."""


def model_input(audio: Audio) -> NDArray[np.float32]:
    """Return the sound as mono float32 samples at RATE."""
    from media.audio.mixing.one_voice import one_voice
    from media.audio.resample import resample  # not with the module: the studio reads engines without their libraries

    return np.ascontiguousarray(resample(one_voice(audio), RATE).samples[:, 0])


def primary(language: str) -> str:
    """Return the primary subtag of a language tag in lower case: "pt" of "pt-BR"."""
    return language.strip().replace("_", "-").split("-")[0].lower()


def placed(text: str, start: float, end: float, reached: float, duration: float) -> TimedMark:
    """Return a mark that begins at or after `reached` and is inside the sound, as close to the measured one as possible."""
    limit = math.floor(duration * 1000) / 1000
    start, end = float(start), float(end)  # libraries give numpy's numbers
    begin = min(max(round(start, 3), reached, 0.0), limit)
    return TimedMark(text.strip(), begin, min(max(round(end, 3), begin), limit))


def transcript_of(segments: Sequence[TranscribedSegment], language: str) -> Transcript:
    """Return one transcript: the text joined by the rules of its script, and all words in order."""
    text = "".join(_joined(segment.text, language) for segment in segments).strip()
    return Transcript(text, language if text else "", tuple(word for one in segments for word in one.words), tuple(segments))


def _joined(text: str, language: str) -> str:
    return text.strip() if primary(language) in WITHOUT_SPACES else f" {text.strip()}"


WITHOUT_SPACES = frozenset({"zh", "ja", "th", "lo", "my", "km", "yue"})
