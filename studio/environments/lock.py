"""The lock between processes that prevents two installations of one environment, with the progress of its holder."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from media.messages.message import Message
from media.refusals import refusal
from studio.errors import Cancelled, StorageError

POLL_SECONDS = 0.2


@dataclass(frozen=True)
class Progress:
    """The progress of an installation: 0 to 1, and the present step."""

    fraction: float
    note: str


class EnvironmentLock:
    """`flock` on a file beside the environment's folder, which is never removed; its text is the holder's progress.

    The programs that the holder starts inherit the descriptor: if a studio is killed during pip, the lock is held until pip has
    ended too, so that the next studio never writes into the same folder at the same time.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def progress(self) -> Progress | None:
        """Return the progress of the holder, None if nothing holds it."""
        try:
            handle = os.open(self._path, os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            return None
        try:
            fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return _progress(os.pread(handle, 4096, 0))
        except OSError:
            return None
        else:
            return None
        finally:
            os.close(handle)

    @contextlib.contextmanager
    def hold(self, cancelled: Callable[[], bool], on_wait: Callable[[str], None]) -> Iterator[HeldLock]:
        """Raises Cancelled while waiting for another holder; StorageError when the file cannot be made."""
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            handle = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise StorageError("environment.folder-not-writable", cause=refusal(error)) from error
        try:
            self._take(handle, cancelled, on_wait)
            hold = HeldLock(handle)
            hold.tell(0.0, "Starting")
            yield hold
        finally:
            os.close(handle)

    def _take(self, handle: int, cancelled: Callable[[], bool], on_wait: Callable[[str], None]) -> None:
        tries = 0
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return
            except BlockingIOError:
                tries += 1
            if cancelled():
                raise Cancelled
            if tries > 2:  # somebody who only looks holds it for a moment
                on_wait(Message.of("environment.in-other-hands").reason())
            time.sleep(POLL_SECONDS)


class HeldLock:
    """The lock while it is held."""

    def __init__(self, handle: int) -> None:
        self.handle = handle

    def tell(self, fraction: float, note: str) -> None:
        """Let other processes read the progress. On a full disk only the message is lost."""
        with contextlib.suppress(OSError):
            text = json.dumps({"fraction": round(fraction, 3), "note": note}).encode()
            os.pwrite(self.handle, text.ljust(4096), 0)


def _progress(text: bytes) -> Progress:
    try:
        told = json.loads(text)
        return Progress(float(told["fraction"]), str(told["note"]))
    except (ValueError, KeyError, TypeError):
        return Progress(0.0, "Starting")
