"""A video lengthened to the speech for it: looped, or played back and forth."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

from media.video.read import probe_video, read_frames
from media.video.write import VideoWriter, join_video
from studio.jobs.capability import JobContext

_QUALITY = 96
"""Of the copy, which is only looked at and written once more."""
_AT_ONCE = 32
"""Pictures in memory while a stretch is turned round."""


def lengthened(video: Path, frames: int, fps: Fraction, manner: str, folder: Path, context: JobContext) -> Path:
    """Return a video of at least `frames` pictures, without sound; the given one if it is long enough, or if its last picture
    is to be held.

    Args:
        manner: "hold", "loop" or "pingpong".
        folder: an existing folder for the new file; a copy that an earlier attempt finished is reused.

    Raises:
        MediaError, Cancelled.
    """
    info = probe_video(video)
    own = max(1, round(info.duration * fps))
    if manner not in ("loop", "pingpong") or own >= frames or own < 2:
        return video
    target = folder / f"{manner}.mp4"
    if target.is_file():
        return target
    size = (info.width, info.height)
    parts = [_forwards(video, own, fps, size, folder / "forwards.mp4", context)]
    if manner == "pingpong" and own > 2:
        parts.append(_backwards(parts[0], own, fps, size, folder / "backwards.mp4", context))
    lengths = [own, own - 2][: len(parts)]
    order: list[Path] = []
    made = 0
    while made < frames:
        order.append(parts[len(order) % len(parts)])
        made += lengths[(len(order) - 1) % len(parts)]
    join_video(target, order, fps)
    return target


def _forwards(video: Path, own: int, fps: Fraction, size: tuple[int, int], path: Path, context: JobContext) -> Path:
    with VideoWriter(path, size, fps, _QUALITY, threads=2) as writer:
        for frame in read_frames(video, fps, 0, own):
            context.check()
            writer.write(frame.picture)
    return path


def _backwards(forwards: Path, own: int, fps: Fraction, size: tuple[int, int], path: Path, context: JobContext) -> Path:
    """Yield all pictures except the first and the last, in reverse: those are shown only once where the direction changes."""
    with VideoWriter(path, size, fps, _QUALITY, threads=2) as writer:
        for end in range(own - 1, 1, -_AT_ONCE):
            start = max(1, end - _AT_ONCE)
            stretch = [frame.picture for frame in read_frames(forwards, fps, start, end - start)]
            for picture in reversed(stretch):
                context.check()
                writer.write(picture)
    return path
