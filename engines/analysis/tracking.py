"""Tracking of one face through a video: smoothed, and interpolated across short gaps. Memory holds a window of frames."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from engines.analysis.landmarks import Face, LandmarkProvider, chosen
from engines.contract.faces import FaceChoice
from media.video.read import Picture

LONGEST_BRIDGE = 5
"""Frames without a face that are filled in between two with one; a longer gap passes through."""
WINDOW = LONGEST_BRIDGE + 1
"""Frames that the track looks ahead."""

_SMOOTHING = np.array([0.03, 0.17, 0.6, 0.17, 0.03])
_SEARCH_EVERY = 5
"""A lost face is searched for in every so many frames: searching takes ten times as long as following."""
_FADE = 3
"""Frames over which an edit comes and goes at the ends of a gap."""
_JUMP = 0.6
"""Of the face's height: a face that moves farther within a frame is another one, or a cut."""


@dataclass(frozen=True, eq=False)
class TrackedFrame:
    """A frame with its face.

    Args:
        face: smoothed; None in a gap.
        bridged: the face was interpolated between its neighbours.
        strength: 0 to 1, the opacity of an edit, which fades beside a gap.
    """

    number: int
    picture: Picture
    face: Face | None
    bridged: bool = False
    strength: float = 1.0


@dataclass(eq=False)
class _SeenFace:
    number: int
    picture: Picture
    face: Face | None
    bridged: bool = False
    cut: bool = False


class FaceTracker:
    """Tracks one face, which `choice` selects in the first frame.

    Args:
        near: the face in an earlier frame of the same video, to continue its track.
    """

    def __init__(self, provider: LandmarkProvider, choice: FaceChoice, near: Face | None = None) -> None:
        self._provider, self._choice = provider, choice
        self._last = near
        self._known = near
        self._since_search = _SEARCH_EVERY

    def track(self, frames: Iterable[tuple[int, Picture]]) -> Iterator[TrackedFrame]:
        """Yield the same frames in order, delayed by WINDOW frames."""
        window: deque[_SeenFace] = deque()
        behind: deque[_SeenFace] = deque(maxlen=max(_FADE, 2))
        for number, picture in frames:
            face, cut = self._look(picture)
            window.append(_SeenFace(number, picture, face, cut=cut))
            if face is not None:
                _bridge(window, behind)
            if len(window) > WINDOW:
                yield _finished(window, behind)
        while window:
            yield _finished(window, behind)

    def _look(self, picture: Picture) -> tuple[Face | None, bool]:
        """The face in this frame, and whether it is there anew: after a gap, or a cut."""
        if self._last is not None:
            face = self._provider.follow(picture, self._last)
            if face is not None and _near(face, self._last):
                self._last = self._known = face
                return face, False
            self._last, self._since_search = None, _SEARCH_EVERY
        self._since_search += 1
        if self._since_search < _SEARCH_EVERY:
            return None, False
        self._since_search = 0
        faces = self._provider.find(picture)
        if self._known is None:
            found = chosen(faces, self._choice, picture.shape[1], picture.shape[0])
        else:
            known = self._known
            found = min(faces, key=lambda one: float(np.linalg.norm(one.centre - known.centre)), default=None)
        if found is not None:
            self._last = self._known = found
        return found, found is not None


def _near(face: Face, before: Face) -> bool:
    moved = float(np.linalg.norm(face.centre - before.centre))
    return moved < _JUMP * before.height and 0.6 < face.height / max(before.height, 1e-3) < 1.7


def _bridge(window: deque[_SeenFace], behind: deque[_SeenFace]) -> None:
    """Fill a short gap that the newest frame has just closed."""
    together = [*behind, *window]
    last = together[-1]
    gap = 0
    while gap + 1 < len(together) and together[-2 - gap].face is None:
        gap += 1
    if not 0 < gap <= LONGEST_BRIDGE or gap + 1 >= len(together) or gap >= len(window):
        return
    first = together[-2 - gap]
    if first.face is None or last.face is None or not _near(last.face, first.face):
        return
    for step, one in enumerate(together[-1 - gap : -1], 1):
        share = step / (gap + 1)
        points = first.face.points + (last.face.points - first.face.points) * share
        one.face, one.bridged = Face(points.astype(np.float32), 0.0), True
    last.cut = False


def _finished(window: deque[_SeenFace], behind: deque[_SeenFace]) -> TrackedFrame:
    """The oldest frame of the window, smoothed with its neighbours on both sides."""
    one = window.popleft()
    after = list(window)
    smooth = None if one.face is None else _smoothed(one, list(behind), after)
    distances = [at + 1 for at, other in enumerate(reversed(behind)) if other.face is None]
    distances += [at + 1 for at, other in enumerate(after) if other.face is None]
    strength = min(1.0, min(distances, default=_FADE + 1) / (_FADE + 1))
    behind.append(one)
    return TrackedFrame(one.number, one.picture, smooth, one.bridged, strength)


def _smoothed(one: _SeenFace, before: list[_SeenFace], after: list[_SeenFace]) -> Face:
    assert one.face is not None
    total, weights = _SMOOTHING[2] * one.face.points, _SMOOTHING[2]
    before_ok, after_ok = not one.cut, True
    for step in (1, 2):
        earlier = before[-step] if len(before) >= step else None
        if before_ok and earlier is not None and earlier.face is not None:
            total, weights = total + _SMOOTHING[2 - step] * earlier.face.points, weights + _SMOOTHING[2 - step]
            before_ok = not earlier.cut
        else:
            before_ok = False
        later = after[step - 1] if len(after) >= step else None
        after_ok = after_ok and later is not None and later.face is not None and not later.cut
        if after_ok and later is not None and later.face is not None:
            total, weights = total + _SMOOTHING[2 + step] * later.face.points, weights + _SMOOTHING[2 + step]
    return Face((total / weights).astype(np.float32), one.face.presence)
