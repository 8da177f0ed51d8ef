"""Requests and results of analysis engines: faces and mouths, found and measured."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from engines.contract.faces import FaceChoice, MouthTrack, SeenFace


@dataclass(frozen=True)
class MouthTrackRequest:
    """Speech to be turned into a mouth track.

    Args:
        marks: the `.json` file of word and phoneme times beside a narration; None when there is none.
        text: the words of the speech, "" when unknown; helps with English only.
        language: BCP-47 tag, "" when unknown: phones are recognised in English alone.
    """

    sound: Path
    marks: Path | None = None
    text: str = ""
    language: str = ""


@dataclass(frozen=True, eq=False)
class MouthMeasurement:
    """The mouth of a video, as measured: seconds from its start, and lip gaps in mouth widths, NaN where no face was found."""

    times: NDArray[np.float64]
    gaps: NDArray[np.float32]


@runtime_checkable
class AnalysisEngine(Protocol):
    """EngineKind.ANALYSIS: looks, tracks and measures; it renders nothing."""

    def look(self, file: Path, choice: FaceChoice) -> float:
        """Check that a picture, or the beginning of a video, shows a face that can be moved.

        Returns:
            The confidence that it is a human face and completely visible, 0 to 1.

        Raises:
            EngineError, MediaError: it does not, or cannot be read.
        """

    def faces(self, file: Path) -> list[SeenFace]:
        """All faces of a picture, or of the first picture of a video that shows one, the largest first; [] for none.

        Raises:
            MediaError: the file cannot be read.
        """

    def track_mouth(self, request: MouthTrackRequest) -> MouthTrack:
        """The movement of a mouth that speaks the sound. Raises MediaError where it cannot be read."""

    def measure(self, video: Path, fps: list[int], frames: int, choice: FaceChoice) -> MouthMeasurement:
        """The mouth of one face in a video, in up to so many of its frames.

        Args:
            fps: numerator and denominator of the rate to read at. choice: the face, in the first frame that shows any.

        Raises:
            EngineError, MediaError: a rate or a file that cannot be read.
        """


WIRE_VALUES: tuple[type, ...] = (MouthTrackRequest, MouthMeasurement)
