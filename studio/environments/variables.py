"""Environment variables for programs of a model environment."""

from __future__ import annotations

import os
import re
from collections.abc import Collection
from functools import cache
from pathlib import Path

import psutil

from studio.settings import HOME

FFMPEG_FOLDER = Path("lib", "ffmpeg")
"""In an environment: the FFmpeg libraries that its packages look for."""

COMPILED_FOLDER = Path("cache", "compiled")

_SECRET = re.compile(r"TOKEN|SECRET|PASSWORD|API_?KEY|CREDENTIAL", re.IGNORECASE)
_NOT_INHERITED = frozenset({"PYTHONHOME", "PYTHONPATH", "PYTHONSTARTUP", "VIRTUAL_ENV"})
_OFFLINE = {
    "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "HF_DATASETS_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "DO_NOT_TRACK": "1",
}

CORES = Path("/sys/devices/system/cpu")
_AS_FAST = 0.85
"""Of the fastest core's capacity; the fast ones of a processor may be clocked a little differently."""

_THREADS = {"OMP_WAIT_POLICY": "PASSIVE"}  # threads that wait let others work: two workers on one machine are usual here


def worker_environment() -> dict[str, str]:
    """Return the studio's variables without its secrets and Python paths, with libraries set to offline mode.

    The number of compute threads is set as well, unless the user has set it.
    """
    kept = {
        name: value
        for name, value in os.environ.items()
        if name not in _NOT_INHERITED and not name.startswith("GREENROOM_") and not _SECRET.search(name)
    }
    own = {"PYTHONPATH": str(HOME), "PYTHONNOUSERSITE": "1", "PYTHONUNBUFFERED": "1", "PYTHONIOENCODING": "utf-8"}
    return _THREADS | {"OMP_NUM_THREADS": str(computing_threads())} | kept | own | _OFFLINE


@cache
def computing_threads() -> int:
    """Return the number of compute threads of a worker: one per core, less one for the page and other workers if there are more
    than two.

    Hyper-threads share a core's arithmetic units, so that they would only wait for each other; slow cores delay fast ones at
    every step.
    """
    usable = os.sched_getaffinity(0)
    cores = min(psutil.cpu_count(logical=False) or 1, fast_cores(usable))
    return cores if cores <= 2 else cores - 1


def fast_cores(usable: Collection[int], folder: Path = CORES) -> int:
    """Return how many of these cores are fast ones, on a processor with two kinds (a DGX Spark has ten of each), by the kernel's
    data.

    All of them if the kernel has no data.
    """
    capacities: list[int] = []
    for core in usable:
        try:
            capacities.append(int((folder / f"cpu{core}" / "cpu_capacity").read_text("ascii")))
        except (OSError, ValueError):
            return len(usable)
    return sum(one >= _AS_FAST * max(capacities) for one in capacities)


def environment_variables(folder: Path) -> dict[str, str]:
    """Return the variables for a program of the environment at `folder`.

    Its libraries find the environment's FFmpeg, and torch stores compiled kernels beside it, because compilation takes minutes
    and is specific to a version.
    """
    compiled = folder / COMPILED_FOLDER
    variables = worker_environment()
    variables.setdefault("TORCHINDUCTOR_CACHE_DIR", str(compiled / "inductor"))
    variables.setdefault("TRITON_CACHE_DIR", str(compiled / "triton"))
    ffmpeg = folder / FFMPEG_FOLDER
    if ffmpeg.is_dir():
        before = variables.get("LD_LIBRARY_PATH", "")
        variables["LD_LIBRARY_PATH"] = f"{ffmpeg}:{before}" if before else str(ffmpeg)
    return variables
