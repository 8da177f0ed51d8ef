"""Preparation of videos: trimmed, at a constant rate and a size that the workflow accepts, as H.264; and its cost."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from hashlib import sha256
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from media.audio.audio import Audio
from media.audio.decode import iterate_audio
from media.messages.message import Message
from media.video.read import probe_video, read_frames
from media.video.write import VideoWriter, join_video
from studio.errors import InvalidInput
from studio.preprocessing.constraints import Constraints, constraints_of
from studio.preprocessing.images import resized
from studio.units import about

BYTES_PER_PIXEL = 12
"""A server decodes a video into three float32 values a pixel, all pictures at once."""

QUALITY = 90
_FASTEST = Fraction(60)

Limits = Constraints | Mapping[str, Any] | BaseModel | None
Trim = tuple[float, float] | None
"""From and to, in seconds of the file; an end of 0 is the file's."""


@dataclass(frozen=True)
class PreparationCost:
    """The used part of a video, and the memory of its decoded frames on a server."""

    frames: int
    width: int
    height: int
    fps: Fraction
    start: float = 0.0

    @property
    def seconds(self) -> float:
        return float(self.frames / self.fps)

    @property
    def bytes(self) -> int:
        return self.frames * self.width * self.height * BYTES_PER_PIXEL

    def sentence(self) -> str:
        """Return one line for a page: the used part and its memory."""
        return Message.of(
            "preparation.cost", seconds=self.seconds, pictures=self.frames, width=self.width, height=self.height,
            rate=float(f"{float(self.fps):.3g}"), memory=about(self.bytes),
        ).reason()  # fmt: skip


def estimate_cost(path: Path, constraints: Limits, trim: Trim = None) -> PreparationCost:
    """Return the cost of `prepare_video` without running it.

    Raises:
        MediaError: the file cannot be read.
        InvalidInput: nothing is left after trimming.
    """
    limits, info = constraints_of(constraints), probe_video(path)
    start, end = trim or (0.0, 0.0)
    start = max(0.0, start)
    end = min(end, info.duration) if end > 0 else info.duration
    if end - start <= 1e-3:
        raise InvalidInput("video.window-empty", start=start, end=end, duration=info.duration)
    fps = Fraction(limits.fps).limit_denominator(1001) if limits.fps else min(info.fps, _FASTEST)
    width, height = limits.size_for(info.width, info.height)
    return PreparationCost(limits.count_for(max(1, round((end - start) * fps))), width, height, fps, start)


def prepare_video(
    path: Path,
    constraints: Limits,
    folder: Path,
    trim: Trim = None,
    check: Callable[[], None] | None = None,
    progress: Callable[[float], None] | None = None,
) -> Path:
    """Write a video as an H.264 MP4 to `folder`, named by its content and the constraints, and return its path.

    It is trimmed, at a constant rate, upright, within the size, with its sound. Memory holds one frame. An existing file is
    reused.

    Args:
        check: called for every frame; may raise Cancelled. progress: called with 0 to 1.

    Raises:
        MediaError: the file cannot be read or written. InvalidInput: nothing is left after trimming.
    """
    cost = estimate_cost(path, constraints, trim)
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / f"{_key(path, cost)}.mp4"
    if target.is_file():
        return target
    silent = target.with_name(f".{target.stem}.silent.mp4")
    first = round(cost.start * cost.fps)
    try:
        with VideoWriter(silent, (cost.width, cost.height), cost.fps, QUALITY, threads=2) as writer:
            for number, frame in enumerate(read_frames(path, cost.fps, first, cost.frames), 1):
                writer.write(resized(frame.picture, (cost.width, cost.height)))
                if check is not None:
                    check()
                if progress is not None:
                    progress(number / cost.frames)
        begin = float(first / cost.fps)
        sound = _between(iterate_audio(path), begin, begin + cost.seconds) if probe_video(path).has_audio else None
        join_video(target, [silent], cost.fps, sound)
    finally:
        silent.unlink(missing_ok=True)
    return target


def _between(blocks: Iterator[Audio], start: float, end: float) -> Iterator[Audio]:
    """The sound from `start` to `end` seconds."""
    at = 0.0
    for block in blocks:
        after = at + block.duration
        if after > start:
            yield block.slice(max(0.0, start - at), min(block.duration, end - at))
        at = after
        if at >= end - 1e-6:
            return


def _key(path: Path, cost: PreparationCost) -> str:
    digest = sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    digest.update(repr((cost, QUALITY)).encode())
    return digest.hexdigest()[:16]
