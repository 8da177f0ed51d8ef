"""What a process holds and what the machine has left, in GiB."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import psutil

GIB = float(1 << 30)


def no_gpu(pid: int) -> int:
    """Graphics memory of a process on a machine without a GPU."""
    return 0


def available_gib() -> float:
    """What the kernel says can be used without swapping (MemAvailable)."""
    return float(psutil.virtual_memory().available) / GIB


@dataclass(frozen=True)
class MemoryMeter:
    """Reads memory.

    Args:
        available: available main memory of the machine in GiB.
        gpu_bytes: graphics memory that a process holds, by its id; 0 where there is none or none can be told.
        tolerance_gib: how far a reading may be off because of what else the machine does.
    """

    available: Callable[[], float] = available_gib
    gpu_bytes: Callable[[int], int] = no_gpu
    tolerance_gib: float = 0.3

    def resident(self, pid: int) -> float:
        """Main memory by proportional share, swapped pages too, and graphics memory; 0 when the process is gone.

        Walks the page tables, so it costs tens of milliseconds on a large process: for use between calls.
        """
        try:
            memory = psutil.Process(pid).memory_full_info()
        except (psutil.Error, OSError):
            return 0.0
        return float(memory.pss + memory.swap + self.gpu_bytes(pid)) / GIB

    def quick(self, pid: int) -> float:
        """The resident set and graphics memory: a counter's reading, for use every 100 ms."""
        try:
            return float(psutil.Process(pid).memory_info().rss + self.gpu_bytes(pid)) / GIB
        except (psutil.Error, OSError):
            return 0.0

    def high_water(self, pid: int) -> float:
        """The most main memory the process ever had resident (VmHWM); catches peaks between two samples."""
        with contextlib.suppress(OSError, ValueError, IndexError):
            for line in Path(f"/proc/{pid}/status").read_text().splitlines():
                if line.startswith("VmHWM:"):
                    return int(line.split()[1]) * 1024 / GIB
        return 0.0

    def settled(self, wanted_gib: float, longest_seconds: float) -> float:
        """Available memory once it has reached `wanted_gib`, or what it is after `longest_seconds`: the kernel frees a dead
        process's pages, and counts them, a moment after it is reaped."""
        end = time.monotonic() + longest_seconds
        now = self.available()
        while now < wanted_gib and time.monotonic() < end:
            time.sleep(0.01)
            now = self.available()
        return now


def oom_kills() -> int:
    """How many processes the kernel has ended for lack of memory since boot, in any control group; 0 when it does not say."""
    with contextlib.suppress(OSError, ValueError):
        for line in Path("/proc/vmstat").read_text().splitlines():
            if line.startswith("oom_kill "):
                return int(line.split()[1])
    return 0


@dataclass(frozen=True)
class Pulse:
    """What the kernel says of a process: its state (R, S, D, T, …; "" when it is gone) and the seconds it has computed."""

    state: str = ""
    cpu_seconds: float = 0.0


def pulse_of(pid: int) -> Pulse:
    """One process with all its threads, now."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return Pulse(fields[0], (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK"))
    except (OSError, ValueError, IndexError):
        return Pulse()
