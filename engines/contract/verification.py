"""What verification engines do: align a known text with a recording, and compare voices."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from engines.contract.transcription import Transcript
from media.audio.audio import Audio


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
