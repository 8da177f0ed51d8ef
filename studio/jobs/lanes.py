"""Lanes limit how many jobs run at once.

The `gpu` lane runs one job on the whole machine, also with several studios of one user; the `cpu` lane runs as many as the
settings say, in this studio only; the `setup` lane runs downloads and installations, which need not wait for rendering.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import stat
import tempfile
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from media.messages.message import Message
from media.refusals import refusal
from studio.callbacks import never_cancelled, no_op
from studio.errors import Cancelled, InvalidInput, StorageError
from studio.jobs.capability import CPU_LANE, GPU_LANE, SETUP_LANE
from studio.settings import LaneSettings

POLL_SECONDS = 0.1
SETUP_PLACES = 2  # an installation and a download can share the network
LOCK_NAME = "greenroom-{user}-gpu.lock"
DOOR_NAME = "greenroom-{user}-gpu-next.lock"

Waiting = Callable[[str], None]
Stopped = Callable[[], bool]


def default_lock_folder() -> Path:
    """Return the folder where the studios of one user find each other: the session's run-time folder, else the temporary one."""
    named = os.environ.get("XDG_RUNTIME_DIR")
    for folder in (Path(named) if named else None, Path(f"/run/user/{os.geteuid()}")):
        if folder is not None and folder.is_dir() and os.access(folder, os.W_OK | os.X_OK):
            return folder
    return Path(tempfile.gettempdir())


class JobLanes:
    """The lanes of one studio.

    Lock order of the gpu lane: the place in this process, then the door file, then the lock file. The door is released as soon
    as the lock is held. A process that waits for the lock holds the door, so a studio that has just released the lock cannot
    take it again before the waiting one: studios take turns. The kernel releases both when their holder dies, however it dies.
    """

    def __init__(self, settings: LaneSettings, lock_folder: Path | None = None) -> None:
        folder = lock_folder or default_lock_folder()
        user = os.geteuid()
        self._queues = {
            GPU_LANE: FairSemaphore(1),
            CPU_LANE: FairSemaphore(settings.cpu_jobs),
            SETUP_LANE: FairSemaphore(SETUP_PLACES),
        }
        self._door = FileLock(folder / DOOR_NAME.format(user=user))
        self._lock = FileLock(folder / LOCK_NAME.format(user=user))

    def places(self) -> dict[str, int]:
        """Return how many jobs each lane runs at once in this studio."""
        return {lane: queue.places for lane, queue in self._queues.items()}

    @contextlib.contextmanager
    def slot(self, lane: str, cancelled: Stopped = never_cancelled, on_wait: Waiting = no_op) -> Iterator[None]:
        """Hold a place of a lane, first come, first served.

        Args:
            cancelled: called several times a second while waiting.
            on_wait: called with a description of what is waited for, each time it changes.

        Raises:
            Cancelled: `cancelled` returned true before a place was free.
            InvalidInput: there is no such lane.
            StorageError: the lock file cannot be made, or belongs to another user.
        """
        queue = self._queues.get(lane)
        if queue is None:
            raise InvalidInput("job.lane-unknown", lane=lane, known=self._queues)
        with queue.place(cancelled, on_wait):
            if lane != GPU_LANE:
                yield
                return
            with contextlib.ExitStack() as held:
                with self._door.hold(cancelled, lambda holder: on_wait(self._busy(self._lock.holder() or holder))):
                    held.enter_context(self._lock.hold(cancelled, lambda holder: on_wait(self._busy(holder))))
                yield

    @staticmethod
    def _busy(holder: LockHolder | None) -> str:
        return Message.of("job.waits-for-gpu", holder=str(holder) if holder else "").reason()


class FairSemaphore:
    """A fair semaphore (first come, first served) whose waits can be cancelled."""

    def __init__(self, places: int) -> None:
        self.places = places
        self._free = places
        self._waiting: deque[object] = deque()
        self._changed = threading.Condition()

    @contextlib.contextmanager
    def place(self, cancelled: Stopped, on_wait: Waiting) -> Iterator[None]:
        self._take(cancelled, on_wait)
        try:
            yield
        finally:
            with self._changed:
                self._free += 1
                self._changed.notify_all()

    def _take(self, cancelled: Stopped, on_wait: Waiting) -> None:
        ticket, told = object(), -1
        with self._changed:
            self._waiting.append(ticket)
        try:
            while True:
                if cancelled():
                    raise Cancelled
                with self._changed:
                    ahead = self._waiting.index(ticket)
                    if ahead < self._free:
                        self._free -= 1
                        return
                if ahead != told:  # called without the lock: the callback may be slow or raise
                    told = ahead
                    on_wait(Message.of("job.waits-for-turn", ahead=ahead).reason())
                with self._changed:
                    if self._waiting.index(ticket) >= self._free:
                        self._changed.wait(POLL_SECONDS)
        finally:
            with self._changed:
                self._waiting.remove(ticket)
                self._changed.notify_all()


@dataclass(frozen=True)
class LockHolder:
    """The holder of the machine's lock, as written in the lock file; `since` is in seconds since the epoch."""

    pid: int
    since: float

    def __str__(self) -> str:
        return f"process {self.pid}, since {datetime.fromtimestamp(self.since):%H:%M}"


class FileLock:
    """A lock between processes: `flock` on a file of mode 0600 that is never removed.

    A descriptor is opened for each hold, so two holds in one process exclude each other too. Descriptors are not
    inherited by started programs, so a worker that outlives its studio does not keep the lock.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def holder(self) -> LockHolder | None:
        """Return the last recorded holder that has not released the lock; for messages only."""
        try:
            with os.fdopen(os.open(self._path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)) as file:
                written = json.loads(file.read(1000))
            return LockHolder(int(written["pid"]), float(written["since"]))
        except (OSError, ValueError, KeyError, TypeError):
            return None

    @contextlib.contextmanager
    def hold(self, cancelled: Stopped, on_wait: Callable[[LockHolder | None], None]) -> Iterator[None]:
        descriptor = self._take(cancelled, on_wait)
        try:
            self._write(descriptor, json.dumps({"pid": os.getpid(), "since": time.time()}))
            yield
        finally:
            self._write(descriptor, "")
            # Closing alone is not enough: a child process between fork and exec still has a copy of the descriptor.
            fcntl.flock(descriptor, fcntl.LOCK_UN)
            os.close(descriptor)

    def _take(self, cancelled: Stopped, on_wait: Callable[[LockHolder | None], None]) -> int:
        told: list[LockHolder | None] = []
        while True:
            descriptor = self._open()
            try:
                while not self._try(descriptor):
                    if cancelled():
                        raise Cancelled
                    holder = self.holder()
                    if not told or told[-1] != holder:
                        told.append(holder)
                        on_wait(holder)
                    time.sleep(POLL_SECONDS)
                if self._still_there(descriptor):
                    return descriptor
            except BaseException:
                os.close(descriptor)
                raise
            os.close(descriptor)  # the file was deleted meanwhile: lock the one that is there now

    def _try(self, descriptor: int) -> bool:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def _still_there(self, descriptor: int) -> bool:
        try:
            there, mine = self._path.stat(follow_symlinks=False), os.fstat(descriptor)
        except OSError:
            return False
        return (there.st_dev, there.st_ino) == (mine.st_dev, mine.st_ino)

    def _open(self) -> int:
        """Open or make the file. A link, or a file of another user, is refused, because the folder may be shared."""
        try:
            descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK, 0o600)
        except OSError as error:
            raise StorageError("gpu-lock.not-opened", file=self._path.name, cause=refusal(error)) from None
        about = os.fstat(descriptor)
        if not stat.S_ISREG(about.st_mode) or about.st_uid != os.geteuid() or about.st_nlink > 1:
            os.close(descriptor)
            raise StorageError("gpu-lock.not-plain", file=self._path.name)
        if stat.S_IMODE(about.st_mode) != 0o600:
            os.fchmod(descriptor, 0o600)
        return descriptor

    @staticmethod
    def _write(descriptor: int, text: str) -> None:
        with contextlib.suppress(OSError):  # on a full disk only the message is lost, not the lock
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, text.encode(), 0)
