"""One complete examination: runs and times each check, and converts errors to findings."""

from __future__ import annotations

import logging
import platform
import time
from collections.abc import Callable, Iterable, Iterator

from studio.callbacks import no_op
from studio.doctor.checks import comfyui, engines, machine, media_formats, storage
from studio.doctor.checks import torch as torch_checks
from studio.doctor.context import Check, DoctorContext
from studio.doctor.platform_table import platform_rows
from studio.doctor.report import CheckResult, CheckStatus, DoctorReport
from studio.errors import Cancelled, GreenroomError
from studio.memory.machine.readings import MachineFiles, read_memory
from studio.units import gib

log = logging.getLogger(__name__)

Say = Callable[[float, str], None]


def all_checks() -> list[Check]:
    """Return (group, name, check), fast ones first, and prerequisites before the checks that depend on them."""
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


def run_checks(context: DoctorContext, say: Say = no_op, checks: list[Check] | None = None) -> DoctorReport:
    """Run all checks; takes from ten seconds to a few minutes.

    Args:
        say: called with the progress and the name of the check.

    Raises:
        Cancelled: `context.check` raised it.
    """
    started, began = time.time(), time.perf_counter()
    chosen = all_checks() if checks is None else checks
    findings: list[CheckResult] = []
    for number, (group, name, check) in enumerate(chosen):
        say(number / len(chosen), f"{group}: {name}")
        context.check()
        findings.extend(_tried(context, group, name, check))
    say(1.0, "")
    seconds = time.perf_counter() - began
    return DoctorReport(started, seconds, machine_facts(context), platform_rows(), tuple(findings))


def _tried(
    context: DoctorContext, group: str, name: str, check: Callable[[DoctorContext], Iterable[CheckResult]]
) -> Iterator[CheckResult]:
    try:
        yield from check(context)
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


def machine_facts(context: DoctorContext) -> dict[str, str]:
    """Return facts about the machine for the interpretation of figures."""
    reading, gpu = read_memory(MachineFiles()), context.gpu()
    return {
        "system": f"{platform.system()} {platform.release()}",
        "architecture": platform.machine(),
        "python": platform.python_version(),
        "memory": f"{gib(reading.pool):.1f} GiB",
        "gpu": "none" if gpu is None else gpu.name + (" (memory shared with the CPU)" if gpu.unified else ""),
    }
