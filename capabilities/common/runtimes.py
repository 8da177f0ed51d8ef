"""How long faces take to render on this machine: measured during jobs, estimated before them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

from capabilities.common.rendering import Request, render_missing
from engines.contract.faces import RenderedPart
from media.video.images import is_image, read_image
from media.video.read import probe_video
from studio.jobs.capability import JobContext
from studio.jobs.runtime_stats import RuntimeStats, Workload

FASTEST = Fraction(60)


class RenderTimer:
    """Counts the pictures that an engine renders and the seconds that it takes, without loading."""

    def __init__(self) -> None:
        self.frames = 0
        self.seconds = 0.0

    def of(self, parts: Iterator[RenderedPart]) -> Iterator[RenderedPart]:
        begun = time.monotonic()
        for part in parts:
            self.frames += part.frames
            self.seconds = time.monotonic() - begun
            yield part

    def record(self, stats: RuntimeStats, engine: str, kind: str, source: Path) -> None:
        """Add the counts to the statistics; nothing if nothing was rendered."""
        if self.frames:
            stats.learn(work_of(engine, kind, source, self.frames), self.seconds)


def render_measured(
    request: Request,
    call: Callable[[Any, Request], Iterator[RenderedPart]],
    lease: Callable[[], Any],
    context: JobContext,
    span: tuple[float, float],
    record: Callable[[RenderTimer], None],
) -> list[RenderedPart]:
    """Render the missing parts, as `render_missing` does, and pass the time that they took to `record`."""
    timer = RenderTimer()
    parts = render_missing(request, lambda able, wanted: timer.of(call(able, wanted)), lease, context, span)
    record(timer)
    context.progress(span[1], "Joining picture and sound")
    return parts


def work_of(engine: str, kind: str, source: Path, frames: int) -> Workload:
    """
    Args:
        kind: the capability's. source: the picture or video whose size the result has.

    Raises:
        MediaError: the source cannot be read.
    """
    if is_image(source):
        height, width = read_image(source).shape[:2]
    else:
        info = probe_video(source)
        width, height = info.width, info.height
    return Workload(engine, kind, width, height, max(1, frames))
