"""The variables that programs of a model environment are started with."""

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
    """The studio's variables without its secrets and its Python paths; libraries are set to stay offline, and to the number of
    threads to compute with, unless the user has set it."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if name not in _NOT_INHERITED and not name.startswith("GREENROOM_") and not _SECRET.search(name)
    }
    own = {"PYTHONPATH": str(HOME), "PYTHONNOUSERSITE": "1", "PYTHONUNBUFFERED": "1", "PYTHONIOENCODING": "utf-8"}
    return _THREADS | {"OMP_NUM_THREADS": str(computing_threads())} | kept | own | _OFFLINE


@cache
def computing_threads() -> int:
    """How many threads one worker computes with: a core each, and where there are more than two, one left for the page and
    the other workers. Hyper-threads share a core's arithmetic, so they would only wait for each other; slow cores beside fast
    ones keep those waiting at every step."""
    usable = os.sched_getaffinity(0)
    cores = min(psutil.cpu_count(logical=False) or 1, fast_cores(usable))
    return cores if cores <= 2 else cores - 1


def fast_cores(usable: Collection[int], folder: Path = CORES) -> int:
    """How many of these cores are of the fast kind, where a processor has two (a DGX Spark has ten and ten): by what the kernel
    says of each. All of them where it says nothing."""
    capacities: list[int] = []
    for core in usable:
        try:
            capacities.append(int((folder / f"cpu{core}" / "cpu_capacity").read_text("ascii")))
        except (OSError, ValueError):
            return len(usable)
    return sum(one >= _AS_FAST * max(capacities) for one in capacities)


def environment_variables(folder: Path) -> dict[str, str]:
    """Of a program that runs in the environment at `folder`; its libraries find the FFmpeg that the environment brings, and keep
    what torch has compiled beside it: it takes minutes to make again, and is of no use to another version."""
    compiled = folder / COMPILED_FOLDER
    variables = worker_environment()
    variables.setdefault("TORCHINDUCTOR_CACHE_DIR", str(compiled / "inductor"))
    variables.setdefault("TRITON_CACHE_DIR", str(compiled / "triton"))
    ffmpeg = folder / FFMPEG_FOLDER
    if ffmpeg.is_dir():
        before = variables.get("LD_LIBRARY_PATH", "")
        variables["LD_LIBRARY_PATH"] = f"{ffmpeg}:{before}" if before else str(ffmpeg)
    return variables
