"""Animation of a portrait video: its own motion and the driving video's together, smoothed as upstream does.

Upstream: live_portrait_pipeline.py, the branches of flag_is_source_video. Smoothing looks ahead, so the motion of both videos is
read first; a resumed job reads it again and gives the same frames.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from engines.analysis.landmarks import Face, LandmarkProvider
from engines.analysis.tracking import FaceTracker, TrackedFrame
from engines.common.parts import Edited
from engines.contract import RunContext
from engines.contract.faces import AnimateRequest, FaceChoice
from engines.faces.common.first_frames import read_first_frames
from engines.faces.liveportrait.crop import HeadCrop, crop_around, eye_ratios, lip_ratio, whole_mask
from engines.faces.liveportrait.networks.keypoints import EYE_POINTS, LIP_POINTS, Motion, carried_by_video
from engines.faces.liveportrait.networks.load import Networks
from engines.faces.liveportrait.networks.smoothing import smoothed
from engines.faces.liveportrait.networks.source import LIPS_STAND_OPEN, MOST_OPEN, framing_of, render_batch
from engines.faces.liveportrait.options import LivePortraitOptions
from media.video.read import read_frames


@dataclass(frozen=True, eq=False)
class VideoFrame:
    """A frame of the portrait video that shows its face, and what the driving face does at that moment.

    Args:
        lips, eyes: openings of the portrait's face. wanted: those of the driving face (one eye, lips), where options follow it.
    """

    crop: HeadCrop
    motion: Motion
    driving: Motion
    lips: float
    eyes: tuple[float, float]
    wanted: tuple[float, float]
    bridged: bool


class _Pair(NamedTuple):
    portrait: TrackedFrame
    driving: TrackedFrame


def video_frames(
    request: AnimateRequest,
    driving: Iterator[list[TrackedFrame]],
    first: tuple[HeadCrop, Face],
    networks: Networks,
    provider: LandmarkProvider,
    options: LivePortraitOptions,
    run: RunContext,
) -> dict[int, VideoFrame]:
    """Read the motion of both videos from their beginnings; frames without the portrait's face are left out.

    Args:
        driving: its frames in batches, from the first one on.
        first: the crop and the first face of the driving video.

    Raises:
        EngineError: the portrait video shows no usable face.
    """
    fps = Fraction(*request.fps)
    place = read_first_frames(request.portrait, request.choice, request.frames, provider, fps, run, "portrait").at
    pictures = ((at, one.picture) for at, one in enumerate(read_frames(request.portrait, fps, 0, request.frames)))
    portrait = FaceTracker(provider, FaceChoice(x=float(place[0]), y=float(place[1]))).track(pictures)
    found: dict[int, VideoFrame] = {}
    wanted = eye_ratios(first[1])[0], lip_ratio(first[1])
    for batch in driving:
        pairs = [_Pair(one, other) for other in batch if (one := next(portrait, None)) is not None]
        if not pairs:
            break
        run.progress(0.0, f"Reading motion, picture {pairs[-1].portrait.number + 1:,} of {request.frames:,}")
        wanted = _read(pairs, first[0], networks, options, wanted, found)
    return found


def _read(
    pairs: list[_Pair],
    driving_crop: HeadCrop,
    networks: Networks,
    options: LivePortraitOptions,
    wanted: tuple[float, float],
    found: dict[int, VideoFrame],
) -> tuple[float, float]:
    """Add what one batch shows to `found`; return the last openings of the driving face."""
    side = networks.sizes.side
    driven = networks.motion(np.stack([driving_crop.cut(pair.driving.picture, side) for pair in pairs]))
    shown = [(row, pair, pair.portrait.face) for row, pair in enumerate(pairs)]
    usable = [(row, pair, face, crop_around(face, framing_of(options))) for row, pair, face in shown if face is not None]
    own = networks.motion(np.stack([crop.cut(pair.portrait.picture, side) for _, pair, _, crop in usable])) if usable else None
    places = {row: place for place, (row, *_) in enumerate(usable)}
    for row, pair in enumerate(pairs):
        if pair.driving.face is not None:
            wanted = eye_ratios(pair.driving.face)[0], min(lip_ratio(pair.driving.face), MOST_OPEN)
        if own is None or row not in places:
            continue
        _, _, face, crop = usable[places[row]]
        motion = own[slice(places[row], places[row] + 1)]
        found[pair.portrait.number] = VideoFrame(
            crop, motion, driven[slice(row, row + 1)], lip_ratio(face), eye_ratios(face), wanted, pair.portrait.bridged
        )
    return wanted


def moved(frames: dict[int, VideoFrame], first: Motion, options: LivePortraitOptions) -> dict[int, Motion]:
    """Return the motion of the portrait in each frame: what the region carries over, smoothed over time.

    Args:
        first: the driving face in its first picture.
    """
    carried = {
        number: carried_by_video(one.motion, one.driving, first, options.flag_relative_motion) for number, one in frames.items()
    }
    if not carried:
        return {}
    rotations = _smooth([one.rotation for one in carried.values()])
    expressions = _smooth([one.expression for one in carried.values()])
    result: dict[int, Motion] = {}
    for number, rotation, expression in zip(carried, rotations, expressions, strict=True):
        own, wanted = frames[number].motion, replace(carried[number], rotation=rotation, expression=expression)
        result[number] = _with_own_openings(own, own.taken(wanted, options.animation_region), options)
    return result


def _with_own_openings(own: Motion, moved: Motion, options: LivePortraitOptions) -> Motion:
    """Return the motion with the portrait's own eyes or lips, where retargeting sets them."""
    still = list(EYE_POINTS) * options.flag_eye_retargeting + list(LIP_POINTS) * options.flag_lip_retargeting
    if not still:
        return moved
    expression = moved.expression.clone()
    expression[:, still] = own.expression[:, still]
    return replace(moved, expression=expression)


def _smooth(values: list[torch.Tensor]) -> list[torch.Tensor]:
    over_time = torch.cat(values).double().cpu().numpy()
    return list(torch.from_numpy(smoothed(over_time)).to(values[0]).split(1))


def performed_video(
    request: AnimateRequest,
    frames: dict[int, VideoFrame],
    motions: dict[int, Motion],
    networks: Networks,
    options: LivePortraitOptions,
    batch: int,
    run: RunContext,
) -> Iterator[Edited]:
    """Yield the frames from the request's first one on; those without a face pass unchanged."""
    fps, begin = Fraction(*request.fps), request.first_frame
    number, waiting = begin - 1, []
    for number, one in enumerate(read_frames(request.portrait, fps, begin, request.frames - begin), begin):
        run.check()
        waiting.append((number, one.picture))
        if len(waiting) == batch:
            yield from _rendered(waiting, frames, motions, networks, options)
            waiting = []
    if waiting:
        yield from _rendered(waiting, frames, motions, networks, options)


def _rendered(
    batch: list[tuple[int, NDArray[np.uint8]]],
    frames: dict[int, VideoFrame],
    motions: dict[int, Motion],
    networks: Networks,
    options: LivePortraitOptions,
) -> Iterator[Edited]:
    shown = [(number, picture) for number, picture in batch if number in frames]
    squares: Iterator[NDArray[np.uint8]] = iter(())
    if shown:
        chosen = [frames[number] for number, _ in shown]
        cut = np.stack([one.crop.cut(picture, networks.sizes.side) for one, (_, picture) in zip(chosen, shown, strict=True)])
        source = torch.cat([one.motion.key_points() for one in chosen])
        driving = torch.cat([motions[number].key_points() for number, _ in shown])
        change, closing = _retargeted(chosen, source, networks, options)
        driving = driving if change is None else driving + change
        squares = iter(render_batch(networks, options, networks.features(cut), driving, source, closing))
    mask = whole_mask()
    for number, picture in batch:
        one = frames.get(number)
        yield (picture, False, False) if one is None else (one.crop.paste(picture, next(squares), mask), True, one.bridged)


def _retargeted(
    frames: list[VideoFrame], source: torch.Tensor, networks: Networks, options: LivePortraitOptions
) -> tuple[torch.Tensor | None, torch.Tensor | None]:
    """Return what eye and lip retargeting add, None without them; and what closes lips that stand open."""
    lips = np.array([one.lips for one in frames], np.float32)
    wanted = np.array([one.wanted for one in frames], np.float32)
    change: torch.Tensor | None = None
    if options.flag_eye_retargeting:
        eyes = np.array([one.eyes for one in frames], np.float32)
        change = networks.eye_change(source, np.column_stack([eyes, wanted[:, :1]]))
    if options.flag_lip_retargeting:
        opened = networks.lip_change(source, np.column_stack([lips, wanted[:, 1]]))
        change = opened if change is None else change + opened
    if change is not None or not (options.flag_normalize_lip and options.flag_relative_motion):
        return change, None
    closing = networks.lip_change(source, np.column_stack([lips, np.zeros_like(lips)]))
    stand_open = torch.from_numpy(lips >= LIPS_STAND_OPEN).to(closing.device)
    return None, torch.where(stand_open[:, None, None], closing, torch.zeros_like(closing))
