"""The face of a picture that is meant, fit to be moved."""

from __future__ import annotations

from engines.analysis.landmarks import Face, LandmarkProvider, chosen
from engines.contract.errors import EngineError
from engines.contract.faces import FaceChoice
from media.video.read import Picture

MOST_YAW = 42.0
"""Degrees; beyond them half of the mouth cannot be seen."""
SMALLEST_FACE = 36.0
"""Pixels from forehead to chin."""


def face_of(picture: Picture, provider: LandmarkProvider, choice: FaceChoice, what: str = "the picture") -> Face:
    """The face that is meant, fit to be moved.

    Raises:
        EngineError: in words, for no face, fewer than asked for, one too small, or a profile.
    """
    faces = provider.find(picture)
    if not faces:
        raise EngineError("face.none-found", where=what)
    face = chosen(faces, choice, picture.shape[1], picture.shape[0])
    if face is None:
        has = "1 face" if len(faces) == 1 else f"{len(faces)} faces"
        raise EngineError("face.no-such-number", index=choice.index + 1, where=what, has=has)
    if face.height < SMALLEST_FACE:
        raise EngineError("face.too-small", where=what, height=face.height, smallest=SMALLEST_FACE)
    if abs(face.yaw) > MOST_YAW:
        raise EngineError("face.from-the-side", where=what, degrees=abs(face.yaw), most=MOST_YAW)
    return face
