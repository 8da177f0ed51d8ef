"""Somebody talks with the studio now: what renders waits at its next border, so that answers do not come late."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

WAITS = "Somebody talks with the studio; this goes on afterwards."
POLL_SECONDS = 0.25


class LiveUse:
    """One for the studio. Any thread."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._users = 0

    @property
    def going_on(self) -> bool:
        return self._users > 0

    @contextmanager
    def use(self) -> Iterator[None]:
        """For as long as a conversation lasts."""
        with self._changed:
            self._users += 1
        try:
            yield
        finally:
            with self._changed:
                self._users -= 1
                self._changed.notify_all()

    def wait(self, stopped: Callable[[], bool]) -> None:
        """Return when nobody talks any more, or it was stopped."""
        with self._changed:
            while self._users and not stopped():
                self._changed.wait(POLL_SECONDS)
