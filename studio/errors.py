"""The studio's own errors, and the shared ones under one name."""

from __future__ import annotations

from engines.contract.errors import EngineError, EngineNotReady, WorkerDied, WorkerStalled
from media.errors import Cancelled, GreenroomError, InvalidInput, MediaError, NotFound


class MemoryRefused(GreenroomError):
    """A load would not leave the reserve free; the reason holds the numbers and the hint a way out."""

    retryable_by_default = True


class StorageError(GreenroomError):
    """The data folder cannot be used: the disk is full, read-only or failing, or another studio holds it."""


class SettingsError(GreenroomError):
    """A setting is unknown or has a value that is not allowed."""


__all__ = [
    "Cancelled", "EngineError", "EngineNotReady", "GreenroomError", "InvalidInput", "MediaError", "MemoryRefused",
    "NotFound", "SettingsError", "StorageError", "WorkerDied", "WorkerStalled",
]  # fmt: skip
