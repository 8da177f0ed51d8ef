"""Requests and results of analysis engines, which find and measure faces and mouths."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from engines.contract.faces import FaceChoice, MouthTrack, SeenFace


@dataclass(frozen=True)
class MouthTrackRequest:
    """Speech to be converted to a mouth track.

    Args:
        marks: the `.json` file of word and phoneme times beside a narration; None if there is none.
        text: the words of the speech, "" if unknown; used for English only.
        language: BCP-47 tag, "" if unknown: phones are recognised in English only.
    """

    sound: Path
    marks: Path | None = None
    text: str = ""
    language: str = ""


@dataclass(frozen=True, eq=False)
class MouthMeasurement:
    """The measured mouth of a video: seconds from its start, and lip gaps in mouth widths, NaN where no face was found."""

    times: NDArray[np.float64]
    gaps: NDArray[np.float32]


@runtime_checkable
class AnalysisEngine(Protocol):
    """EngineKind.ANALYSIS: detects, tracks and measures; it renders nothing."""

    def look(self, file: Path, choice: FaceChoice) -> float:
        """Check that a picture, or the beginning of a video, shows a face that can be animated.

        Returns:
            The confidence that it is a human face and completely visible, 0 to 1.

        Raises:
            EngineError, MediaError: there is no such face, or the file cannot be read.
        """

    def faces(self, file: Path) -> list[SeenFace]:
        """Return all faces of a picture, or of the first picture of a video that shows one, the largest first; [] for none.

        Raises:
            MediaError: the file cannot be read.
        """

    def track_mouth(self, request: MouthTrackRequest) -> MouthTrack:
        """Return the movement of a mouth that speaks the sound. Raises MediaError if the file cannot be read."""

    def measure(self, video: Path, fps: list[int], frames: int, choice: FaceChoice) -> MouthMeasurement:
        """Measure the mouth of one face in a video, in at most `frames` of its frames.

        Args:
            fps: the rate to read at, as (numerator, denominator). choice: the face, in the first frame that shows any.

        Raises:
            EngineError, MediaError: the rate is not valid or the file cannot be read.
        """


WIRE_VALUES: tuple[type, ...] = (MouthTrackRequest, MouthMeasurement)
