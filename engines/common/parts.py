"""Shared by face engines: finding the face that is meant, refusing what cannot work, and writing results in parts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction
from pathlib import Path

from engines.analysis.landmarks import Face, LandmarkProvider, chosen
from engines.contract import RunContext
from engines.contract.errors import EngineError
from engines.contract.faces import FaceChoice, RenderedPart
from media.video.read import Picture
from media.video.write import VideoWriter

MOST_YAW = 42.0
"""Degrees; beyond them half of the mouth cannot be seen."""
SMALLEST_FACE = 36.0
"""Pixels from forehead to chin."""

Edited = tuple[Picture, bool, bool]
"""A picture of the result, whether its face was edited, and whether that face was filled in."""


def face_of(picture: Picture, provider: LandmarkProvider, choice: FaceChoice, what: str = "the picture") -> Face:
    """The face that is meant, fit to be moved.

    Raises:
        EngineError: in words, for no face, fewer than asked for, one too small, or a profile.
    """
    faces = provider.find(picture)
    if not faces:
        raise EngineError(f"No face was found in {what}.", "Use one where a face is seen from the front, well lit.")
    face = chosen(faces, choice, picture.shape[1], picture.shape[0])
    if face is None:
        has = "1 face" if len(faces) == 1 else f"{len(faces)} faces"
        raise EngineError(f"There is no face number {choice.index + 1}: {what} shows {has}.", "Choose a smaller number.")
    if face.height < SMALLEST_FACE:
        raise EngineError(
            f"The face in {what} is only {face.height:.0f} pixels high.", f"It should have {SMALLEST_FACE:.0f} at least."
        )
    if abs(face.yaw) > MOST_YAW:
        raise EngineError(
            f"The face in {what} is seen from the side ({abs(face.yaw):.0f} degrees).",
            f"Use one that is turned away by {MOST_YAW:.0f} degrees at most.",
        )
    return face


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
    """Write pictures as parts of `part_frames`, each whole before it is told; progress is that of the whole result."""
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
