"""Checks of the data folder: free space, writing, and SQLite."""

from __future__ import annotations

import os
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from media.refusals import refusal
from studio.doctor.context import DoctorContext
from studio.doctor.report import CheckResult, CheckStatus, percentiles
from studio.units import GIB

GROUP = "Data folder"
LEAST_BYTES = 256 * 1024**2
GOOD_BYTES = 10 * GIB
COMMITS = 100
SLOW_MS = 50.0


def check_free_space(context: DoctorContext) -> Iterator[CheckResult]:
    free = context.free_bytes(_existing(context.data))
    told = f"{free / GIB:.1f} GiB are free on its disk"
    remedy = 'Delete outputs, or free the disk; the System tab says under "Disk" what lies where and what can go.'
    if free < LEAST_BYTES:
        yield CheckResult(GROUP, "Room", CheckStatus.FAILED, f"{told}, so no job is accepted.", remedy)
    elif free < GOOD_BYTES:
        yield CheckResult(GROUP, "Room", CheckStatus.WARNING, f"{told}, little for video and for weights.", remedy)
    else:
        yield CheckResult(GROUP, "Room", CheckStatus.OK, told + ".")


def writing(context: DoctorContext) -> Iterator[CheckResult]:
    """Create, sync, rename and delete a file in each existing subfolder."""
    rooms = [context.data, *(context.data / name for name in ("outputs", "segments", "voices", "uploads"))]
    began = time.perf_counter()
    for folder in rooms:
        if folder != context.data and not folder.exists():
            continue
        try:
            _write_in(folder)
        except OSError as error:
            yield CheckResult(
                GROUP, "Writing", CheckStatus.FAILED, f"{_shown(folder, context)} cannot be written: {refusal(error)}.",
                "Make it yours and writable (`sudo chown -R $USER` and `chmod -R u+w` on it), or choose another one with --data.",
            )  # fmt: skip
            return
    yield CheckResult(
        GROUP, "Writing", CheckStatus.OK, "Files can be made, renamed and deleted.", seconds=time.perf_counter() - began
    )


def databases(context: DoctorContext) -> Iterator[CheckResult]:
    """Test SQLite's locks on this disk, which network disks lack, and the integrity of the studio's databases."""
    with tempfile.TemporaryDirectory(dir=_existing(context.data), prefix=".doctor-") as folder:
        times = _commit_times(Path(folder) / "doctor.db")
    figures = percentiles(times)
    slow = figures["p95"] > SLOW_MS
    yield CheckResult(
        GROUP, "Job database", CheckStatus.WARNING if slow else CheckStatus.OK,
        f"A job is safely on the disk after {figures['p50']:.1f} ms (19 of 20 within {figures['p95']:.1f} ms).",
        "The disk is slow; put the data folder on a local SSD with --data." if slow else "", sum(times), figures,
    )  # fmt: skip
    for name in ("jobs.db", "memory.db"):
        path = context.data / name
        if path.is_file() and (wrong := _damage(path)):
            yield CheckResult(
                GROUP, name, CheckStatus.FAILED, f"{name} is damaged: {wrong}.",
                "Start the studio: it sets the file aside and begins a new one. Outputs, voices and finished pieces stay.",
            )  # fmt: skip


def _commit_times(path: Path) -> list[float]:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        mode = connection.execute("PRAGMA journal_mode=WAL").fetchone()[0]
        if str(mode).lower() != "wal":
            raise OSError(0, "SQLite cannot use its write-ahead log on this disk")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("CREATE TABLE tries(number INTEGER PRIMARY KEY, text TEXT)")
        times = []
        for number in range(COMMITS):
            began = time.perf_counter()
            connection.execute("INSERT INTO tries VALUES(?,?)", (number, "x" * 500))
            times.append(time.perf_counter() - began)
        return times


def _damage(path: Path) -> str:
    try:
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=5)) as connection:
            answer = str(connection.execute("PRAGMA quick_check(1)").fetchone()[0])
    except sqlite3.DatabaseError as error:
        return str(error)
    return "" if answer == "ok" else answer


def _write_in(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=folder, prefix=".doctor-")
    made = Path(name)
    try:
        os.write(handle, b"greenroom")
        os.fsync(handle)
        made = made.replace(made.with_suffix(".renamed"))
    finally:
        os.close(handle)
        made.unlink()


def _existing(folder: Path) -> Path:
    return next(path for path in (folder, *folder.parents) if path.exists())


def _shown(folder: Path, context: DoctorContext) -> str:
    return "The data folder" if folder == context.data else f'The folder "{folder.name}" in the data folder'
