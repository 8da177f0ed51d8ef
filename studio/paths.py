"""The paths under the data folder, and the lock that excludes a second server."""

from __future__ import annotations

import errno
import fcntl
import os
from dataclasses import dataclass
from pathlib import Path

from studio.errors import StorageError


@dataclass(frozen=True)
class DataPaths:
    """The subfolders of the data folder. Only `outputs` is served to browsers."""

    root: Path

    @property
    def lock(self) -> Path:
        return self.root / "studio.lock"

    @property
    def alive(self) -> Path:
        """Exists while a server runs; remains if it crashes."""
        return self.root / "server.json"

    @property
    def jobs(self) -> Path:
        return self.root / "jobs.db"

    @property
    def scratch(self) -> Path:
        """One folder for each job that has not ended."""
        return self.root / "scratch"

    @property
    def segments(self) -> Path:
        return self.root / "segments"

    @property
    def outputs(self) -> Path:
        return self.root / "outputs"

    @property
    def voices(self) -> Path:
        return self.root / "voices"

    @property
    def pronunciations(self) -> Path:
        """The pronunciation list; made with the first entry."""
        return self.root / "pronunciations.json"

    @property
    def projects(self) -> Path:
        """Boards of the Director tab, a folder each."""
        return self.root / "projects"

    @property
    def conversations(self) -> Path:
        """Recorded conversations, a folder each; made with the first one."""
        return self.root / "conversations"

    @property
    def provenance(self) -> Path:
        """The certificate with which files are signed; made with the first one."""
        return self.root / "provenance"

    @property
    def workflows(self) -> Path:
        """The user's own ComfyUI templates; made with the first one."""
        return self.root / "workflows"

    @property
    def logs(self) -> Path:
        return self.root / "logs"

    @property
    def cache(self) -> Path:
        """Files of engines that may be deleted at any time."""
        return self.root / "cache"

    @property
    def weights(self) -> Path:
        return self.root / "weights"

    @property
    def environments(self) -> Path:
        return self.root / "environments"


class DataFolderLock:
    """The lock of the one server that uses a data folder, from open to close.

    The kernel releases it when the process ends, however it ends; the file remains, and its content only serves to report the
    holder. Worker processes do not inherit it.
    """

    def __init__(self, path: Path) -> None:
        """
        Raises:
            StorageError: another server holds the folder (with its process id), or the folder cannot be written.
        """
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise _unusable(error) from error
        try:
            fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.ftruncate(self._handle, 0)
            os.pwrite(self._handle, f"{os.getpid()}\n".encode(), 0)
        except BlockingIOError:
            holder = os.pread(self._handle, 32, 0).decode("ascii", "replace").strip()
            os.close(self._handle)
            raise StorageError("storage.held-by-another", process=holder if holder.isdigit() else "") from None
        except OSError as error:
            os.close(self._handle)
            raise _unusable(error) from error

    def release(self) -> None:
        """Release the lock. Further calls do nothing."""
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1


def _unusable(error: OSError) -> StorageError:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return StorageError("storage.full", retryable=True)
    if error.errno == errno.ENOLCK:
        return StorageError("storage.no-locks")
    return StorageError("storage.folder-unusable")
