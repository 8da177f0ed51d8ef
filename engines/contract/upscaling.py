"""Requests and results of upscaling engines: a whole video in parts, streamed picture by picture."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from engines.contract.faces import RenderedPart


@dataclass(frozen=True)
class UpscaleRequest:
    """One video to be made larger.

    Args:
        video: the file; its pictures are read one by one.
        folder: where the parts are written, see RenderedPart.
        fps, frames: of the result: a constant rate as a fraction, and how many pictures there are.
        part_frames: pictures in one part. first_frame: where to go on; the parts before it are there.
        quality: of the files, 1 to 100, as media.video_writer takes it.
    """

    video: Path
    folder: Path
    fps: tuple[int, int]
    frames: int
    part_frames: int
    first_frame: int = 0
    quality: int = 85


@runtime_checkable
class UpscalingEngine(Protocol):
    """EngineKind.UPSCALING. An engine's class also answers how much larger it makes things, before anything is loaded."""

    @classmethod
    def factor(cls, options: Any) -> int:
        """By how much width and height grow; `options` is an instance of the class's Options."""

    def upscale(self, request: UpscaleRequest) -> Iterator[RenderedPart]:
        """Make a video larger; each part is whole when it is given.

        Raises:
            EngineError, MediaError: for what cannot be read or made.
        """


WIRE_VALUES: tuple[type, ...] = (UpscaleRequest,)
