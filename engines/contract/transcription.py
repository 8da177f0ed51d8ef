"""Results of engines that analyse recordings: transcripts, the alignment of a known text, and embeddings of voices."""

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
    """The facts of a transcription engine.

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
    """A transcript: the text, its language, timed words if known, and the segments of the text.

    `language` is a BCP-47 tag, "" if there was no speech to detect it from.
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
    """EngineKind.VERIFICATION: checks whether a known text was read as written."""

    def align(self, audio: Audio, text: str, language: str = "en") -> Transcript:
        """Return the words of `text` that were spoken, in the order of speech: an omitted word is missing, a repeated one occurs
        twice."""


@runtime_checkable
class SpeakerEmbedding(Protocol):
    """EngineKind.VERIFICATION: compares voices."""

    def embed(self, audio: Audio) -> NDArray[np.float32]:
        """Return a vector of length 1 for the voice in a sound; the dot product of two is their similarity, -1 to 1."""


WIRE_VALUES: tuple[type, ...] = (TranscribedSegment, Transcript)
