"""The built-in swap of a whole clip: read, tracked, replaced and written in parts, with constant memory."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from fractions import Fraction
from functools import partial
from typing import Protocol

from engines.analysis.face_selection import face_of
from engines.analysis.hands import HandFinder
from engines.analysis.landmarks import LandmarkProvider
from engines.analysis.person_mask import PersonMask
from engines.analysis.tracking import WINDOW, TrackedFrame
from engines.common.parts import Edited, written_parts
from engines.contract import RunContext
from engines.contract.faces import RenderedPart
from engines.contract.swap import SwapRequest
from engines.swap.basic.face_transfer import FaceTransfer
from engines.swap.basic.mesh import Topology
from engines.swap.basic.people import first_people, followed
from engines.swap.basic.source_face import SourceFace
from media.video.images import read_image
from media.video.read import Picture, read_frames

LEAD = WINDOW + 24
"""Pictures before the first one that are followed with one person, so that place and light are settled when it comes."""


class SwapSettings(Protocol):
    @property
    def strength(self) -> float: ...
    @property
    def light(self) -> float: ...
    @property
    def edge(self) -> float: ...


def swapped_parts(
    request: SwapRequest,
    provider: LandmarkProvider,
    topology: Topology,
    people: PersonMask,
    hands: HandFinder,
    manner: SwapSettings,
    run: RunContext,
) -> Iterator[RenderedPart]:
    """Yield the parts from `request.first_frame` on.

    Raises:
        EngineError, MediaError: no face, a profile, or a file that cannot be read.
    """
    fps = Fraction(*request.fps)
    picture = read_image(request.reference)
    donor = SourceFace(picture, face_of(picture, provider, request.choice, "portrait"), topology, manner.edge, people)
    draw = partial(FaceTransfer, donor, manner.light, manner.strength, people, hands)
    pictures = _swapped(request, draw, provider, fps, run)
    yield from written_parts(
        pictures, request.folder, request.first_frame, request.frames, request.part_frames, fps, request.quality, run
    )


def _swapped(
    request: SwapRequest, draw: Callable[[], FaceTransfer], provider: LandmarkProvider, fps: Fraction, run: RunContext
) -> Iterator[Edited]:
    people, alone = first_people(request.driving, fps, request.frames, request.people, provider, run)
    # Among several people only their whole course tells who is who.
    start = max(0, request.first_frame - LEAD) if alone else 0
    frames = (
        (start + at, one.picture) for at, one in enumerate(read_frames(request.driving, fps, start, request.frames - start))
    )
    exchanges = [draw() for _ in people]
    for tracks in followed(_checked(frames, run), people, alone, provider):
        if tracks[0].number < request.first_frame:
            for exchange, tracked in zip(exchanges, tracks, strict=True):
                if tracked.face is not None:
                    exchange.watch(tracked.picture, tracked.face)
            continue
        yield _exchanged(exchanges, tracks)


def _exchanged(exchanges: list[FaceTransfer], tracks: tuple[TrackedFrame, ...]) -> Edited:
    picture = tracks[0].picture
    result, edited, bridged = picture, False, False
    for exchange, tracked in zip(exchanges, tracks, strict=True):
        if tracked.face is None:
            exchange.lost()
            continue
        if result is picture:
            result = picture.copy()
        drawn = exchange.render(picture, result, tracked.face, tracked.strength)
        edited, bridged = edited or drawn, bridged or (drawn and tracked.bridged)
    return result, edited, bridged


def _checked(frames: Iterable[tuple[int, Picture]], run: RunContext) -> Iterator[tuple[int, Picture]]:
    for frame in frames:
        run.check()
        yield frame
