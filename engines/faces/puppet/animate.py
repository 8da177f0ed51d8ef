"""The puppet's portrait animation: transfers mouth, brows, eyelids and head of a driving video to a still."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Protocol

import numpy as np

from engines.analysis import mesh_points as points
from engines.analysis.face_selection import face_of
from engines.analysis.landmarks import Face, LandmarkProvider
from engines.analysis.tracking import WINDOW, FaceTracker
from engines.common.parts import Edited, written_parts
from engines.contract import RunContext
from engines.contract.faces import AnimateRequest, RenderedPart
from engines.faces.common.first_frames import read_first_frames
from engines.faces.common.head_motion import HeadPose
from engines.faces.common.head_pose import alignment
from engines.faces.puppet.lip_calibration import LipCalibration
from engines.faces.puppet.mouth_shape import MouthShape
from engines.faces.puppet.renderer import Expression, FaceRenderer
from media.video.images import read_image
from media.video.read import read_frames

_WIDEST = 0.42
_TO_REST = 0.3
"""Seconds in which the mouth closes when the driving face is lost."""


class Strength(Protocol):
    @property
    def driving(self) -> float: ...


@dataclass(frozen=True, eq=False)
class Neutral:
    """The driving face in the first frame that shows it; movements are relative to it.

    Args:
        lips: the calibration of its mouth; None uses the mesh uncorrected.
    """

    face: Face
    eyes: float
    width: float
    lips: LipCalibration | None = None

    @classmethod
    def of(cls, face: Face, lips: LipCalibration | None = None) -> Neutral:
        return cls(face, float(np.mean(face.eye_openings)), _relative_width(face), lips)

    def opening(self, face: Face) -> float:
        """Return the opening of the driving mouth, in mouth widths."""
        return max(0.0, face.mouth_gap - 0.02) * 1.1 if self.lips is None else self.lips.opening(face)


def animation_parts(
    request: AnimateRequest, provider: LandmarkProvider, manner: Strength, run: RunContext
) -> Iterator[RenderedPart]:
    """Yield the parts from `request.first_frame` on."""
    fps = Fraction(*request.fps)
    pictures = _performed(request, provider, manner, fps, run)
    yield from written_parts(
        pictures, request.folder, request.first_frame, request.frames, request.part_frames, fps, request.quality, run
    )


def _performed(
    request: AnimateRequest, provider: LandmarkProvider, manner: Strength, fps: Fraction, run: RunContext
) -> Iterator[Edited]:
    picture = read_image(request.portrait)
    puppeteer = FaceRenderer(picture, face_of(picture, provider, request.choice, "portrait"))
    early = read_first_frames(request.driving, request.driving_choice, request.frames, provider, fps, run, "driving")
    neutral = Neutral.of(early.first, LipCalibration.learned(early.picture, early.closed, provider))
    start = max(0, request.first_frame - WINDOW)
    frames = (
        (start + at, one.picture) for at, one in enumerate(read_frames(request.driving, fps, start, request.frames - start))
    )
    near = neutral.face if start == 0 else None
    held = Expression()
    resting = round(_TO_REST * float(fps))
    lost = 0
    for tracked in FaceTracker(provider, request.driving_choice, near).track(frames):
        run.check()
        if tracked.face is not None:
            held, lost = expression_of(tracked.face, neutral, manner.driving), 0
        else:
            lost += 1
        if tracked.number >= request.first_frame:
            yield puppeteer.render(_at_rest(held, lost / max(1, resting))), tracked.face is not None, tracked.bridged


def _at_rest(held: Expression, share: float) -> Expression:
    """Return an expression with mouth and eyes moved towards rest by a share of 0 to 1, for frames without a driving face."""
    if share <= 0:
        return held
    left = 1 - min(1.0, share)
    mouth = held.mouth
    calm = MouthShape(mouth.open * left, mouth.wide * left, mouth.pucker * left, mouth.press * left, mouth.smile * left)
    return replace(held, mouth=calm, blink=held.blink * left, brow=held.brow * left)


def expression_of(face: Face, neutral: Neutral, strength: float = 1.0) -> Expression:
    """Return the expression of a driving face by its meaning, not its pixels, so that the portrait keeps its own features."""
    turn, scale, moved = alignment(face.points, neutral.face.points)
    settled = scale * face.points @ turn.T + moved
    inverse = turn.T
    yaw = float(np.arctan2(inverse[0, 2], inverse[2, 2]))
    pitch = float(-np.arcsin(np.clip(inverse[1, 2], -1, 1)))
    roll = float(np.arctan2(inverse[1, 0], inverse[1, 1]))
    eyes = float(np.linalg.norm(neutral.face.points[263, :2] - neutral.face.points[33, :2]))
    shift = (face.points[list(points.RIGID), :2].mean(axis=0) - neutral.face.points[list(points.RIGID), :2].mean(axis=0)) / eyes
    brows = list(points.RIGHT_BROW + points.LEFT_BROW)
    lift = float((neutral.face.points[brows, 1] - settled[brows, 1]).mean()) / eyes
    width = _relative_width(face) / neutral.width - 1
    closed = float(np.clip((1 - np.mean(face.eye_openings) / max(neutral.eyes, 1e-3)) * 1.6 - 0.2, 0, 1))
    opening = neutral.opening(face)
    pressed = float(np.clip(1 - opening / 0.01, 0, 1)) * 0.3
    mouth = MouthShape(
        open=min(_WIDEST, opening * strength),
        wide=float(np.clip(width * 5 * strength, 0, 1)),
        pucker=float(np.clip(-width * 4 * strength, 0, 1)),
        press=pressed,
    )
    pose = HeadPose(
        yaw=0.8 * strength * _bounded(-yaw, 0.25), pitch=0.8 * strength * _bounded(pitch, 0.2),
        roll=0.8 * strength * _bounded(roll, 0.3), right=0.35 * strength * _bounded(float(shift[0]), 0.3),
        down=0.35 * strength * _bounded(float(shift[1]), 0.3),
    )  # fmt: skip
    return Expression(mouth, closed, float(np.clip(lift * 8 * strength, -1, 1)), pose)


def _relative_width(face: Face) -> float:
    """Return the mouth's width by the distance of the eyes, both in 3D, so that turns of the head do not change it."""
    eyes = float(np.linalg.norm(face.points[263] - face.points[33]))
    return face.mouth_width / max(eyes, 1e-3)


def _bounded(value: float, most: float) -> float:
    return float(np.clip(value, -most, most))
