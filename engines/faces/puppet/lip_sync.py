"""The puppet's lip-sync: an animated still, or a video whose mouth is replaced."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction
from typing import Protocol

import cv2
import numpy as np

from engines.analysis.face_selection import MOST_YAW, face_of
from engines.analysis.hands import HandFinder, HandsBefore
from engines.analysis.in_front import InFront, OwnColours
from engines.analysis.landmarks import LandmarkProvider
from engines.analysis.tracking import WINDOW, FaceTracker, TrackedFrame
from engines.common.parts import Edited, written_parts
from engines.contract import RunContext
from engines.contract.faces import FaceChoice, LipSyncRequest, MouthTrack, RenderedPart
from engines.faces.common.first_frames import read_first_frames
from engines.faces.common.idle_motion import IdleMotion, energy_of
from engines.faces.puppet.calm_mouth import CalmMouth
from engines.faces.puppet.lip_calibration import LipCalibration
from engines.faces.puppet.mouth_inside import MouthInside
from engines.faces.puppet.mouth_shape import MouthShape
from engines.faces.puppet.renderer import Expression, FaceRenderer
from media.video.images import is_image, read_image
from media.video.read import Picture, read_frames

_REPAINT_EVERY = 250
"""Frames after which the painted mouth takes the light of the video anew."""


class PuppetLipSyncOptions(Protocol):
    """The engine's options that the lip-sync uses."""

    @property
    def expression(self) -> float: ...
    @property
    def motion(self) -> float: ...
    @property
    def blinks(self) -> bool: ...


def lip_sync_parts(
    request: LipSyncRequest, provider: LandmarkProvider, hands: HandFinder, manner: PuppetLipSyncOptions, run: RunContext
) -> Iterator[RenderedPart]:
    """Yield the parts from `request.first_frame` on."""
    fps = Fraction(*request.fps)
    shapes = mouth_shapes(request.mouth, fps, request.frames, manner.expression)
    if is_image(request.face):
        pictures = _still(request, provider, manner, shapes, fps)
    else:
        pictures = _video(request, provider, hands, shapes, fps, run)
    yield from written_parts(
        pictures, request.folder, request.first_frame, request.frames, request.part_frames, fps, request.quality, run
    )


def mouth_shapes(track: MouthTrack, fps: Fraction, frames: int, expression: float) -> list[MouthShape]:
    """Return one shape per frame, at the middle of its display time."""
    times = np.asarray((np.arange(frames) + 0.5) / float(fps), np.float64)
    return [MouthShape(float(one[0]) * expression, float(one[1]), float(one[2]), float(one[3])) for one in track.at(times)]


def _still(
    request: LipSyncRequest, provider: LandmarkProvider, manner: PuppetLipSyncOptions, shapes: list[MouthShape], fps: Fraction
) -> Iterator[Edited]:
    picture = read_image(request.face)
    puppeteer = FaceRenderer(picture, face_of(picture, provider, request.choice))
    life = IdleMotion(request.frames / float(fps), request.seed, manner.blinks, manner.motion)
    energy = energy_of(np.array([shape.open for shape in shapes], np.float32), float(fps))
    for number in range(request.first_frame, request.frames):
        time = number / float(fps)
        expression = Expression(shapes[number], life.blink(time), 0.0, life.pose(time, float(energy[number])))
        yield puppeteer.render(expression), True, False


def _video(
    request: LipSyncRequest,
    provider: LandmarkProvider,
    hands: HandFinder,
    shapes: list[MouthShape],
    fps: Fraction,
    run: RunContext,
) -> Iterator[Edited]:
    early = read_first_frames(request.face, request.choice, request.frames, provider, fps, run, hands=hands)
    lips = LipCalibration.learned(early.calm_picture, early.calm, provider)
    calm = CalmMouth.of(early.calm_picture, early.calm, lips)
    before = _Before(OwnColours(early.calm_picture, early.calm), HandsBefore(hands))
    start = max(0, request.first_frame - WINDOW)
    end = min(request.frames, request.frames + WINDOW)
    frames = ((start + at, frame.picture) for at, frame in enumerate(read_frames(request.face, fps, start, end - start)))
    choice = FaceChoice(x=float(early.at[0]), y=float(early.at[1]))
    tracker = FaceTracker(provider, choice)
    inside: MouthInside | None = None
    for tracked in tracker.track(_checked(frames, run)):
        if tracked.number < request.first_frame:
            continue
        if tracked.number % _REPAINT_EVERY == 0:
            inside = None
        front = before.of(tracked)
        if tracked.face is not None and not tracked.bridged and early.seen.hidden(tracked.picture, tracked.face, front):
            yield tracked.picture, False, False
            continue
        picture, inside, edited = _spoken(tracked, shapes[tracked.number], calm, inside)
        if front is not None:
            front.put_back(tracked.picture, picture)
        yield picture, edited, tracked.bridged and edited


class _Before:
    """Detects what is in front of one person's face: objects of another colour, and hands."""

    def __init__(self, own: OwnColours, hands: HandsBefore) -> None:
        self._own, self._hands = own, hands

    def of(self, tracked: TrackedFrame) -> InFront | None:
        if tracked.face is None or tracked.bridged:
            self._hands.forget()
            return None
        things = self._own.in_front(tracked.picture, tracked.face)
        hands = self._hands.of(tracked.picture, tracked.face)
        return hands if things is None else things.and_also(hands)


def _spoken(
    tracked: TrackedFrame, shape: MouthShape, calm: CalmMouth, inside: MouthInside | None
) -> tuple[Picture, MouthInside | None, bool]:
    if tracked.face is None:
        return tracked.picture, inside, False
    strength = tracked.strength * float(np.clip((MOST_YAW + 6 - abs(tracked.face.yaw)) / 6, 0, 1))
    if strength <= 0:
        return tracked.picture, inside, False
    at_rest, face, _ = calm.brought_to(tracked.picture, tracked.face)
    puppeteer = FaceRenderer(at_rest, face, inside)
    spoken = puppeteer.render(Expression(shape))
    if strength < 1:
        spoken = np.asarray(cv2.addWeighted(spoken, strength, tracked.picture, 1 - strength, 0), np.uint8)
    return spoken, puppeteer.inside, True


def _checked(frames: Iterable[tuple[int, Picture]], run: RunContext) -> Iterator[tuple[int, Picture]]:
    for frame in frames:
        run.check()
        yield frame
