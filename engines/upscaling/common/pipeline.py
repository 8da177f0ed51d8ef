"""Runs a function on a video's frames, one at a time, and writes parts. Shared by upscaling engines, in workers only."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction

from engines.common.parts import Edited, written_parts
from engines.contract import RunContext
from engines.contract.faces import RenderedPart
from engines.contract.upscaling import UpscaleRequest
from media.video.read import Picture, read_frames


def upscaled_parts(request: UpscaleRequest, larger: Callable[[Picture], Picture], run: RunContext) -> Iterator[RenderedPart]:
    """Yield the parts from `request.first_frame` on; memory holds one frame and its result."""
    fps = Fraction(*request.fps)
    left = request.frames - request.first_frame

    def pictures() -> Iterator[Edited]:
        for frame in read_frames(request.video, fps, first=request.first_frame, count=left):
            run.check()
            yield larger(frame.picture), True, False

    yield from written_parts(
        pictures(), request.folder, request.first_frame, request.frames, request.part_frames, fps, request.quality, run
    )
