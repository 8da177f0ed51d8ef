"""LivePortrait's portrait animation: transfers the motion of a driving video to a still, frame by frame."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np
import torch
from numpy.typing import NDArray

from engines.analysis.face_selection import face_of
from engines.analysis.landmarks import Face, LandmarkProvider
from engines.analysis.tracking import WINDOW, FaceTracker, TrackedFrame
from engines.common.parts import Edited, written_parts
from engines.contract import RunContext
from engines.contract.errors import EngineError
from engines.contract.faces import AnimateRequest, RenderedPart
from engines.faces.liveportrait.crop import HeadCrop, HeadFraming, eye_ratios, lip_ratio, whole_mask
from engines.faces.liveportrait.driving_crop import driving_crop
from engines.faces.liveportrait.networks.animate_video import moved, performed_video, video_frames
from engines.faces.liveportrait.networks.keypoints import EYE_POINTS, LIP_POINTS, Motion, carried, size_ratio
from engines.faces.liveportrait.networks.load import Networks
from engines.faces.liveportrait.networks.source import (
    LIPS_STAND_OPEN,
    MOST_OPEN,
    LivePortraitSource,
    framing_of,
    render_batch,
    still_source,
)
from engines.faces.liveportrait.options import LivePortraitOptions
from media.video.images import is_image, read_image
from media.video.read import Picture, read_frames

_SEARCHED = 90
"""Pictures of the driving video that are looked at for its first face."""
_DRIVING_DOWN = -0.1


@dataclass(frozen=True, eq=False)
class DrivingReference:
    """The driving video's first face, its motion there, and the crop for all frames."""

    crop: HeadCrop
    face: Face
    number: int
    motion: Motion


def animation_parts(
    request: AnimateRequest,
    networks: Networks,
    provider: LandmarkProvider,
    options: LivePortraitOptions,
    batch: int,
    run: RunContext,
) -> Iterator[RenderedPart]:
    """Yield the parts from `request.first_frame` on."""
    fps = Fraction(*request.fps)
    performed = _performed if is_image(request.portrait) else _performed_video
    pictures = performed(request, networks, provider, options, batch, run)
    yield from written_parts(
        pictures, request.folder, request.first_frame, request.frames, request.part_frames, fps, request.quality, run
    )


def _performed(
    request: AnimateRequest,
    networks: Networks,
    provider: LandmarkProvider,
    options: LivePortraitOptions,
    batch: int,
    run: RunContext,
) -> Iterator[Edited]:
    picture = read_image(request.portrait)
    source = still_source(picture, provider, request.choice, networks, framing_of(options))
    start = _start(request, networks, provider, options, run)
    mover = _Mover(networks, options, source, start)
    mask = whole_mask()
    for tracked in _batches(request, provider, options, start, batch):
        run.check()
        cut = np.stack([start.crop.cut(one.picture, networks.sizes.side) for one in tracked])
        driving = mover.key_points(networks.motion(cut), [one.face for one in tracked])
        features = source.features.expand(len(cut), *[-1] * (source.features.ndim - 1))
        squares = render_batch(networks, options, features, driving, source.key_points.expand(len(cut), -1, -1), mover.closing)
        for one, square in zip(tracked, squares, strict=True):
            yield source.crop.paste(picture, square, mask), True, one.bridged


def _performed_video(
    request: AnimateRequest,
    networks: Networks,
    provider: LandmarkProvider,
    options: LivePortraitOptions,
    batch: int,
    run: RunContext,
) -> Iterator[Edited]:
    start = _start(request, networks, provider, options, run)
    driving = _batches(replace(request, first_frame=0), provider, options, start, batch)
    frames = video_frames(request, driving, (start.crop, start.face), networks, provider, options, run)
    motions = moved(frames, start.motion, options)
    yield from performed_video(request, frames, motions, networks, options, batch, run)


def _batches(
    request: AnimateRequest, provider: LandmarkProvider, options: LivePortraitOptions, start: DrivingReference, batch: int
) -> Iterator[list[TrackedFrame]]:
    """Yield driving frames from the request's first one on; faces are tracked only if an option needs them."""
    follows = options.flag_eye_retargeting or options.flag_lip_retargeting
    begin = max(0, request.first_frame - WINDOW) if follows else request.first_frame
    fps = Fraction(*request.fps)
    frames: Iterator[tuple[int, Picture]] = (
        (begin + at, one.picture) for at, one in enumerate(read_frames(request.driving, fps, begin, request.frames - begin))
    )
    if follows:
        near = start.face if begin <= start.number else None
        tracked = FaceTracker(provider, request.driving_choice, near).track(frames)
    else:
        tracked = (TrackedFrame(number, picture, None) for number, picture in frames)
    waiting: list[TrackedFrame] = []
    for one in tracked:
        if one.number >= request.first_frame:
            waiting.append(one)
        if len(waiting) == batch:
            yield waiting
            waiting = []
    if waiting:
        yield waiting


def _start(
    request: AnimateRequest, networks: Networks, provider: LandmarkProvider, options: LivePortraitOptions, run: RunContext
) -> DrivingReference:
    """Return the first frame of the driving video that shows a usable face.

    Raises:
        EngineError: none of the first frames does.
    """
    framing = HeadFraming(options.scale_crop_driving_video, 0.0, _DRIVING_DOWN, turned=False)
    problem: EngineError | None = None
    frames = read_frames(request.driving, Fraction(*request.fps), 0, min(_SEARCHED, request.frames))
    for number, frame in enumerate(frames):
        run.check()
        try:
            face = face_of(frame.picture, provider, request.driving_choice, "driving")
        except EngineError as error:
            problem = problem or error
            continue
        fps = Fraction(*request.fps)
        crop = driving_crop(request.driving, fps, request.frames, face, number, framing, provider, run)
        return DrivingReference(crop, face, number, networks.motion(crop.cut(frame.picture, networks.sizes.side)[np.newaxis]))
    raise problem or EngineError("face.no-pictures", where="driving")


class _Mover:
    """Converts the driving face's motion to key points of the source; `closing` closes its lips and is added after stitching."""

    def __init__(
        self, networks: Networks, options: LivePortraitOptions, source: LivePortraitSource, start: DrivingReference
    ) -> None:
        self._networks, self._options, self._source, self._start = networks, options, source, start
        self._points = source.key_points
        self.closing = self._lips_closed_first()
        self._eyes: tuple[float, float] = eye_ratios(start.face)
        self._lips = lip_ratio(start.face)
        beginning = self._carried(start.motion).key_points()
        fits = options.flag_relative_motion and options.driving_option == "expression-friendly"
        self._beginning = beginning if fits else None
        self._ratio = size_ratio(self._points[0], beginning[0]) if fits else 1.0

    def key_points(self, driving: Motion, faces: list[Face | None]) -> torch.Tensor:
        """Return [n, 21, 3] for n driving faces; `faces` give the opening of eyes and lips if an option needs it."""
        options = self._options
        moved = self._carried(driving)
        if options.flag_eye_retargeting or options.flag_lip_retargeting:
            still = list(EYE_POINTS) * options.flag_eye_retargeting + list(LIP_POINTS) * options.flag_lip_retargeting
            expression = moved.expression.clone()
            expression[:, still] = self._source.motion.expression[:, still]
            moved = replace(moved, expression=expression)
        points = moved.key_points()
        if self._beginning is not None:
            points = (points - self._beginning) * self._ratio + self._points
        return points + self._retargeted(faces)

    def _carried(self, driving: Motion) -> Motion:
        options = self._options
        return carried(self._source.motion, driving, self._start.motion, options.animation_region, options.flag_relative_motion)

    def _retargeted(self, faces: list[Face | None]) -> torch.Tensor:
        """Return the offset of eye and lip retargeting; a frame without a face keeps the previous opening."""
        options, networks, count = self._options, self._networks, len(faces)
        points = self._points.expand(count, -1, -1)
        change = torch.zeros_like(points)
        if not (options.flag_eye_retargeting or options.flag_lip_retargeting):
            return change
        wanted = np.zeros((count, 2), np.float32)
        for row, face in enumerate(faces):
            if face is not None:
                self._eyes, self._lips = eye_ratios(face), lip_ratio(face)
            wanted[row] = self._eyes[0], min(self._lips, MOST_OPEN)
        if options.flag_eye_retargeting:
            own = np.tile(np.array(self._source.eyes, np.float32), (count, 1))
            change = change + networks.eye_change(points, np.column_stack([own, wanted[:, :1]]))
        if options.flag_lip_retargeting:
            change = change + networks.lip_change(points, _with(self._source.lips, wanted[:, 1]))
        return change

    def _lips_closed_first(self) -> torch.Tensor:
        options, source = self._options, self._source
        needed = options.flag_normalize_lip and options.flag_relative_motion and not options.flag_lip_retargeting
        if not needed or source.lips < LIPS_STAND_OPEN:
            return torch.zeros_like(self._points)
        return self._networks.lip_change(self._points, _with(source.lips, np.zeros(1, np.float32)))


def _with(own: float, wanted: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.column_stack([np.full(len(wanted), own, np.float32), wanted])
