"""The studio's own errors; shared ones are exported under the same names."""

from __future__ import annotations

import errno

from engines.contract.errors import EngineError, EngineNotReady, WorkerDied, WorkerStalled
from media.errors import Cancelled, GreenroomError, InvalidInput, MediaError, NotFound


class MemoryRefused(GreenroomError):
    """A load would use the memory reserve; the reason contains the numbers and the hint a remedy."""

    retryable_by_default = True


class StorageError(GreenroomError):
    """The data folder cannot be used: the disk is full, read-only or failing, or another studio uses it."""


def storage_error_of(error: BaseException) -> StorageError | None:
    """Return the error for a full or read-only disk, also if that was the cause of `error`; None for every other error. It
    contains no path."""
    if not isinstance(error, OSError):
        return storage_error_of(error.__cause__) if error.__cause__ is not None else None
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return StorageError("storage.full", retryable=True)
    if error.errno == errno.EROFS:
        return StorageError("storage.read-only")
    return None


class SettingsError(GreenroomError):
    """A setting is unknown or has a value that is not allowed."""


__all__ = [
    "Cancelled", "EngineError", "EngineNotReady", "GreenroomError", "InvalidInput", "MediaError", "MemoryRefused",
    "NotFound", "SettingsError", "StorageError", "WorkerDied", "WorkerStalled", "storage_error_of",
]  # fmt: skip
