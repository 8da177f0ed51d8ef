"""Analysis of the first frames of a video: the position of the face, and its look with a closed mouth."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engines.analysis import mesh_points as points
from engines.analysis.face_selection import MOST_YAW, Where, face_of, searched, with_mouth
from engines.analysis.hands import HandFinder, hands_before
from engines.analysis.in_front import OwnColours
from engines.analysis.landmarks import Face, LandmarkProvider
from engines.contract import RunContext
from engines.contract.errors import EngineError
from engines.contract.faces import FaceChoice
from engines.faces.common.mouth_visibility import LipVisibility
from media.video.read import Picture, read_frames

_LOOKED_AT = 90
"""Pictures that are looked through for closed lips, once there is a face; for the first face all of them are."""
_USUAL_WIDTH = 0.5
"""Of a mouth at rest, in distances of the outer corners of the eyes."""
_CALMER = 0.015
"""By how much a mouth must be more at rest to be taken instead of an earlier one."""
_A_LITTLE = 0.05
_FOR_CLOSED_LIPS = 3
"""Of which every so many are looked at."""


@dataclass(frozen=True, eq=False)
class FirstFrames:
    """The chosen face in the first frames of a video.

    Args:
        first: the face in the first frame that shows it.
        at: its position there, in fractions of width and height.
        seen: the contrast of its lips to its skin there.
        picture, closed: the frame in which its mouth is visible and closed most, and the face in it.
        calm_picture, calm: a frame in which the mouth is closed without being pursed or pressed, and the face in it.
    """

    first: Face
    at: NDArray[Any]
    seen: LipVisibility
    picture: Picture
    closed: Face
    calm_picture: Picture
    calm: Face


def read_first_frames(
    video: Path,
    choice: FaceChoice,
    frames: int,
    provider: LandmarkProvider,
    fps: Fraction,
    run: RunContext,
    what: Where = "video",
    hands: HandFinder | None = None,
) -> FirstFrames:
    """Analyse the first frames of a video, of which `frames` are used; a face that appears after them is found too.

    Raises:
        EngineError: no face, or none that can be animated; `what` names the video.
    """
    problem: EngineError | None = None
    found: FirstFrames | None = None
    last: Face | None = None
    own: OwnColours | None = None
    for number, frame in enumerate(read_frames(video, fps)):
        run.check()
        picture = frame.picture
        if found is not None and number >= min(_LOOKED_AT, frames):
            break
        if found is None:
            if searched(number):
                try:
                    last = with_mouth(picture, face_of(picture, provider, choice, what), what)
                except EngineError as error:
                    problem = problem or error
                    continue
                found, own = _as_first_seen(picture, last), OwnColours(picture, last)
        elif last is not None and number % _FOR_CLOSED_LIPS == 0:
            last = provider.follow(picture, last)
            if last is not None and abs(last.yaw) < MOST_YAW and not _hidden(found, own, hands, picture, last):
                found = _with_calmer(found, picture, last)
    if found is None:
        raise problem or EngineError("face.no-pictures", where=what)
    return found


def _as_first_seen(picture: Picture, face: Face) -> FirstFrames:
    place = face.centre / [picture.shape[1], picture.shape[0]]
    return FirstFrames(face, place, LipVisibility(picture, face), picture, face, picture, face)


def _with_calmer(found: FirstFrames, picture: Picture, face: Face) -> FirstFrames:
    """Return the result with this frame as far as its mouth is more closed, or more at rest."""
    if face.mouth_gap < found.closed.mouth_gap:
        found = replace(found, picture=picture, closed=face)
    if _unrest(face) < _unrest(found.calm) - _CALMER:
        found = replace(found, calm_picture=picture, calm=face)
    return found


def _hidden(found: FirstFrames, own: OwnColours | None, hands: HandFinder | None, picture: Picture, face: Face) -> bool:
    """Return whether the lips are not visible, or an object or a hand covers them, which would look like a mouth at rest."""
    things = None if own is None else own.in_front(picture, face)
    if found.seen.hidden(picture, face) or (things is not None and things.lips > _A_LITTLE):
        return True
    hand = None if hands is None else hands_before(hands.near(picture, face), picture, face)
    return hand is not None and hand.lips > _A_LITTLE


def _unrest(face: Face) -> float:
    """Return the distance of a mouth from rest, in mouth widths: its gap, and by how much it is narrower than usual."""
    right, left = face.points[list(points.OUTER_EYE_CORNERS)]
    narrow = _USUAL_WIDTH - face.mouth_width / max(1e-3, float(np.linalg.norm(left - right)))
    return face.mouth_gap + max(0.0, narrow)
