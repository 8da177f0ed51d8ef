"""Wakes HTTP clients that follow jobs: one thread waits for the next change, however many clients there are, and none without
clients."""

from __future__ import annotations

import asyncio
import contextlib
import threading

from studio.jobs.service import JobService

LONGEST_WAIT = 15.0


class JobFeed:
    """Wakes coroutines when the jobs' change counter has risen. Use it on one event loop only."""

    def __init__(self, jobs: JobService) -> None:
        self._jobs = jobs
        self._waiting: set[asyncio.Future[None]] = set()
        self._lock = threading.Lock()
        self._running = False

    def counter(self) -> int:
        return self._jobs.change_counter()

    async def wait(self, seen: int, timeout: float) -> None:
        """Return when the counter is above `seen`, or after `timeout` seconds."""
        woken = asyncio.get_running_loop().create_future()
        with self._lock:
            self._waiting.add(woken)
            if not self._running:
                self._running = True
                threading.Thread(
                    target=self._watch, args=(asyncio.get_running_loop(), seen), name="job-changes", daemon=True
                ).start()
        try:
            if self._jobs.change_counter() <= seen:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(woken, timeout)
        finally:
            with self._lock:
                self._waiting.discard(woken)

    def _watch(self, loop: asyncio.AbstractEventLoop, seen: int) -> None:
        while True:
            with self._lock:
                if not self._waiting:
                    self._running = False
                    return
            found = self._jobs.wait_for_change(seen, LONGEST_WAIT)
            if found != seen:
                with self._lock:
                    woken = list(self._waiting)
                try:
                    for one in woken:
                        loop.call_soon_threadsafe(_wake, one)
                except RuntimeError:  # the loop is closed
                    return
            seen = found


def _wake(waiting: asyncio.Future[None]) -> None:
    if not waiting.done():
        waiting.set_result(None)
