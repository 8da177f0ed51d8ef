"""Errors of projects."""

from __future__ import annotations

from typing import Any

from studio.errors import GreenroomError


class ProjectConflict(GreenroomError):
    """Another editor has changed the same field; the parameters hold the project's present version, the field, and both values.

    Over HTTP it is a 409.
    """

    def __init__(self, code: str, *, retryable: bool | None = None, **parameters: Any) -> None:
        super().__init__(code, retryable=retryable, **parameters)
