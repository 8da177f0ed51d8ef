"""The context of the doctor's checks."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from engines.catalog import Catalog
from engines.contract import EnginePaths
from studio.doctor.report import CheckResult
from studio.memory.machine.gpu import GpuFacts
from studio.settings import HOME, Settings
from studio.workers.pool import WorkerPool


@dataclass(frozen=True)
class DoctorContext:
    """The objects that checks examine. The callables are seams for tests, such as a full disk or a wrong clock.

    Args:
        data: the data folder; the studio's files in it are not changed.
        workers: the pool in which engines are tested; the doctor's own, or the running studio's.
        home: the folder in which the studio is installed.
        free_bytes: returns the free space on the disk of a folder.
        now: seconds since the epoch.
    """

    settings: Settings
    site: EnginePaths
    data: Path
    catalog: Catalog
    workers: WorkerPool
    gpu: Callable[[], GpuFacts | None]
    home: Path = HOME
    free_bytes: Callable[[Path], int] = field(default=lambda folder: shutil.disk_usage(folder).free)
    now: Callable[[], float] = time.time
    check: Callable[[], None] = field(default=lambda: None)


Check = tuple[str, str, Callable[[DoctorContext], Iterable[CheckResult]]]
"""Group, name, and what yields the results."""
