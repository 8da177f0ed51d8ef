"""Requests and results of upscaling engines: a video in parts, processed picture by picture."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from engines.contract.faces import RenderedPart


@dataclass(frozen=True)
class UpscaleRequest:
    """A request to enlarge a video.

    Args:
        video: the file; its pictures are read one at a time.
        folder: where the parts are written, see RenderedPart.
        fps, frames: of the result: a constant rate as a fraction, and the number of pictures.
        part_frames: pictures in one part. first_frame: where to continue; the parts before it exist already.
        quality: of the files, 1 to 100, see media.video.write.
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
    """EngineKind.UPSCALING. The class also returns the factor of an engine's options, before anything is loaded."""

    @classmethod
    def factor(cls, options: Any) -> int:
        """Return the factor of width and height; `options` is an instance of the class's Options."""

    def upscale(self, request: UpscaleRequest) -> Iterator[RenderedPart]:
        """Enlarge a video; each part is a complete file when it is yielded.

        Raises:
            EngineError, MediaError: the video cannot be read or the result not be made.
        """


WIRE_VALUES: tuple[type, ...] = (UpscaleRequest,)
