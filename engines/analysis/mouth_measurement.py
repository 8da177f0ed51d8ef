"""Measurement of a finished video: the opening of its mouth, and its agreement with a track."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engines.analysis.landmarks import Face, LandmarkProvider, chosen
from engines.contract import RunContext
from engines.contract.analysis import MouthMeasurement
from engines.contract.faces import FaceChoice
from media.video.read import Picture, read_frames

_FARTHEST = 6
"""Frames of lag that are looked at, to both sides."""


def measured(
    video: Path, fps: Fraction, frames: int, provider: LandmarkProvider, choice: FaceChoice, run: RunContext
) -> MouthMeasurement:
    """Return the lip gap in each of the first `frames` frames, in widths of the mouth at rest.

    A rounded mouth is narrower, so that in its present width the same gap would be a larger opening. Therefore the unit is the
    distance of the eyes, which speech does not change, times the usual ratio of this mouth to it.
    """
    gaps, widths = np.full((2, frames), np.nan, np.float32)
    face: Face | None = None
    known: Face | None = None
    for at, frame in enumerate(read_frames(video, fps, 0, frames)):
        run.progress((at + 1) / frames, "Measuring the result")
        face = provider.follow(frame.picture, face) if face is not None else None
        if face is None and at % 5 == 0:
            face = _found(frame.picture, provider, choice, known)
        if face is not None:
            known = face
            widths[at] = face.mouth_width / max(1.0, face.eye_distance)
            gaps[at] = face.mouth_gap * widths[at]
    rest = np.nanmedian(widths) if np.isfinite(widths).any() else 1.0
    return MouthMeasurement(np.asarray((np.arange(frames) + 0.5) / float(fps), np.float64), (gaps / rest).astype(np.float32))


def _found(picture: Picture, provider: LandmarkProvider, choice: FaceChoice, known: Face | None) -> Face | None:
    """The chosen face, or once it was seen the one nearest to its last place."""
    faces = provider.find(picture)
    if known is None:
        return chosen(faces, choice, picture.shape[1], picture.shape[0])
    return min(faces, key=lambda one: float(np.linalg.norm(one.centre - known.centre)), default=None)


def agreement(wanted: NDArray[np.float32], seen: NDArray[np.float32]) -> tuple[float, int]:
    """Correlation of two courses where both are known, and the lag in frames at which it is highest (positive: seen is late)."""
    best, lag = correlation(wanted, seen), 0
    for shift in range(-_FARTHEST, _FARTHEST + 1):
        first, second = (wanted[: len(wanted) - shift], seen[shift:]) if shift >= 0 else (wanted[-shift:], seen[:shift])
        found = correlation(first, second)
        if found > best + 1e-6:
            best, lag = found, shift
    return correlation(wanted, seen), lag


def correlation(one: NDArray[np.float32], other: NDArray[np.float32]) -> float:
    """Pearson's, 0 where there is nothing to correlate."""
    known = np.isfinite(one) & np.isfinite(other)
    if known.sum() < 8 or one[known].std() < 1e-6 or other[known].std() < 1e-6:
        return 0.0
    return float(np.corrcoef(one[known], other[known])[0, 1])
