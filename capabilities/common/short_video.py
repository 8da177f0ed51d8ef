"""A video made as long as the speech for it: again and again, or back and forth."""

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
    """A video of `frames` pictures at least, without sound; the given one where that is long enough, or to hold its last one.

    Args:
        manner: "hold", "loop" or "pingpong".
        folder: an existing one for what is made; a copy that an earlier attempt finished is used again.

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
    """All pictures but the first and the last, from the end: they are shown once where the video turns."""
    with VideoWriter(path, size, fps, _QUALITY, threads=2) as writer:
        for end in range(own - 1, 1, -_AT_ONCE):
            start = max(1, end - _AT_ONCE)
            stretch = [frame.picture for frame in read_frames(forwards, fps, start, end - start)]
            for picture in reversed(stretch):
                context.check()
                writer.write(picture)
    return path
