"""What engines give that listen: the text of a recording with the times of its words and segments, how a known text was read, and
a voice as a vector to compare."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from engines.contract.card import Traits
from engines.contract.speech import TimedMark
from media.audio.audio import Audio


@dataclass(frozen=True)
class TranscriptionTraits(Traits):
    """What a card states about a transcription engine.

    Args:
        longest_sound: seconds of sound for one call, above 0; longer sound is cut at pauses.
    """

    longest_sound: float = 0.0


@dataclass(frozen=True)
class TranscribedSegment:
    """A segment of the transcript, in seconds of the sound; `doubt` is a sentence on why it may be wrong, or ""."""

    text: str
    start: float
    end: float
    words: tuple[TimedMark, ...] = ()
    doubt: str = ""


@dataclass(frozen=True)
class Transcript:
    """The transcript: the text, its language, timed words where known, and the segments that the text consists of.

    `language` is a BCP-47 tag, "" when there was no speech to detect it from.
    """

    text: str
    language: str
    words: tuple[TimedMark, ...] = ()
    segments: tuple[TranscribedSegment, ...] = ()


@runtime_checkable
class TranscriptionEngine(Protocol):
    """EngineKind.TRANSCRIPTION."""

    def transcribe(self, audio: Audio, language: str = "auto") -> Transcript:
        """Transcribe a sound. `language` is a BCP-47 tag or "auto". A sound without speech gives an empty text.

        Raises:
            EngineError: the language is not supported.
        """


@runtime_checkable
class AlignmentEngine(Protocol):
    """EngineKind.VERIFICATION: checks whether a known text was read as it is written."""

    def align(self, audio: Audio, text: str, language: str = "en") -> Transcript:
        """The words of `text` that were spoken, in that order: a word left out is missing, one said twice occurs twice."""


@runtime_checkable
class SpeakerEmbedding(Protocol):
    """EngineKind.VERIFICATION: compares voices."""

    def embed(self, audio: Audio) -> NDArray[np.float32]:
        """One vector of length 1 for the voice in a sound; the product of two is their likeness, -1 to 1."""


WIRE_VALUES: tuple[type, ...] = (TranscribedSegment, Transcript)
