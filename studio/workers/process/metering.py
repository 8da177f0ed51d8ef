"""Memory of a process and of the machine, in GiB."""

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
    """Return what can be used without swapping, as the kernel reports it (MemAvailable)."""
    return float(psutil.virtual_memory().available) / GIB


@dataclass(frozen=True)
class MemoryMeter:
    """Reads memory.

    Args:
        available: returns available main memory of the machine in GiB.
        gpu_bytes: returns the graphics memory of a process id; 0 if there is none or it is unknown.
        tolerance_gib: how much a reading may be off because of other programs.
    """

    available: Callable[[], float] = available_gib
    gpu_bytes: Callable[[int], int] = no_gpu
    tolerance_gib: float = 0.3

    def resident(self, pid: int) -> float:
        """Return proportional main memory, including swapped pages, and graphics memory; 0 if the process is gone.

        Walks the page tables, so it takes tens of milliseconds on a large process: for use between calls.
        """
        try:
            memory = psutil.Process(pid).memory_full_info()
        except (psutil.Error, OSError):
            return 0.0
        return float(memory.pss + memory.swap + self.gpu_bytes(pid)) / GIB

    def quick(self, pid: int) -> float:
        """Return resident set and graphics memory, which is cheap to read: for use every 100 ms."""
        try:
            return float(psutil.Process(pid).memory_info().rss + self.gpu_bytes(pid)) / GIB
        except (psutil.Error, OSError):
            return 0.0

    def high_water(self, pid: int) -> float:
        """Return the most main memory the process ever had resident (VmHWM); this includes peaks between two samples."""
        with contextlib.suppress(OSError, ValueError, IndexError):
            for line in Path(f"/proc/{pid}/status").read_text().splitlines():
                if line.startswith("VmHWM:"):
                    return int(line.split()[1]) * 1024 / GIB
        return 0.0

    def settled(self, wanted_gib: float, longest_seconds: float) -> float:
        """Return available memory as soon as it has reached `wanted_gib`, else after `longest_seconds`: the kernel frees a dead
        process's pages, and counts them, a moment after it is reaped."""
        end = time.monotonic() + longest_seconds
        now = self.available()
        while now < wanted_gib and time.monotonic() < end:
            time.sleep(0.01)
            now = self.available()
        return now


def oom_kills() -> int:
    """Return how many processes the kernel has killed for lack of memory since boot, in any control group; 0 if it does not
    report that."""
    with contextlib.suppress(OSError, ValueError):
        for line in Path("/proc/vmstat").read_text().splitlines():
            if line.startswith("oom_kill "):
                return int(line.split()[1])
    return 0


@dataclass(frozen=True)
class Pulse:
    """A process's state (R, S, D, T, …; "" if it is gone) and the processor seconds it has used."""

    state: str = ""
    cpu_seconds: float = 0.0


def pulse_of(pid: int) -> Pulse:
    """Read the state of one process with all its threads."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return Pulse(fields[0], (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK"))
    except (OSError, ValueError, IndexError):
        return Pulse()
