"""The square crop of a driving video: the same for all frames, so that the head moves within it."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np

from engines.analysis.landmarks import Face, LandmarkProvider
from engines.contract import RunContext
from engines.faces.liveportrait.crop import HeadCrop, HeadFraming, crop_around
from media.video.read import Picture, read_frames

_LOOKS = 60
"""Pictures of the video, evenly spread, whose squares are averaged."""


def driving_crop(
    video: Path,
    fps: Fraction,
    frames: int,
    first: Face,
    number: int,
    framing: HeadFraming,
    provider: LandmarkProvider,
    run: RunContext,
) -> HeadCrop:
    """The average of the squares around a face in a whole video, as upstream's utils/cropper.py takes it: of a head that drifts,
    the square around its first place alone would show less and less.

    Args:
        frames: that are used of the video. first: the face in picture `number`, which leads. framing: not turned.
    """
    squares = [crop_around(first, framing).matrix]
    step, known = max(1, (frames - number) // _LOOKS), first
    for at, frame in enumerate(read_frames(video, fps, number + 1, max(0, frames - number - 1)), 1):
        run.check()
        if at % step:
            continue
        face = provider.follow(frame.picture, known) or _nearest(frame.picture, known, provider)
        if face is not None:
            squares.append(crop_around(face, framing).matrix)
            known = face
    return HeadCrop(np.mean(squares, axis=0).astype(np.float32))


def _nearest(picture: Picture, known: Face, provider: LandmarkProvider) -> Face | None:
    """The face next to where it was, unless somebody else's."""
    near = [(float(np.linalg.norm(face.centre - known.centre)), face) for face in provider.find(picture)]
    distance, face = min(near, key=lambda one: one[0], default=(0.0, None))
    return face if distance < 1.5 * known.height else None
