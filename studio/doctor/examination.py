"""One examination from end to end: each check tried, timed, and turned into findings, whatever happens in it."""

from __future__ import annotations

import logging
import platform
import shutil
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from engines.catalog import Catalog
from engines.contract import EnginePaths
from studio.callbacks import no_op
from studio.doctor.platform_table import platform_rows
from studio.doctor.report import CheckResult, CheckStatus, DoctorReport
from studio.errors import Cancelled, GreenroomError
from studio.memory.gpu import GpuFacts
from studio.memory.readings import MachineFiles, read_memory
from studio.settings import HOME, Settings
from studio.units import gib
from studio.workers.pool import WorkerPool

log = logging.getLogger(__name__)

Say = Callable[[float, str], None]
Check = tuple[str, str, Callable[["DoctorContext"], Iterable[CheckResult]]]


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


def all_checks() -> list[Check]:
    """(group, name, check), quick ones first: what everything else stands on is told first."""
    from studio.doctor.checks import comfyui, engines, machine, media_formats, storage
    from studio.doctor.checks import torch as torch_checks

    return [
        ("This machine", "Python and packages", machine.python_version),
        ("This machine", "Clock", machine.clock),
        ("This machine", "Files of the studio", machine.shipped_files),
        ("This machine", "Memory", machine.memory),
        ("This machine", "GPU", machine.graphics),
        ("Data folder", "Room", storage.check_free_space),
        ("Data folder", "Writing", storage.writing),
        ("Data folder", "Job database", storage.databases),
        ("Sound and pictures", "Formats", media_formats.formats),
        ("Sound and pictures", "Resampling", media_formats.resampling),
        ("Engines", "Speech", engines.speech),
        ("Engines", "Faces", engines.faces),
        ("Model environments", "torch", torch_checks.torch_operations),
        ("ComfyUI", "Server", comfyui.server),
    ]


def run_checks(examination: DoctorContext, say: Say = no_op, checks: list[Check] | None = None) -> DoctorReport:
    """Try everything; takes from some ten seconds to a few minutes.

    Args:
        say: told how far it is, and what is being tried.

    Raises:
        Cancelled: `examination.check` raised it.
    """
    started, began = time.time(), time.perf_counter()
    chosen = all_checks() if checks is None else checks
    findings: list[CheckResult] = []
    for number, (group, name, check) in enumerate(chosen):
        say(number / len(chosen), f"{group}: {name}")
        examination.check()
        findings.extend(_tried(examination, group, name, check))
    say(1.0, "")
    seconds = time.perf_counter() - began
    return DoctorReport(started, seconds, machine_facts(examination), platform_rows(), tuple(findings))


def _tried(
    examination: DoctorContext, group: str, name: str, check: Callable[[DoctorContext], Iterable[CheckResult]]
) -> Iterator[CheckResult]:
    try:
        yield from check(examination)
    except Cancelled:
        raise
    except GreenroomError as error:
        yield CheckResult(group, name, CheckStatus.FAILED, error.reason, error.hint or "Try again; the log holds the details.")
    except Exception as error:
        log.exception("The check %s / %s broke off.", group, name)
        yield CheckResult(
            group,
            name,
            CheckStatus.FAILED,
            f"The check broke off: {type(error).__name__}.",
            "The log in the data folder holds the details.",
        )


def machine_facts(examination: DoctorContext) -> dict[str, str]:
    """What figures of this machine should be read with."""
    reading, gpu = read_memory(MachineFiles()), examination.gpu()
    return {
        "system": f"{platform.system()} {platform.release()}",
        "architecture": platform.machine(),
        "python": platform.python_version(),
        "memory": f"{gib(reading.pool):.1f} GiB",
        "gpu": "none" if gpu is None else gpu.name + (" (memory shared with the CPU)" if gpu.unified else ""),
    }
