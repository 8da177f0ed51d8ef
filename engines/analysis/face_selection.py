"""The face of a picture that is meant, fit to be moved."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Literal

from engines.analysis.landmarks import Face, LandmarkProvider, chosen
from engines.contract.errors import EngineError
from engines.contract.faces import FaceChoice
from media.video.images import is_image, read_image
from media.video.read import Picture, read_frames

_THOROUGHLY = 90
"""Pictures of a video of which every tenth is searched; of later ones every fiftieth."""
_OFTEN, _SELDOM = 10, 50

MOST_YAW = 42.0
"""Degrees; beyond them half of the mouth cannot be seen."""
Where = Literal["picture", "portrait", "video", "clip", "driving"]

SMALLEST_FACE = 36.0
"""Pixels from forehead to chin."""


def face_of(picture: Picture, provider: LandmarkProvider, choice: FaceChoice, what: Where = "picture") -> Face:
    """The face that is meant, fit to be moved.

    Args:
        what: which of a job's files the picture is of, for what is said of it.

    Raises:
        EngineError: for no face, fewer than asked for, one too small, or a profile.
    """
    faces = provider.find(picture)
    if not faces:
        raise EngineError("face.none-found", where=what)
    face = chosen(faces, choice, picture.shape[1], picture.shape[0])
    if face is None:
        raise EngineError("face.no-such-number", index=choice.index + 1, where=what, faces=len(faces))
    if face.height < SMALLEST_FACE:
        raise EngineError("face.too-small", where=what, height=face.height, smallest=SMALLEST_FACE)
    if abs(face.yaw) > MOST_YAW:
        raise EngineError("face.from-the-side", where=what, degrees=abs(face.yaw), most=MOST_YAW)
    return face


def searched(number: int) -> bool:
    """Whether a picture of a video is one of those that are searched for the first face."""
    return number % (_OFTEN if number < _THOROUGHLY else _SELDOM) == 0


def first_face(file: Path, provider: LandmarkProvider, choice: FaceChoice, check: Callable[[], None]) -> Face:
    """The face that is meant in a picture, or where it is first seen in a video.

    Raises:
        EngineError: no face, or none that can be moved.
        MediaError: the file cannot be read.
    """
    if is_image(file):
        return face_of(read_image(file), provider, choice)
    problem: EngineError | None = None
    for number, frame in enumerate(read_frames(file)):
        check()
        if searched(number):
            try:
                return face_of(frame.picture, provider, choice, "video")
            except EngineError as error:
                problem = problem or error
    raise problem or EngineError("face.no-pictures", where="video")
