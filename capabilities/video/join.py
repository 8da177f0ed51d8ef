"""Joins shots to one file: frames are copied, only crossfades are encoded again."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction
from pathlib import Path

from capabilities.video.shots import Shot
from media.audio.audio import Audio
from media.text.cues import Cue
from media.video.crossfade import write_crossfade
from media.video.write import Excerpt, join_video
from studio.artifacts.clips import StoredShot

_AT_ONCE = 2
"""Crossfades that are encoded side by side; each is short and holds two pictures."""


def join_shots(
    path: Path,
    shots: Sequence[Shot],
    clips: Sequence[StoredShot],
    fps: Fraction,
    size: tuple[int, int],
    quality: int,
    sound: Iterator[Audio] | None,
    tags: dict[str, str],
    on_progress: Callable[[float], None],
    subtitles: Sequence[Cue] = (),
) -> int:
    """Write the clip and return its number of frames.

    Args:
        on_progress: called with the finished share, 0 to 1; may raise.
        subtitles: a subtitle track of the file; () for none.
    """
    parts: list[Path | Excerpt] = []

    def faded(shot: Shot) -> Path | None:
        if not shot.head:
            return None
        before = shot.index - 1
        return _crossfade(path.parent, shots[before], clips[before], shot, clips[shot.index], fps, size, quality)

    threads = ThreadPoolExecutor(_AT_ONCE, "crossfades")
    try:
        for shot, clip, fade in zip(shots, clips, threads.map(faded, shots), strict=True):
            parts += [*([fade] if fade else []), Excerpt(clip.path, shot.head, shot.frames)]
            on_progress(0.7 * (shot.index + 1) / len(shots))
    finally:
        threads.shutdown(cancel_futures=True)  # when the job was cancelled, those that have not begun are left
    count = join_video(path, parts, fps, sound, tags, subtitles)
    on_progress(1.0)
    return count


def _crossfade(
    folder: Path, before: Shot, old: StoredShot, shot: Shot, new: StoredShot, fps: Fraction, size: tuple[int, int], quality: int
) -> Path:
    target = folder / f"fade-{shot.index:04d}.mp4"
    going = Excerpt(old.path, before.frames, before.frames + shot.head)
    write_crossfade(target, going, Excerpt(new.path, 0, shot.head), fps, size, quality)
    return target
