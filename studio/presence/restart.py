"""Ends the program so that it is started again, for settings that count only from a start on."""

from __future__ import annotations

from collections.abc import Callable

from studio.errors import InvalidInput


class Restart:
    """One for the studio. The program that serves it says how it is ended; a studio without one cannot be restarted.

    Args:
        unfinished: how many jobs and conversations a restart would interrupt.
    """

    def __init__(self, unfinished: Callable[[], int]) -> None:
        self._unfinished = unfinished
        self._end: Callable[[], None] | None = None
        self.asked = False

    def allow(self, end: Callable[[], None]) -> None:
        """`end` lets the program end soon; it looks at `asked` then."""
        self._end = end

    @property
    def possible(self) -> bool:
        """Whether there is a program that can be started again. Something unfinished may still keep it from that."""
        return self._end is not None

    def ask(self) -> None:
        """
        Raises:
            InvalidInput: a job has not ended, somebody talks with the studio, or nothing would start it again.
        """
        if self._end is None:
            raise InvalidInput("settings.no-restart")
        if count := self._unfinished():
            raise InvalidInput("settings.restart-with-jobs", count=count)
        self.asked = True
        self._end()
