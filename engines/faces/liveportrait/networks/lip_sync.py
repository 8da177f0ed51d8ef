"""LivePortrait's lip-sync: the mouth track drives lip retargeting, on an animated still or on a video."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction

import numpy as np
import torch
from numpy.typing import NDArray

from engines.analysis.face_selection import MOST_YAW
from engines.analysis.landmarks import LandmarkProvider
from engines.analysis.tracking import WINDOW, FaceTracker, TrackedFrame
from engines.common.parts import Edited, written_parts
from engines.contract import RunContext
from engines.contract.faces import FaceChoice, LipSyncRequest, RenderedPart
from engines.faces.common.first_frames import read_first_frames
from engines.faces.common.idle_motion import IdleMotion, energy_of
from engines.faces.liveportrait.crop import crop_around, face_mask, lip_ratio, whole_mask
from engines.faces.liveportrait.networks.keypoints import Motion, rotation_of
from engines.faces.liveportrait.networks.load import Networks
from engines.faces.liveportrait.networks.source import MOST_OPEN, LivePortraitSource, framing_of, render_batch, still_source
from engines.faces.liveportrait.options import LivePortraitOptions
from media.video.images import is_image, read_image
from media.video.read import read_frames

_POUT = (19, 0, 0.06)
"""Pucker as upstream's "pouting": key point, axis and reach."""
_GRIN = ((20, 2, -0.006), (20, 1, -0.006), (14, 1, -0.006))
"""Wide as upstream's "grin", at two fifths of its reach."""


def lip_sync_parts(
    request: LipSyncRequest,
    networks: Networks,
    provider: LandmarkProvider,
    options: LivePortraitOptions,
    batch: int,
    run: RunContext,
) -> Iterator[RenderedPart]:
    """Yield the parts from `request.first_frame` on."""
    fps = Fraction(*request.fps)
    times = (np.arange(request.frames) + 0.5) / float(fps)
    mouth = request.mouth.at(times.astype(np.float64))
    mouth[:, 0] = np.clip(mouth[:, 0] * options.expression, 0, MOST_OPEN)
    if is_image(request.face):
        pictures = _still(request, networks, provider, options, mouth, batch, run)
    else:
        pictures = _video(request, networks, provider, options, mouth, batch, run)
    yield from written_parts(
        pictures, request.folder, request.first_frame, request.frames, request.part_frames, fps, request.quality, run
    )


def _still(
    request: LipSyncRequest, networks: Networks, provider: LandmarkProvider, options: LivePortraitOptions,
    mouth: NDArray[np.float32], batch: int, run: RunContext,
) -> Iterator[Edited]:  # fmt: skip
    fps = float(Fraction(*request.fps))
    source = still_source(read_image(request.face), provider, request.choice, networks, framing_of(options))
    life = IdleMotion(request.frames / fps, request.seed, options.blinks, options.motion)
    energy = energy_of(mouth[:, 0], fps)
    mask = whole_mask()
    for first in range(request.first_frame, request.frames, batch):
        run.check()
        rows = range(first, min(first + batch, request.frames))
        poses = [life.pose(row / fps, float(energy[row])) for row in rows]
        turns = np.degrees(np.array([[pose.pitch, pose.yaw, pose.roll] for pose in poses], np.float32))
        blinks = np.array([life.blink(row / fps) for row in rows], np.float32)
        motion = source.motion.expanded(len(rows))
        turned = rotation_of(*torch.from_numpy(turns).to(networks.device).unbind(dim=1)) @ motion.rotation
        driving = spoken(replace(motion, rotation=turned), mouth[rows.start : rows.stop]).key_points()
        driving = driving + _lips(networks, source.motion, [source.lips] * len(rows), mouth[rows.start : rows.stop, 0])
        driving = driving + _lids(networks, source, blinks)
        features = source.features.expand(len(rows), *[-1] * (source.features.ndim - 1))
        for square in render_batch(networks, options, features, driving, motion.key_points()):
            yield source.crop.paste(source.picture, square, mask), True, False


def _video(
    request: LipSyncRequest, networks: Networks, provider: LandmarkProvider, options: LivePortraitOptions,
    mouth: NDArray[np.float32], batch: int, run: RunContext,
) -> Iterator[Edited]:  # fmt: skip
    fps = Fraction(*request.fps)
    place = read_first_frames(request.face, request.choice, request.frames, provider, fps, run).at
    start = max(0, request.first_frame - WINDOW)
    frames = ((start + at, one.picture) for at, one in enumerate(read_frames(request.face, fps, start, request.frames - start)))
    waiting: list[TrackedFrame] = []
    for tracked in FaceTracker(provider, FaceChoice(x=float(place[0]), y=float(place[1]))).track(frames):
        run.check()
        if tracked.number >= request.first_frame:
            waiting.append(tracked)
        if len(waiting) == batch:
            yield from _spoken_batch(waiting, networks, options, mouth)
            waiting = []
    if waiting:
        yield from _spoken_batch(waiting, networks, options, mouth)


def _spoken_batch(
    batch: list[TrackedFrame], networks: Networks, options: LivePortraitOptions, mouth: NDArray[np.float32]
) -> Iterator[Edited]:
    """Yield frames in order; those with a usable face are one batch of the networks."""
    strengths = [_strength(one) for one in batch]
    usable = [one for one, strength in zip(batch, strengths, strict=True) if strength > 0]
    crops = [crop_around(one.face, framing_of(options)) for one in usable if one.face is not None]
    squares: Iterator[NDArray[np.uint8]] = iter(())
    if usable:
        cut = np.stack([crop.cut(one.picture, networks.sizes.side) for one, crop in zip(usable, crops, strict=True)])
        shapes = mouth[[one.number for one in usable]]
        motion = networks.motion(cut)
        gaps = [lip_ratio(one.face) for one in usable if one.face is not None]
        driving = spoken(motion, shapes).key_points() + _lips(networks, motion, gaps, shapes[:, 0])
        squares = iter(render_batch(networks, options, networks.features(cut), driving, motion.key_points()))
    places = iter(crops)
    for one, strength in zip(batch, strengths, strict=True):
        if strength <= 0 or one.face is None:
            yield one.picture, False, False
            continue
        crop = next(places)
        yield crop.paste(one.picture, next(squares), face_mask(crop.inside(one.face)), strength), True, one.bridged


def _strength(tracked: TrackedFrame) -> float:
    """Return the opacity of the edit, which fades beside a gap and with a face that turns away."""
    if tracked.face is None:
        return 0.0
    return tracked.strength * float(np.clip((MOST_YAW + 6 - abs(tracked.face.yaw)) / 6, 0, 1))


def spoken(motion: Motion, mouth: NDArray[np.float32]) -> Motion:
    """Return the motion with the mouth's width and rounding in its expression; lip retargeting opens the mouth."""
    change = np.zeros((len(mouth), *motion.expression.shape[1:]), np.float32)
    point, axis, reach = _POUT
    change[:, point, axis] = reach * mouth[:, 2]
    for point, axis, reach in _GRIN:
        change[:, point, axis] += reach * mouth[:, 1]
    return replace(motion, expression=motion.expression + torch.from_numpy(change).to(motion.expression.device))


def _lips(networks: Networks, motion: Motion, gaps: list[float], wanted: NDArray[np.float32]) -> torch.Tensor:
    ratios = np.column_stack([np.array(gaps, np.float32), wanted]).astype(np.float32)
    return networks.lip_change(motion.expanded(len(wanted)).key_points() if len(motion) == 1 else motion.key_points(), ratios)


def _lids(networks: Networks, source: LivePortraitSource, blinks: NDArray[np.float32]) -> torch.Tensor:
    """Return the offset of the eyelids: 0 for open eyes, else eye retargeting from their present opening towards closed."""
    points = source.motion.expanded(len(blinks)).key_points()
    if not blinks.any():
        return torch.zeros_like(points)
    right, left = source.eyes
    wanted = (1 - blinks) * (right + left) / 2
    ratios = np.column_stack([np.full_like(blinks, right), np.full_like(blinks, left), wanted]).astype(np.float32)
    moving = torch.from_numpy(blinks > 0).to(points.device)
    return torch.where(moving[:, None, None], networks.eye_change(points, ratios), torch.zeros_like(points))
