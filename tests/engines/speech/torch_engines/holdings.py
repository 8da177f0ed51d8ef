"""What a worker and everything it has started hold in memory, read from the kernel."""

from __future__ import annotations

import os
from pathlib import Path

import psutil


def held_by_session(leader: int) -> int:
    """Bytes that the processes of a session hold: their proportional share of pages, and what is swapped out. 0 when all are
    gone."""
    held = 0
    for process in psutil.process_iter():
        try:
            if os.getsid(process.pid) == leader and process.status() != psutil.STATUS_ZOMBIE:
                memory = process.memory_full_info()
                held += memory.pss + memory.swap
        except (psutil.Error, OSError):
            continue
    return held


def shared_segments() -> dict[str, int]:
    """Files in shared memory, which would outlive a process, with their sizes."""
    found: dict[str, int] = {}
    for path in Path("/dev/shm").glob("**/*"):
        try:
            found[str(path)] = path.stat().st_size
        except OSError:
            continue
    return found
