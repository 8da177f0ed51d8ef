"""The studio's one exception root, at the lowest layer so that every room can raise it."""

from __future__ import annotations

from typing import Any


class GreenroomError(Exception):
    """Something a person should read: what is wrong, what to do, and whether trying again can help.

    Args:
        reason: one plain sentence naming what is wrong; never a traceback, a secret or a home path.
        hint: the next step, or "" when the reason already says it.
        retryable: whether the same request may succeed later without a change.
    """

    retryable_by_default = False

    def __init__(self, reason: str, hint: str = "", *, retryable: bool | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.hint = hint
        self.retryable = self.retryable_by_default if retryable is None else retryable

    def __str__(self) -> str:
        return f"{self.reason} {self.hint}".strip()

    def as_dict(self) -> dict[str, Any]:
        """The three fields as they stand in a job's row and in the public API."""
        return {"reason": self.reason, "hint": self.hint, "retryable": self.retryable}


class MediaError(GreenroomError):
    """A sound or picture file cannot be read, is not what it should be, or cannot be written."""


class InvalidInput(GreenroomError):
    """What was asked for is wrong as given; the reason names the field or the thing."""


class NotFound(GreenroomError):
    """A named voice, job, output or engine does not exist."""


class Cancelled(GreenroomError):
    """The person asked to stop. Raised inside work, never shown as a failure."""

    def __init__(self, reason: str = "Cancelled.") -> None:
        super().__init__(reason, retryable=True)
