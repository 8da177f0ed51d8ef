"""Detection and simultaneous tracking of the people whose faces are replaced."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction
from itertools import tee
from pathlib import Path

import numpy as np

from engines.analysis.face_selection import face_of
from engines.analysis.landmarks import Face, LandmarkProvider
from engines.analysis.tracking import FaceTracker, TrackedFrame
from engines.contract import RunContext
from engines.contract.errors import EngineError
from engines.contract.faces import FaceChoice
from media.video.read import Picture, read_frames

_CLOSE = 1.5
"""Heights of the face within which a lost person is found again where there are several."""
_CLOSELY, _CLOSE_SECONDS, _THEN_SECONDS = 10, 4.0, 1.0
"""A clip is searched for its first face every so many pictures, and from some seconds on once a second."""


class OnePerson:
    """Finds one of several people; after a loss only near the last position, so that no other face is taken.

    Args:
        alone: there is no other person in the clip; after a cut the face is found anywhere.
    """

    def __init__(self, provider: LandmarkProvider, alone: bool) -> None:
        self._provider, self._alone = provider, alone
        self._last: Face | None = None

    def find(self, picture: Picture, most: int = 16) -> list[Face]:
        faces = self._provider.find(picture, most)
        last = self._last
        if self._alone or last is None:
            return faces
        return [face for face in faces if float(np.linalg.norm(face.centre - last.centre)) < _CLOSE * last.height]

    def follow(self, picture: Picture, previous: Face) -> Face | None:
        found = self._provider.follow(picture, previous)
        self._last = found or previous
        return found


def first_people(
    path: Path, fps: Fraction, frames: int, people: tuple[FaceChoice, ...], provider: LandmarkProvider, run: RunContext
) -> tuple[list[FaceChoice], bool]:
    """Return the chosen people as points of the first frame that shows them, and whether a single one is alone in it.

    Raises:
        EngineError: the clip shows no usable face, or fewer than requested.
        MediaError: the clip cannot be read.
    """
    problem: EngineError | None = None
    for number, frame in enumerate(read_frames(path, fps, 0, frames)):
        run.check()
        if number % _step(number, fps):
            continue
        faces = provider.find(frame.picture)
        choices = people or tuple(FaceChoice(rank) for rank in range(max(1, len(faces))))
        found: list[FaceChoice] = []
        for choice in choices:
            try:
                face = face_of(frame.picture, _Known(faces, provider), choice, "clip")
            except EngineError as error:
                problem = problem or error
                if people:
                    break
                continue
            x, y = face.centre / [frame.picture.shape[1], frame.picture.shape[0]]
            found.append(FaceChoice(x=float(np.clip(x, 0, 1)), y=float(np.clip(y, 0, 1))))
        if found and (not people or len(found) == len(choices)):
            return found, len(faces) == 1
    raise problem or EngineError("swap.clip-empty")


def _step(number: int, fps: Fraction) -> int:
    return _CLOSELY if number < _CLOSE_SECONDS * fps else max(1, round(_THEN_SECONDS * fps))


class _Known:
    """A provider that returns faces already detected."""

    def __init__(self, faces: list[Face], provider: LandmarkProvider) -> None:
        self._faces, self._provider = faces, provider

    def find(self, picture: Picture, most: int = 16) -> list[Face]:
        return self._faces

    def follow(self, picture: Picture, previous: Face) -> Face | None:
        return self._provider.follow(picture, previous)


def followed(
    frames: Iterable[tuple[int, Picture]], people: list[FaceChoice], alone: bool, provider: LandmarkProvider
) -> Iterator[tuple[TrackedFrame, ...]]:
    """Yield the frames in order with one track for each person; holds a window of frames in memory."""
    trackers = [FaceTracker(OnePerson(provider, alone), choice) for choice in people]
    streams = tee(frames, len(trackers))
    yield from zip(*(tracker.track(stream) for tracker, stream in zip(trackers, streams, strict=True)), strict=True)
