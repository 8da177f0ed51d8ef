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
    """Return the average of the squares around a face in a whole video, as upstream's utils/cropper.py computes it.

    With the square around the first position alone, a drifting head would leave the crop.

    Args:
        frames: number of frames that are used.
        first: the driving face, in frame `number`.
        framing: without alignment.
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
    """Return the face closest to the previous position, unless it belongs to another person."""
    near = [(float(np.linalg.norm(face.centre - known.centre)), face) for face in provider.find(picture)]
    distance, face = min(near, key=lambda one: one[0], default=(0.0, None))
    return face if distance < 1.5 * known.height else None
