"""The puppet's lip-sync: a still that comes to life, or a video whose mouth says something else."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction
from typing import Protocol

import numpy as np

from engines.contract import Run
from engines.errors import EngineError
from engines.faces import mesh_points as points
from engines.faces.contract import FaceChoice, LipSyncRequest, MouthTrack, RenderedPart
from engines.faces.landmarks import Face, LandmarkProvider
from engines.faces.liveliness import Liveliness, energy_of
from engines.faces.mouth_inside import MouthInside
from engines.faces.mouth_shape import LOWER_SHARE, MouthShape
from engines.faces.parts import MOST_YAW, Edited, face_of, written_parts
from engines.faces.puppeteer import Expression, Puppeteer
from engines.faces.tracking import WINDOW, FaceTracker, TrackedFrame
from media.pictures import is_picture, read_picture
from media.video import Picture, read_frames

_SEARCHED = 90
"""Pictures of a video that are searched for a first face."""
_NARROW = 1.0
_REPAINT_EVERY = 250
"""Frames after which the painted mouth takes the light of the video anew."""


class Manner(Protocol):
    """What of the engine's options is asked here."""

    @property
    def expression(self) -> float: ...
    @property
    def motion(self) -> float: ...
    @property
    def blinks(self) -> bool: ...


def speaking_parts(request: LipSyncRequest, provider: LandmarkProvider, manner: Manner, run: Run) -> Iterator[RenderedPart]:
    """The parts from `request.first_frame` on."""
    fps = Fraction(*request.fps)
    shapes = mouth_shapes(request.mouth, fps, request.frames, manner.expression)
    if is_picture(request.face):
        pictures = _still(request, provider, manner, shapes, fps)
    else:
        pictures = _video(request, provider, shapes, fps, run)
    yield from written_parts(
        pictures, request.folder, request.first_frame, request.frames, request.part_frames, fps, request.quality, run
    )


def mouth_shapes(track: MouthTrack, fps: Fraction, frames: int, expression: float) -> list[MouthShape]:
    """One shape for each picture, at the middle of the time it is shown."""
    times = np.asarray((np.arange(frames) + 0.5) / float(fps), np.float64)
    return [MouthShape(float(one[0]) * expression, float(one[1]), float(one[2]), float(one[3])) for one in track.at(times)]


def _still(
    request: LipSyncRequest, provider: LandmarkProvider, manner: Manner, shapes: list[MouthShape], fps: Fraction
) -> Iterator[Edited]:
    picture = read_picture(request.face)
    puppeteer = Puppeteer(picture, face_of(picture, provider, request.choice))
    life = Liveliness(request.frames / float(fps), request.seed, manner.blinks, manner.motion)
    energy = energy_of(np.array([shape.open for shape in shapes], np.float32), float(fps))
    for number in range(request.first_frame, request.frames):
        time = number / float(fps)
        expression = Expression(shapes[number], life.blink(time), 0.0, life.pose(time, float(energy[number])))
        yield puppeteer.render(expression), True, False


def _video(
    request: LipSyncRequest, provider: LandmarkProvider, shapes: list[MouthShape], fps: Fraction, run: Run
) -> Iterator[Edited]:
    near = first_face(request, provider, fps, run)
    start = max(0, request.first_frame - WINDOW)
    end = min(request.frames, request.frames + WINDOW)
    frames = ((start + at, frame.picture) for at, frame in enumerate(read_frames(request.face, fps, start, end - start)))
    choice = FaceChoice(x=float(near[1][0]), y=float(near[1][1]))
    tracker = FaceTracker(provider, choice)
    inside: MouthInside | None = None
    for tracked in tracker.track(_checked(frames, run)):
        if tracked.number < request.first_frame:
            continue
        if tracked.number % _REPAINT_EVERY == 0:
            inside = None
        picture, inside, edited = _spoken(tracked, shapes[tracked.number], inside)
        yield picture, edited, tracked.bridged and edited


def _spoken(tracked: TrackedFrame, shape: MouthShape, inside: MouthInside | None) -> tuple[Picture, MouthInside | None, bool]:
    if tracked.face is None:
        return tracked.picture, inside, False
    strength = tracked.strength * float(np.clip((MOST_YAW + 6 - abs(tracked.face.yaw)) / 6, 0, 1))
    if strength <= 0:
        return tracked.picture, inside, False
    puppeteer = Puppeteer(tracked.picture, _read_wider(tracked.face), inside)
    return puppeteer.render(Expression(shape), strength), puppeteer.inside, True


def _read_wider(face: Face) -> Face:
    """The face with its lips as far apart as they are: the mesh draws an opening mouth some third too narrow."""
    upper, lower = list(points.INNER_UPPER_LIP), list(points.INNER_LOWER_LIP)
    gaps = face.points[lower] - face.points[upper]
    closed = 0.035 * face.mouth_width
    lengths = np.linalg.norm(gaps, axis=1, keepdims=True)
    more = _NARROW * np.maximum(lengths - closed, 0) / np.maximum(lengths, 1e-3)
    moved = face.points.copy()
    moved[lower] += gaps * more * LOWER_SHARE
    moved[upper] -= gaps * more * (1 - LOWER_SHARE)
    return Face(moved, face.presence)


def first_face(request: LipSyncRequest, provider: LandmarkProvider, fps: Fraction, run: Run) -> tuple[Face, np.ndarray]:
    """The face that is meant, in the first pictures that show one, and where it is (fractions of width and height).

    Raises:
        EngineError: no face, or none that can be moved.
    """
    problem: EngineError | None = None
    for at, frame in enumerate(read_frames(request.face, fps, 0, min(_SEARCHED, request.frames))):
        run.check()
        if at % 10:
            continue
        try:
            face = face_of(frame.picture, provider, request.choice, "the video")
        except EngineError as error:
            problem = problem or error
            continue
        return face, face.centre / [frame.picture.shape[1], frame.picture.shape[0]]
    raise problem or EngineError("The video holds no pictures.", "Use another one.")


def _checked(frames: Iterable[tuple[int, Picture]], run: Run) -> Iterator[tuple[int, Picture]]:
    for frame in frames:
        run.check()
        yield frame
