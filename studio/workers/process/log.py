"""The output of workers: one log file of limited size for each engine, so that output can fill neither the disk nor the pipe."""

from __future__ import annotations

import logging
from collections import deque
from logging.handlers import RotatingFileHandler
from pathlib import Path
from threading import Lock

LARGEST_FILE = 1 << 20
LONGEST_LINE = 4096
TAIL_LINES = 12


class _QuietHandler(RotatingFileHandler):
    def handleError(self, record: logging.LogRecord) -> None:
        """Ignore errors: a full disk must not make the studio print for every line of a worker."""


class WorkerLogs:
    """Owns the open log files. `_lock` guards the table of files; each handler has its own lock, taken after it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = Lock()
        self._handlers: dict[str, _QuietHandler] = {}

    def open(self, engine_id: str) -> WorkerLog:
        """Return a log for one worker process. Two workers of one engine share the file; lines have the process id."""
        with self._lock:
            handler = self._handlers.get(engine_id)
            if handler is None:
                self._folder.mkdir(parents=True, exist_ok=True)
                path = self._folder / f"{engine_id}.log"
                handler = _QuietHandler(path, maxBytes=LARGEST_FILE, backupCount=1, encoding="utf-8", delay=True)
                handler.setFormatter(logging.Formatter("%(asctime)s %(message)s"))
                self._handlers[engine_id] = handler
            return WorkerLog(handler)

    def close(self) -> None:
        with self._lock:
            for handler in self._handlers.values():
                handler.close()
            self._handlers.clear()


class WorkerLog:
    """Splits one worker's output into lines and writes them. Used only by that worker's watching thread."""

    def __init__(self, handler: logging.Handler) -> None:
        self._handler = handler
        self._rest = b""
        self._tail: deque[str] = deque(maxlen=TAIL_LINES)
        self.pid = 0

    def write(self, data: bytes) -> None:
        """Add raw output. Updates of progress bars that end in a carriage return count as lines."""
        *lines, self._rest = (self._rest + data).replace(b"\r", b"\n").split(b"\n")
        if len(self._rest) > LONGEST_LINE:
            lines, self._rest = [*lines, self._rest], b""
        for line in lines:
            self._emit(line)

    def finish(self, sentence: str) -> None:
        """Write the rest of the output and how the process ended."""
        self._emit(self._rest)
        self._rest = b""
        self._emit(sentence.encode())

    @property
    def tail(self) -> tuple[str, ...]:
        """Return the last lines, for the log view and tests; not for other pages."""
        return tuple(self._tail)

    def _emit(self, line: bytes) -> None:
        text = line[:LONGEST_LINE].decode("utf-8", "replace").rstrip()
        if text:
            self._tail.append(text)
            message = f"[{self.pid}] {text}"
            self._handler.handle(logging.LogRecord("worker", logging.INFO, "", 0, message, None, None))
