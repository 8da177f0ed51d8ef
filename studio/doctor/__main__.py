"""`./launch.sh doctor`: examines this machine from the terminal, with or without a running studio."""

from __future__ import annotations

import argparse
import json
import logging
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from engines.catalog import Catalog
from studio.doctor.context import DoctorContext
from studio.doctor.examination import run_checks
from studio.doctor.report import CheckResult, CheckStatus, DoctorReport
from studio.errors import GreenroomError
from studio.memory.manager import MemoryManager
from studio.paths import DataPaths
from studio.services import engine_paths
from studio.settings import Settings, load_settings
from studio.workers.model import WorkerStatus
from studio.workers.pool import WorkerPool
from studio.workers.pool_options import PoolOptions

_MARKS = {
    CheckStatus.OK: "ok     ",
    CheckStatus.WARNING: "warning",
    CheckStatus.FAILED: "FAILED ",
    CheckStatus.SKIPPED: "skipped",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Return 0 if nothing failed, 1 if something did, 2 if the examination was impossible, 130 if it was stopped."""
    parser = argparse.ArgumentParser(prog="./launch.sh doctor", description="Try what the studio needs of this machine.")
    parser.add_argument("--data", type=Path, metavar="FOLDER", help="the data folder, when it is not the usual one")
    parser.add_argument("--json", action="store_true", help="print the whole report as JSON")
    given = parser.parse_args(arguments)
    overrides = {} if given.data is None else {"data": {"folder": given.data.expanduser().absolute()}}
    logging.getLogger().addHandler(logging.NullHandler())  # what breaks is told in the report
    try:
        with examination_of(load_settings(**overrides)) as context:
            report = run_checks(context, lambda fraction, note: _say(note, quiet=given.json))
    except GreenroomError as error:
        sys.stderr.write(f"Greenroom: {error}\n")
        return 2
    except KeyboardInterrupt:
        sys.stderr.write("Stopped.\n")
        return 130
    sys.stdout.write(json.dumps(report.as_dict(), indent=1, ensure_ascii=False) + "\n" if given.json else told(report))
    return 0 if report.healthy else 1


@contextmanager
def examination_of(settings: Settings) -> Iterator[DoctorContext]:
    """Yield an examination with its own workers, so that a running studio is not disturbed and its data folder is not opened."""
    paths, catalog = DataPaths(settings.data_folder), Catalog(settings.engines.extra)
    with tempfile.TemporaryDirectory(prefix="greenroom-doctor-") as folder:
        own = DataPaths(Path(folder))
        site = replace(engine_paths(settings, paths), cache=own.cache)
        memory = MemoryManager(settings.memory, own.root)
        workers = WorkerPool(
            settings.workers,
            site,
            catalog,
            logs=own.logs,
            options=PoolOptions(admit=memory.admit_load, observer=memory.observer, gpu_bytes=memory.gpu_bytes),
        )
        memory.attach(_OwnWorkers(workers), lambda engine_id: catalog.get(engine_id).card)
        try:
            yield DoctorContext(settings, site, paths.root, catalog, workers, memory.gpu)
        finally:
            workers.close()
            memory.close()


@dataclass(frozen=True)
class _OwnWorkers:
    """The doctor's workers behind the protocol of the memory manager."""

    host: WorkerPool

    def snapshot(self) -> Sequence[WorkerStatus]:
        return self.host.snapshot()

    def unload(self, engine_id: str) -> object:
        return self.host.evict(engine_id)

    def end(self, engine_id: str, reason: str) -> object:
        return self.host.end_worker(engine_id, reason)


def told(report: DoctorReport) -> str:
    """Return the report for a terminal: the machine, one line per finding, and repairs."""
    lines = ["  ".join(f"{name}: {value}" for name, value in report.machine.items()), ""]
    group = ""
    for finding in report.findings:
        if finding.group != group:
            group = finding.group
            lines += [group]
        lines.append(_line(finding))
        if finding.repair and finding.outcome in (CheckStatus.FAILED, CheckStatus.WARNING):
            lines.append(f"           do this: {finding.repair}")
    lines += ["", "On this kind of machine"]
    lines += [f"  {row.package}: {row.here}; {row.instead}" for row in report.platform]
    return "\n".join([*lines, "", report.sentence, ""])


def _line(finding: CheckResult) -> str:
    figures = "".join(f"  {name} {value:.1f} ms" for name, value in finding.figures.items())
    return f"  {_MARKS[finding.outcome]}  {finding.name}: {finding.sentence}{figures}"


def _say(note: str, *, quiet: bool) -> None:
    if note and sys.stderr.isatty() and not quiet:
        sys.stderr.write(f"\r\033[K{note} ...")
    elif not note and sys.stderr.isatty() and not quiet:
        sys.stderr.write("\r\033[K")


if __name__ == "__main__":
    sys.exit(main())
