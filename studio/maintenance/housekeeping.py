"""Periodic maintenance while the studio is open."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping

log = logging.getLogger(__name__)

INTERVAL_SECONDS = 3600.0


class MaintenanceTimer:
    """Runs its tasks soon after the start and then every hour, one after the other in its own thread.

    A task that fails is logged and runs again the next time; the others are not affected.
    """

    def __init__(self, tasks: Mapping[str, Callable[[], object]], interval_seconds: float = INTERVAL_SECONDS) -> None:
        self._tasks, self._interval = dict(tasks), interval_seconds
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="housekeeping", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def close(self, timeout: float = 1.0) -> None:
        """Stop after the present task. Tasks are safe to kill at any time."""
        self._closing.set()
        if self._thread.is_alive():
            self._thread.join(timeout)

    def _run(self) -> None:
        while not self._closing.is_set():
            self.tidy()
            self._closing.wait(self._interval)

    def tidy(self) -> None:
        """Run every task once, now."""
        for name, task in self._tasks.items():
            if self._closing.is_set():
                return
            started = time.monotonic()
            try:
                task()
            except Exception:
                log.exception("Tidying the %s failed; it is tried again later", name)
            else:
                log.debug("Tidied the %s in %.2f s", name, time.monotonic() - started)
