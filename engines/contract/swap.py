"""Requests of swap engines. They return the same parts as face engines; pictures are passed as files, the rest as values."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, runtime_checkable

from engines.contract.faces import FaceChoice, RenderedPart, SeenFace

__all__ = ["LARGEST_FACE", "WIRE_VALUES", "SeenFace", "SwapEngine", "SwapRequest"]

LARGEST_FACE = FaceChoice()


@dataclass(frozen=True)
class SwapRequest:
    """A request to put a face onto the people of a video.

    Args:
        reference: the picture with the face.
        driving: the video whose faces are replaced.
        folder: an existing folder for the parts.
        fps: pictures a second, as a fraction (numerator, denominator), the same for all parts.
        frames: pictures of the whole result.
        first_frame: where to begin; the parts before it exist already.
        part_frames: pictures in each part except the last.
        choice: the face of the reference.
        people: the faces of the video; () for everyone in the first picture that shows a face.
    """

    reference: Path
    driving: Path
    folder: Path
    fps: tuple[int, int]
    frames: int
    first_frame: int = 0
    part_frames: int = 100
    choice: FaceChoice = LARGEST_FACE
    people: tuple[FaceChoice, ...] = (LARGEST_FACE,)
    quality: int = 80


@runtime_checkable
class SwapEngine(Protocol):
    """EngineKind.SWAP."""

    def swap(self, request: SwapRequest) -> Iterator[RenderedPart]:
        """Put a face into a video; yields the parts in order, as they are finished. Raises EngineError for a picture or a video
        without a usable face."""


WIRE_VALUES: tuple[type, ...] = (SwapRequest,)
