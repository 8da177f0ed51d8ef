"""Errors that engines and their workers raise; the root is in media.errors."""

from __future__ import annotations

from media.errors import GreenroomError


class EngineError(GreenroomError):
    """The engine cannot do what was requested, or failed doing it."""

    literal_code = "engine.told"


class EngineNotReady(EngineError):
    """Something the engine needs is missing; the hint is its next step."""


class EngineOutOfMemory(EngineError):
    """The engine ran out of main or graphics memory. Its worker is ended afterwards, so a later try starts clean."""

    retryable_by_default = True


class WireError(EngineError):
    """What came over the pipe between studio and worker is not a message, or a value in it is not valid."""


class WorkerDied(EngineError):
    """The worker process ended during its work; the reason names the signal or the out-of-memory kill."""

    retryable_by_default = True


class WorkerStalled(WorkerDied):
    """The worker reported nothing for longer than its card allows and was ended."""
