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
        raise EngineError(f"No face was found in {what}.", "Use one where a face is seen from the front, well lit.")
    face = chosen(faces, choice, picture.shape[1], picture.shape[0])
    if face is None:
        has = "1 face" if len(faces) == 1 else f"{len(faces)} faces"
        raise EngineError(f"There is no face number {choice.index + 1}: {what} shows {has}.", "Choose a smaller number.")
    if face.height < SMALLEST_FACE:
        raise EngineError(
            f"The face in {what} is only {face.height:.0f} pixels high.", f"It should have {SMALLEST_FACE:.0f} at least."
        )
    if abs(face.yaw) > MOST_YAW:
        raise EngineError(
            f"The face in {what} is seen from the side ({abs(face.yaw):.0f} degrees).",
            f"Use one that is turned away by {MOST_YAW:.0f} degrees at most.",
        )
    return face
