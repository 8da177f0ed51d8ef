"""What a process and those that it started take of the processor."""

from __future__ import annotations

import contextlib

import psutil


class ProcessorTime:
    """What this process and its workers have taken of the processor since the last look, in seconds."""

    def __init__(self) -> None:
        self._last = 0.0
        self.since()

    def since(self) -> float:
        own = psutil.Process()
        total = 0.0
        for one in (own, *own.children(recursive=True)):
            with contextlib.suppress(psutil.Error):
                times = one.cpu_times()
                total += times.user + times.system
        taken, self._last = total - self._last, total
        return taken
