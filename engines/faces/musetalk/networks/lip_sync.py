"""MuseTalk's lip-sync: faces are prepared once, then generated in batches."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from engines.analysis.face_selection import MOST_YAW, face_of
from engines.analysis.landmarks import Face, LandmarkProvider
from engines.analysis.tracking import WINDOW, FaceTracker, TrackedFrame
from engines.common.parts import Edited
from engines.contract import RunContext
from engines.contract.errors import EngineError
from engines.contract.faces import FaceChoice, LipSyncRequest
from engines.faces.common.first_frames import read_first_frames
from engines.faces.musetalk.face_region import blended, box_of, jaw_mask
from engines.faces.musetalk.networks.audio_encoder import AudioFeatures
from engines.faces.musetalk.networks.load import SIDE, MuseTalkNetworks
from engines.faces.musetalk.prepared_face import NO_FACE, STRETCH, PreparedFace, PreparedFaceStore
from media.video.images import is_image, read_image
from media.video.read import Picture, read_frames


@dataclass(frozen=True)
class MuseTalkLipSyncOptions:
    """The engine's options that the lip-sync uses.

    Args:
        batch: frames per batch.
        keeps_nose: leave the nose unchanged.
        extra_margin: pixels below the chin.
    """

    batch: int
    keeps_nose: bool
    extra_margin: int


Prepared = tuple[Picture, PreparedFace]


def spoken_frames(
    request: LipSyncRequest,
    networks: MuseTalkNetworks,
    provider: LandmarkProvider,
    shelf: PreparedFaceStore,
    manner: MuseTalkLipSyncOptions,
    run: RunContext,
) -> Iterator[Edited]:
    """Yield frames of the result from `request.first_frame` on, as soon as their batch is drawn."""
    fps = Fraction(*request.fps)
    speech = AudioFeatures.of(request.sound, networks)
    preparing = _Preparing(networks, provider, shelf, manner, run)
    pictures = preparing.still(request) if is_image(request.face) else preparing.video(request)
    batch: list[tuple[int, Prepared]] = []
    for number, prepared in enumerate(pictures, request.first_frame):
        run.check()
        batch.append((number, prepared))
        if len(batch) == manner.batch:
            yield from _drawn(batch, networks, speech, fps, manner)
            batch = []
    if batch:
        yield from _drawn(batch, networks, speech, fps, manner)


def _drawn(
    batch: list[tuple[int, Prepared]],
    networks: MuseTalkNetworks,
    speech: AudioFeatures,
    fps: Fraction,
    manner: MuseTalkLipSyncOptions,
) -> Iterator[Edited]:
    usable = [(number, one) for number, (_, one) in batch if one.latents is not None]
    drawn: Iterator[Picture] = iter(())
    if usable:
        latents = np.stack([one.latents for _, one in usable if one.latents is not None])
        drawn = iter(networks.faces(latents, speech.tokens((number for number, _ in usable), fps)))
    for _, (picture, one) in batch:
        face = one.face
        if face is None:
            yield picture, False, False
            continue
        box = box_of(face, manner.extra_margin, picture)
        mask = jaw_mask(face, box, manner.keeps_nose)
        yield blended(picture, next(drawn), box, mask, one.strength), True, one.bridged


class _Preparing:
    """Faces with the inputs of the UNet, from the store if they are there."""

    def __init__(
        self,
        networks: MuseTalkNetworks,
        provider: LandmarkProvider,
        shelf: PreparedFaceStore,
        manner: MuseTalkLipSyncOptions,
        run: RunContext,
    ) -> None:
        self._networks, self._provider, self._shelf = networks, provider, shelf
        self._manner, self._run = manner, run

    def still(self, request: LipSyncRequest) -> Iterator[Prepared]:
        """Yield the picture once per frame.

        Raises:
            EngineError: no face, or none that can be animated.
        """
        picture = read_image(request.face)
        kept = self._shelf.get(0, 1)
        if kept is None:
            kept = self._encoded([(picture, face_of(picture, self._provider, request.choice), 1.0, False)])
            self._shelf.put(0, kept)
        for _ in range(request.first_frame, request.frames):
            yield picture, kept[0]

    def video(self, request: LipSyncRequest) -> Iterator[Prepared]:
        """Yield each frame of a video with its face.

        Raises:
            EngineError: the first frames show no face, or none that can be animated.
        """
        fps = Fraction(*request.fps)
        near: FaceChoice | None = None
        for stretch in range(request.first_frame // STRETCH, -(-request.frames // STRETCH)):
            begin = stretch * STRETCH
            end = min(begin + STRETCH, request.frames)
            kept = self._shelf.get(stretch, end - begin)
            if kept is not None:
                pictures: Iterator[Prepared] = zip(_pictures(request, begin, end), kept, strict=True)
            else:
                if near is None:
                    x, y = read_first_frames(request.face, request.choice, request.frames, self._provider, fps, self._run).at
                    near = FaceChoice(x=float(x), y=float(y))
                pictures = self._followed(request, stretch, begin, end, near)
            for number, one in enumerate(pictures, begin):
                if number >= request.first_frame:
                    yield one

    def _followed(self, request: LipSyncRequest, stretch: int, begin: int, end: int, near: FaceChoice) -> Iterator[Prepared]:
        """Yield a stretch that is prepared now, and store it as a whole."""
        start, stop = max(0, begin - WINDOW), min(request.frames, end + WINDOW)
        frames = enumerate(_pictures(request, start, stop), start)
        made: list[PreparedFace] = []
        waiting: list[TrackedFrame] = []
        for tracked in FaceTracker(self._provider, near).track(frames):
            self._run.check()
            if not begin <= tracked.number < end:
                continue
            waiting.append(tracked)
            if len(waiting) == self._manner.batch or tracked.number == end - 1:
                prepared = self._encoded([(one.picture, one.face, _strength(one), one.bridged) for one in waiting])
                made += prepared
                if tracked.number == end - 1:  # before the last ones are given: whoever takes them may not come back
                    self._shelf.put(stretch, made)
                yield from zip((one.picture for one in waiting), prepared, strict=True)
                waiting = []

    def _encoded(self, faces: list[tuple[Picture, Face | None, float, bool]]) -> list[PreparedFace]:
        """Return faces with their latents; one that cannot be used counts as none."""
        cut: list[Picture | None] = []
        for picture, face, strength, _ in faces:
            box = None
            if face is not None and strength > 0:
                try:
                    box = box_of(face, self._manner.extra_margin, picture)
                except EngineError:
                    if len(faces) == 1:
                        raise
            cut.append(None if box is None else box.cut(picture, SIDE))
        there = [one for one in cut if one is not None]
        latents = iter(self._networks.latents(np.stack(there)) if there else ())
        return [
            NO_FACE if square is None or face is None else PreparedFace(face.points, next(latents), strength, bridged)
            for square, (_, face, strength, bridged) in zip(cut, faces, strict=True)
        ]


def _pictures(request: LipSyncRequest, begin: int, end: int) -> Iterator[Picture]:
    return (one.picture for one in read_frames(request.face, Fraction(*request.fps), begin, end - begin))


def _strength(tracked: TrackedFrame) -> float:
    """Return the opacity of the edit, which fades beside a gap and with a face that turns away."""
    if tracked.face is None:
        return 0.0
    return tracked.strength * float(np.clip((MOST_YAW + 6 - abs(tracked.face.yaw)) / 6, 0, 1))
