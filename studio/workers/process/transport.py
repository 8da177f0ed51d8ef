"""Messages to and from a worker process, over a pair of sockets."""

from __future__ import annotations

import contextlib
import select
import socket
import threading
import time
from collections.abc import Callable, Sequence

from engines.worker.wire import MessageReader, WireMessage

CHUNK = 1 << 20


class SocketTransport:
    """The studio's end of a worker's socket pair. Any thread may send; one thread receives.

    Messages are sent one after the other, under a lock of its own; `check` and `broken_off` are called while it is held.

    Attributes:
        heard: when data was last transferred in either direction, by time.monotonic.
    """

    def __init__(self, ours: socket.socket) -> None:
        ours.setblocking(False)
        self._socket = ours
        self._reader = MessageReader()
        self._sending = threading.Lock()
        self.heard = time.monotonic()

    def fileno(self) -> int:
        """Return the descriptor for select and poll: readable if `receive` has data."""
        return self._socket.fileno()

    def send(self, parts: Sequence[memoryview], check: Callable[[], None], broken_off: Callable[[], None]) -> None:
        """Send a message; blocks while the worker does not read.

        Args:
            check: called about twenty times a second while blocked; an exception from it ends the sending.
            broken_off: called if the sending ends in the middle of the message, which cannot be undone.

        Raises:
            OSError: the worker has closed its end. Any exception of `check`.
        """
        with self._sending:
            begun = False
            try:
                for part in parts:
                    rest = part
                    while len(rest):
                        rest = rest[self._send_some(rest, check) :]
                        begun = True
            except OSError:
                raise
            except BaseException:
                if begun:
                    broken_off()
                raise

    def send_at_once(self, parts: Sequence[memoryview], seconds: float) -> bool:
        """Send a short message without waiting for the worker to read it. Returns False if another thread was still sending after
        `seconds`."""
        if not self._sending.acquire(timeout=seconds):
            return False
        try:
            with contextlib.suppress(OSError):
                self._socket.send(b"".join(parts))
        finally:
            self._sending.release()
        return True

    def receive(self) -> WireMessage | None:
        """Read once; return the next complete message, or None.

        Raises:
            BlockingIOError: there is no data. EOFError: the worker has closed its end. WireError: the data is not a message.
        """
        message = self._reader.receive(self._socket)
        self.heard = time.monotonic()
        return message

    def close(self) -> None:
        with self._sending:
            self._socket.close()

    def _send_some(self, data: memoryview, check: Callable[[], None]) -> int:
        while True:
            try:
                sent = self._socket.send(data[:CHUNK])
            except BlockingIOError:
                check()
                ready = select.poll()
                ready.register(self._socket, select.POLLOUT)
                ready.poll(50)
            else:
                self.heard = time.monotonic()
                return sent
