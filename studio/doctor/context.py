"""What the doctor's checks are given."""

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
    """What the checks look at. The callables are seams: a machine with a full disk or a wrong clock can be handed in.

    Args:
        data: the data folder; nothing of the studio's own is changed in it.
        workers: where engines are tried; the doctor's own host, or the running studio's.
        home: the folder the studio was installed in.
        free_bytes: what is free on the disk of a folder. now: seconds since the epoch.
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
