"""A counter of live conversations; renderers pause at their next checkpoint while one is in progress, for low latency."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

WAITS = "Somebody talks with the studio; this goes on afterwards."
POLL_SECONDS = 0.25


class LiveUse:
    """The only instance of the studio. Any thread may call any method."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._users = 0

    @property
    def going_on(self) -> bool:
        return self._users > 0

    @contextmanager
    def use(self) -> Iterator[None]:
        """Count a conversation within the context."""
        with self._changed:
            self._users += 1
        try:
            yield
        finally:
            with self._changed:
                self._users -= 1
                self._changed.notify_all()

    def wait(self, stopped: Callable[[], bool]) -> None:
        """Return when no conversation is in progress, or `stopped` returns true."""
        with self._changed:
            while self._users and not stopped():
                self._changed.wait(POLL_SECONDS)
