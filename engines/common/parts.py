"""Results of face engines, written in parts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction
from pathlib import Path

from engines.contract import RunContext
from engines.contract.faces import RenderedPart
from media.video.read import Picture
from media.video.write import VideoWriter

Edited = tuple[Picture, bool, bool]
"""A picture of the result, whether its face was edited, and whether that face was filled in."""


def part_path(folder: Path, first: int) -> Path:
    return folder / f"part-{first:07d}.mp4"


def written_parts(
    edited: Iterable[Edited],
    folder: Path,
    first: int,
    frames: int,
    part_frames: int,
    fps: Fraction,
    quality: int,
    run: RunContext,
) -> Iterator[RenderedPart]:
    """Write pictures as parts of `part_frames`, each complete before it is reported; progress is that of the whole result."""
    pictures = iter(edited)
    for start in range(first, frames, part_frames):
        count = min(part_frames, frames - start)
        path = part_path(folder, start)
        done, changed, bridged, missed = 0, 0, 0, []
        picture = next(pictures, None)
        if picture is None:
            return
        size = (picture[0].shape[1], picture[0].shape[0])
        with VideoWriter(path, size, fps, quality, threads=2) as writer:  # it encodes while the next is drawn
            while picture is not None:
                writer.write(picture[0])
                changed, bridged = changed + picture[1], bridged + picture[2]
                if not picture[1]:
                    missed.append(start + done)
                done += 1
                run.progress((start + done) / frames, f"Picture {start + done:,} of {frames:,}")
                picture = next(pictures, None) if done < count else None
        yield RenderedPart(path, start, done, changed, _stretches(missed), bridged)


def _stretches(numbers: list[int]) -> tuple[tuple[int, int], ...]:
    """Runs of following numbers as [start, end)."""
    found: list[tuple[int, int]] = []
    for number in numbers:
        if found and found[-1][1] == number:
            found[-1] = (found[-1][0], number + 1)
        else:
            found.append((number, number + 1))
    return tuple(found)
