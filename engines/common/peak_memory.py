"""Peak memory of this process during one piece of work, and free memory, in a worker.

torch is imported only if it is installed.
"""

from __future__ import annotations

import contextlib
import re
import sys
from pathlib import Path

from engines.common.loading import shares_main_memory

_STATUS, _RESET = Path("/proc/self/status"), Path("/proc/self/clear_refs")
_MEMORY = Path("/proc/meminfo")


def begin_peak(device: str) -> None:
    """Count from here."""
    with contextlib.suppress(OSError):
        _RESET.write_text("5")  # the kernel's own mark of the most that was resident starts anew
    if device.startswith("cuda"):
        sys.modules["torch"].cuda.reset_peak_memory_stats()


def peak_bytes(device: str) -> int:
    """Return the peak since `begin_peak`, of the pool in which an engine on this device is budgeted; 0 if it is unknown."""
    resident = _resident_peak()
    if not device.startswith("cuda"):
        return resident
    on_card = int(sys.modules["torch"].cuda.max_memory_reserved())
    return on_card + resident if shares_main_memory(device) else on_card


def release_cached_memory(device: str) -> None:
    """Return what torch keeps of the card's memory for later: an idle engine holds its weights alone, and smaller work that
    comes next is measured by itself."""
    if device.startswith("cuda"):
        sys.modules["torch"].cuda.empty_cache()


def free_gib(device: str) -> float:
    """Return the free memory for this device's tensors in GiB, without swapping; 0 if it is unknown."""
    if device.startswith("cuda") and not shares_main_memory(device):
        cuda = sys.modules["torch"].cuda
        unused = cuda.memory_reserved() - cuda.memory_allocated()
        return float(cuda.mem_get_info()[0] + unused) / 2**30
    with contextlib.suppress(OSError):
        found = re.search(r"MemAvailable:\s*(\d+) kB", _MEMORY.read_text())
        return int(found[1]) / 2**20 if found else 0.0
    return 0.0


def _resident_peak() -> int:
    with contextlib.suppress(OSError):
        found = re.search(r"VmHWM:\s*(\d+) kB", _STATUS.read_text())
        return int(found[1]) * 1024 if found else 0
    return 0
