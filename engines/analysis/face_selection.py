"""Selects the requested face of a picture and checks that it can be animated."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import islice
from pathlib import Path
from typing import Literal

from engines.analysis.in_front import mouth_is_covered
from engines.analysis.landmarks import Face, LandmarkProvider, chosen
from engines.contract.errors import EngineError
from engines.contract.faces import FaceChoice, SeenFace, face_at
from media.video.images import is_image, read_image
from media.video.read import Picture, read_frames

_THOROUGHLY = 90
"""Pictures of a video of which every tenth is searched; of later ones every fiftieth."""
_OFTEN, _SELDOM = 10, 50
_LOOKED_THROUGH = 125
"""Pictures of a video that are looked through for what faces it shows."""

MOST_YAW = 42.0
"""Degrees; beyond them half of the mouth cannot be seen."""
Where = Literal["picture", "portrait", "video", "clip", "driving"]

SMALLEST_FACE = 36.0
"""Pixels from forehead to chin."""


def face_of(picture: Picture, provider: LandmarkProvider, choice: FaceChoice, what: Where = "picture") -> Face:
    """Return the chosen face, checked to be fit for animation.

    Args:
        what: the file of the job that shows the picture, for messages.

    Raises:
        EngineError: no face, fewer than requested, none at the point, one that is too small, or a profile.
    """
    faces = provider.find(picture)
    if not faces:
        raise EngineError("face.none-found", where=what)
    if choice.has_point:
        height, width = picture.shape[:2]
        if face_at([_seen(face, picture) for face in faces], choice.x, choice.y, width / height) is None:
            raise EngineError("face.none-there", across=100 * choice.x, down=100 * choice.y, where=what, faces=len(faces))
    face = chosen(faces, choice, picture.shape[1], picture.shape[0])
    if face is None:
        raise EngineError("face.no-such-number", index=choice.index + 1, where=what, faces=len(faces))
    if face.height < SMALLEST_FACE:
        raise EngineError("face.too-small", where=what, height=face.height, smallest=SMALLEST_FACE)
    if abs(face.yaw) > MOST_YAW:
        raise EngineError("face.from-the-side", where=what, degrees=abs(face.yaw), most=MOST_YAW)
    return face


def with_mouth(picture: Picture, face: Face, what: Where) -> Face:
    """Return the face. Raises EngineError if a mask or another object covers its mouth."""
    if mouth_is_covered(picture, face):
        raise EngineError("face.mouth-covered", where=what)
    return face


def seen_faces(file: Path, provider: LandmarkProvider, check: Callable[[], None]) -> list[SeenFace]:
    """Return all faces of a picture, or of the first frame of a video that shows one, the largest first; [] for none.

    Raises:
        MediaError: the file cannot be read.
    """
    pictures: Iterable[Picture] = (
        [read_image(file)] if is_image(file) else (frame.picture for frame in islice(read_frames(file), _LOOKED_THROUGH))
    )
    for number, picture in enumerate(pictures):
        check()
        if searched(number):
            faces = provider.find(picture)
            if faces:
                return [_seen(face, picture) for face in faces]
    return []


def _seen(face: Face, picture: Picture) -> SeenFace:
    height, width = picture.shape[:2]
    return SeenFace(float(face.centre[0] / width), float(face.centre[1] / height), face.height / height, face.yaw)


def searched(number: int) -> bool:
    """Return whether a frame of a video is one of those that are searched for the first face."""
    return number % (_OFTEN if number < _THOROUGHLY else _SELDOM) == 0


def first_face(file: Path, provider: LandmarkProvider, choice: FaceChoice, check: Callable[[], None]) -> Face:
    """Return the chosen face of a picture, or of the first frame of a video that shows it.

    Raises:
        EngineError: no face, none that can be animated, or one whose mouth is never visible.
        MediaError: the file cannot be read.
    """
    if is_image(file):
        picture = read_image(file)
        return with_mouth(picture, face_of(picture, provider, choice), "picture")
    problem: EngineError | None = None
    for number, frame in enumerate(read_frames(file)):
        check()
        if searched(number):
            try:
                return with_mouth(frame.picture, face_of(frame.picture, provider, choice, "video"), "video")
            except EngineError as error:
                problem = problem or error
    raise problem or EngineError("face.no-pictures", where="video")
