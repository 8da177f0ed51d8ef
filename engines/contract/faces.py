"""Requests and results of face engines. Sound and pictures are passed as files, the rest as these values."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from engines.contract.card import Traits

TRACK_RATE = 100
"""Values of a mouth track per second."""

MOUTH_CHANNELS = ("open", "wide", "pucker", "press")


@dataclass(frozen=True)
class FacesTraits(Traits):
    """The facts of a face engine.

    Args:
        animates_videos: `animate` takes a video as the portrait, which moves by itself and performs as well.
    """

    animates_videos: bool = False


@dataclass(frozen=True, eq=False)
class MouthTrack:
    """The movement of a mouth over time: the result of every way to derive it, and the input of every engine.

    Args:
        values: float32 [steps, 4], TRACK_RATE steps a second from the sound's start. `open` is the gap between the lips in widths
            of the mouth at rest; `wide`, `pucker` and `press` (closed lips pressed together) are 0 to 1.
        source: how it was derived: "exact" (phoneme times of the studio's own voice), "aligned" (known text), "phones"
            (recognised phones with loudness) or "loudness".
    """

    values: NDArray[np.float32]
    source: str

    @property
    def duration(self) -> float:
        """The length in seconds."""
        return len(self.values) / TRACK_RATE

    def at(self, times: NDArray[np.float64]) -> NDArray[np.float32]:
        """Return values [n, 4] at times in seconds; outside the sound the mouth is at rest."""
        if not len(self.values):
            return np.zeros((len(times), len(MOUTH_CHANNELS)), np.float32)
        steps = np.arange(len(self.values)) / TRACK_RATE
        columns = [np.interp(times, steps, column, left=0.0, right=0.0) for column in self.values.T]
        return np.stack(columns, axis=1).astype(np.float32)


@dataclass(frozen=True)
class FaceChoice:
    """Selects a face of a picture: the one at a point (fractions of width and height, 0 to 1), else by its rank in size."""

    index: int = 0
    x: float = -1.0
    y: float = -1.0

    @property
    def has_point(self) -> bool:
        return 0 <= self.x <= 1 and 0 <= self.y <= 1


ON_A_FACE = 0.85
"""Heights of a face, from forehead to chin, within which a point around its middle is on that face: hair and ears too."""


@dataclass(frozen=True)
class SeenFace:
    """A face in a picture: its centre and its height from forehead to chin, as fractions of the picture's width and height.

    Args:
        yaw: degrees by which the head is turned to the side.
    """

    x: float
    y: float
    height: float
    yaw: float


def face_at(faces: Sequence[SeenFace], x: float, y: float, aspect: float) -> int | None:
    """Return the rank of the face at a point, 0 for the largest; None if there is none.

    Args:
        x, y: fractions of the picture's width and height.
        aspect: the picture's width divided by its height.
    """
    away = [float(np.hypot((one.x - x) * aspect, one.y - y) / one.height) for one in faces]
    nearest = int(np.argmin(away)) if away else -1
    return nearest if away and away[nearest] <= ON_A_FACE else None


@dataclass(frozen=True)
class LipSyncRequest:
    """A request to make a face speak.

    Args:
        face: a picture or a video; a video that is shorter than `frames` holds its last picture.
        sound: the speech, for engines that analyse it themselves.
        mouth: the same speech as a track, from its start.
        folder: an existing folder for the parts.
        fps: pictures a second, as a fraction (numerator, denominator), the same for all parts.
        frames: pictures of the whole result.
        first_frame: where to begin; the parts before it exist already.
        part_frames: pictures in each part except the last.
        seed: of blinks and head movements.
    """

    face: Path
    sound: Path
    mouth: MouthTrack
    folder: Path
    fps: tuple[int, int]
    frames: int
    first_frame: int = 0
    part_frames: int = 100
    choice: FaceChoice = FaceChoice()
    quality: int = 80
    seed: int = 0


@dataclass(frozen=True)
class AnimateRequest:
    """A request to make a portrait follow the performance in a video; the fields are those of LipSyncRequest.

    Args:
        portrait: a picture; or a video at least `frames` long, for engines with the trait `animates_videos`.
    """

    portrait: Path
    driving: Path
    folder: Path
    fps: tuple[int, int]
    frames: int
    first_frame: int = 0
    part_frames: int = 100
    choice: FaceChoice = FaceChoice()
    driving_choice: FaceChoice = FaceChoice()
    quality: int = 80
    seed: int = 0


@dataclass(frozen=True)
class RenderedPart:
    """A part of the result: a complete H.264 file without sound in the request's folder.

    Args:
        first: the number of its first picture in the whole.
        gaps: [start, end) pictures of the whole in which no face was found, so that they are unchanged.
        bridged: pictures whose face was interpolated between its neighbours.
    """

    path: Path
    first: int
    frames: int
    edited: int
    gaps: tuple[tuple[int, int], ...] = ()
    bridged: int = 0


@runtime_checkable
class FacesEngine(Protocol):
    """EngineKind.FACES: an engine has one of these methods or both. Each yields its parts in order, as they are finished."""

    def lip_sync(self, request: LipSyncRequest) -> Iterator[RenderedPart]:
        """Make a face speak. Raises EngineError for a picture without a usable face."""

    def animate(self, request: AnimateRequest) -> Iterator[RenderedPart]:
        """Make a portrait follow a driving video."""


WIRE_VALUES: tuple[type, ...] = (MouthTrack, FaceChoice, SeenFace, LipSyncRequest, AnimateRequest, RenderedPart)
