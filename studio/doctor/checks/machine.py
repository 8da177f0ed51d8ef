"""Checks of the machine: Python, clock, shipped files, memory, GPU."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

from studio.doctor.context import DoctorContext
from studio.doctor.report import CheckResult, CheckStatus
from studio.memory.machine.readings import MachineFiles, read_memory
from studio.units import GIB, gib

GROUP = "This machine"
SUPPORTED = ((3, 11), (3, 13))
SUMS = "SHA256SUMS"
SLACK_SECONDS = 3600.0
LEAST_GIB = 4


def python_version(context: DoctorContext) -> Iterator[CheckResult]:
    """Check the versions of Python and of the packages in the lock."""
    version = sys.version_info[:2]
    if not SUPPORTED[0] <= version <= SUPPORTED[1]:
        yield CheckResult(
            GROUP, "Python", CheckStatus.WARNING, f"Python {version[0]}.{version[1]} is not one of 3.11 to 3.13.",
            "Delete .venv and start ./launch.sh with PYTHON=python3.12.",
        )  # fmt: skip
    wrong = list(_differing(context.home / "requirements.lock"))
    if wrong:
        yield CheckResult(
            GROUP, "Packages", CheckStatus.FAILED,
            f"Not as the lock says: {', '.join(wrong[:5])}" + (" and more." if wrong[5:] else "."),
            "Delete the folder .venv and start ./launch.sh; it installs what the lock says.",
        )  # fmt: skip
    else:
        yield CheckResult(GROUP, "Packages", CheckStatus.OK, f"Python {version[0]}.{version[1]}, every package as the lock says.")


def _differing(lock: Path) -> Iterator[str]:
    for line in lock.read_text("utf-8").splitlines():
        name, equals, rest = line.partition("==")
        if not equals or line.startswith((" ", "#")) or ";" in line:
            continue
        wanted = rest.split()[0]
        try:
            found = metadata.version(name.split("[")[0].strip())
        except metadata.PackageNotFoundError:
            yield f"{name} is missing"
        else:
            if found != wanted:
                yield f"{name} is {found}, not {wanted}"


def clock(context: DoctorContext) -> Iterator[CheckResult]:
    """Check the clock: if it is set back, new results look older than old ones, and tokens and certificates are not yet valid."""
    newest = max((path.stat().st_mtime for path in _dated(context)), default=0.0)
    behind = newest - context.now()
    if behind > SLACK_SECONDS:
        yield CheckResult(
            GROUP, "Clock", CheckStatus.FAILED,
            f"The clock is wrong: files of the studio are {_length(behind)} younger than now.",
            "Set the clock, by `sudo timedatectl set-ntp true` for example, then start the studio again.",
        )  # fmt: skip
    else:
        yield CheckResult(GROUP, "Clock", CheckStatus.OK, "Runs on from the newest file of the studio.")


def _dated(context: DoctorContext) -> Iterator[Path]:
    yield from (path for path in (context.home / "requirements.lock", context.home / "app.py") if path.is_file())
    yield from (path for path in context.data.glob("*") if path.is_file())
    yield from (path for path in (context.data / "outputs").glob("*") if path.is_file())


def _length(seconds: float) -> str:
    return f"{seconds / 86_400:.0f} days" if seconds > 172_800 else f"{seconds / 3600:.1f} hours"


def shipped_files(context: DoctorContext) -> Iterator[CheckResult]:
    """Compare every file that ships with the studio with its checksum: fonts, voices, the face mesh, the English reader."""
    assets = context.site.assets
    wrong = []
    listed = (assets / SUMS).read_text("utf-8").splitlines() if (assets / SUMS).is_file() else None
    if listed is None:
        yield CheckResult(
            GROUP, "Files of the studio", CheckStatus.FAILED, f"assets/{SUMS} is missing.", f"git restore assets/{SUMS}"
        )
        return
    for line in listed:
        wanted, name = line.split("  ", 1)
        path = assets / name
        if not path.is_file():
            wrong.append((name, "is missing"))
        elif hashlib.sha256(path.read_bytes()).hexdigest() != wanted:
            wrong.append((name, "is damaged"))
    for name, what in wrong:
        yield CheckResult(
            GROUP, "Files of the studio", CheckStatus.FAILED, f"assets/{name} {what}.", f"git restore assets/{name}"
        )
    if not wrong:
        yield CheckResult(GROUP, "Files of the studio", CheckStatus.OK, f"All {len(listed)} are there and whole.")


def memory(context: DoctorContext) -> Iterator[CheckResult]:
    reading = read_memory(MachineFiles())
    can_be_used = f"{gib(reading.pool):.1f} GiB in all, {gib(reading.pool_available):.1f} GiB can be used now"
    if reading.pool < LEAST_GIB * GIB:
        yield CheckResult(
            GROUP, "Memory", CheckStatus.WARNING, f"{can_be_used}: little for video.", "Close other programs, or use short clips."
        )
    elif reading.pool_available < context.settings.memory.reserve_light_gib * GIB:
        yield CheckResult(
            GROUP, "Memory", CheckStatus.FAILED, f"{can_be_used}: less than the reserve, so nothing is loaded.",
            "Close other programs; the System tab shows what the studio itself can let go of.",
        )  # fmt: skip
    else:
        yield CheckResult(GROUP, "Memory", CheckStatus.OK, can_be_used + ".")


def graphics(context: DoctorContext) -> Iterator[CheckResult]:
    facts = context.gpu()
    if facts is None:
        yield CheckResult(
            GROUP, "GPU", CheckStatus.SKIPPED,
            "No NVIDIA GPU was found, so engines that need one are not tried. The built-in engines do without.",
        )  # fmt: skip
        return
    told = "shares the machine's memory" if facts.unified else f"{gib(facts.total or 0):.1f} GiB of its own memory"
    yield CheckResult(GROUP, "GPU", CheckStatus.OK, f"{facts.name}, {told}.")
