"""How the last server on this data folder ended, by the files it left."""

from __future__ import annotations

import contextlib
import faulthandler
import json
import logging
import os
from enum import StrEnum
from pathlib import Path
from typing import IO, Any

from studio.errors import StorageError

log = logging.getLogger(__name__)


class LastShutdown(StrEnum):
    CLEAN = "clean"  # closed, or the first on its folder
    KILLED = "killed"  # by a signal from outside, as far as can be told
    FAULT = "fault"  # it crashed by itself: a segmentation fault, an abort
    MEMORY = "memory"  # the kernel ended processes for want of memory meanwhile
    MACHINE = "machine"  # the whole machine went down with it

    @property
    def suspicious(self) -> bool:
        """Whether its running work may have caused the end."""
        return self in (LastShutdown.FAULT, LastShutdown.MEMORY, LastShutdown.MACHINE)


class ShutdownMarker:
    """Marks a running server on a data folder until `close`; created while the folder's lock is held.

    A server that ends without `close` leaves its marker, and after a crash the stack traces of all its threads.
    """

    def __init__(self, marker: Path, fault_log: Path, proc: Path = Path("/proc")) -> None:
        """Create the marker.

        Args:
            marker: a small JSON file that exists while a server runs.
            fault_log: file for the stack traces that Python writes in a crash.

        Raises:
            StorageError: they cannot be written.
        """
        self._marker, self._fault_log, self._proc = marker, fault_log, proc
        self._faults: IO[str] | None = None
        self.last = self._how_the_last_one_ended()
        try:
            self._watch_for_faults()
            marker.write_text(json.dumps({"pid": os.getpid(), **self._machine()}))
        except OSError as error:
            self.close()
            raise StorageError("storage.not-writable") from error

    def close(self) -> None:
        """Mark a clean shutdown. Idempotent."""
        if self._faults is not None:
            faulthandler.disable()
            self._faults.close()
            self._faults = None
        for path in (self._marker, self._fault_log):
            with contextlib.suppress(OSError):
                path.unlink(missing_ok=True)

    def _how_the_last_one_ended(self) -> LastShutdown:
        try:
            left = json.loads(self._marker.read_text())
        except FileNotFoundError:
            return LastShutdown.CLEAN
        except (OSError, ValueError):
            left = {}
        with contextlib.suppress(OSError):
            if traces := self._fault_log.read_text(errors="replace").strip():
                log.error("The last server crashed:\n%s", traces)
                return LastShutdown.FAULT
        now = self._machine()
        if left.get("boot") != now["boot"]:
            return LastShutdown.MACHINE
        return LastShutdown.MEMORY if left.get("memory_kills", 0) < now["memory_kills"] else LastShutdown.KILLED

    def _machine(self) -> dict[str, Any]:
        """Return this boot's id, and how many processes the kernel has killed for lack of memory."""
        boot, kills = "", 0
        with contextlib.suppress(OSError, ValueError):
            boot = (self._proc / "sys/kernel/random/boot_id").read_text().strip()
            counters = dict(line.split() for line in (self._proc / "vmstat").read_text().splitlines())
            kills = int(counters.get("oom_kill", 0))
        return {"boot": boot, "memory_kills": kills}

    def _watch_for_faults(self) -> None:
        if not faulthandler.is_enabled():  # someone who watches already has a reason to
            self._fault_log.parent.mkdir(parents=True, exist_ok=True)
            self._faults = self._fault_log.open("w")
            faulthandler.enable(self._faults)
