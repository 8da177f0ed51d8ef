"""How long it takes to accept a job, and to list and look at jobs, with 10,000 rows in the table.

The measured path is the page's: validate the spec, prepare it, check the free space, insert, flush to the disk. Meanwhile
another thread reports progress of a running job ten times a second, as a busy studio does.

Run: python -m bench.studio.job_acceptance [ROWS]
"""

from __future__ import annotations

import json
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from pydantic import BaseModel

from bench.figures import Figure, tell
from engines.catalog import Catalog
from studio.jobs.capability import CPU_LANE, Capability, JobContext
from studio.jobs.lanes import JobLanes
from studio.jobs.model import JobOutput, JobState
from studio.jobs.runner import JobRunner
from studio.jobs.service import JobService
from studio.jobs.store import JobStore
from studio.settings import JobSettings, LaneSettings

ROWS = 10_000
SUBMISSIONS = 300
PROMISED_SECONDS = 0.050
SCRIPT = "It was the best of times, it was the worst of times. " * 150  # 1,500 words: a usual narration


class ScriptSpec(BaseModel):
    script: str


class Idle(Capability[ScriptSpec]):
    """A kind of job that is accepted and never run here."""

    kind: ClassVar[str] = "idle"
    Spec = ScriptSpec

    def prepare(self, spec: ScriptSpec) -> ScriptSpec:
        return spec

    def title(self, spec: ScriptSpec) -> str:
        return "It was the best of times"

    def lane(self, spec: ScriptSpec) -> str:
        return CPU_LANE

    def run(self, spec: ScriptSpec, context: JobContext) -> list[JobOutput]:
        return []


@dataclass(frozen=True)
class Timings:
    """Seconds of one kind of call."""

    what: str
    median: float
    p95: float
    worst: float

    def __str__(self) -> str:
        figures = {"median": self.median, "p95": self.p95, "worst": self.worst}
        return f"{self.what:<34}" + "".join(f"{name} {seconds * 1e3:7.2f} ms   " for name, seconds in figures.items()).rstrip()


def measure(folder: Path, rows: int = ROWS, submissions: int = SUBMISSIONS) -> dict[str, Timings]:
    """Timings of `submit`, `get`, `list`, `list text` and `change_counter` over a fresh table of `rows` jobs in `folder`."""
    store = JobStore(folder / "jobs.db")
    capabilities: dict[str, Capability[Any]] = {Idle.kind: Idle()}
    lanes = JobLanes(LaneSettings(), folder)
    runner = JobRunner(store, capabilities, lanes, _NoEngines(), Catalog(), folder / "scratch")  # never started
    jobs = JobService(store, runner, capabilities, JobSettings(), folder)
    _fill(store, rows)
    stop = threading.Event()
    busy = threading.Thread(target=_report_progress, args=(store, stop))
    busy.start()
    try:
        known = [jobs.submit("idle", {"script": SCRIPT}).id for _ in range(20)]
        return {
            "submit": _timed("accept a job", submissions, lambda: jobs.submit("idle", {"script": SCRIPT})),
            "get": _timed("look at a job", submissions, lambda: jobs.get(known[7])),
            "list": _timed("list the last 50", 60, jobs.list),
            "list text": _timed("search 50 by a rare text", 60, lambda: jobs.list(text="job 77")),
            "change_counter": _timed("ask whether anything has changed", submissions, jobs.change_counter),
        }
    finally:
        stop.set()
        busy.join()
        store.close()


class _NoEngines:
    def lease(self, *wanted: Any, **callbacks: Any) -> Any:
        raise AssertionError("No job runs here.")

    def release(self, engine_class: Any) -> None:
        """Nothing is held."""


def _fill(store: JobStore, rows: int) -> None:
    """`rows` jobs, one in twenty still queued, written in one transaction."""
    now, spec = time.time() - rows, json.dumps({"script": SCRIPT})
    with store._database.write() as connection:
        for number in range(rows):
            state = JobState.QUEUED if number % 20 == 0 else JobState.DONE
            ended = None if state is JobState.QUEUED else now + number
            connection.execute(
                "INSERT INTO jobs(id, kind, title, lane, state, created, ended, version, position) VALUES(?,?,?,?,?,?,?,?,?)",
                (f"{number:016x}", "idle", f"job {number}", CPU_LANE, state, now + number, ended, number, number),
            )
            connection.execute("INSERT INTO specs VALUES(?,?)", (f"{number:016x}", spec))
            for kind in ("state", "state", "state"):
                connection.execute("INSERT INTO events(job_id, at, kind, data) VALUES(?,?,?,'{}')", (f"{number:016x}", now, kind))
        connection.execute("UPDATE clock SET value = ?", (rows,))


def _report_progress(store: JobStore, stop: threading.Event) -> None:
    claim = store.claim(CPU_LANE)
    assert claim is not None
    step = 0
    while not stop.wait(0.1):
        step += 1
        store.report(claim, JobState.RUNNING, step % 100 / 100, f"Step {step}", None)


def _timed(what: str, times: int, call: Callable[[], object]) -> Timings:
    taken = []
    for _ in range(times):
        begun = time.perf_counter()
        call()
        taken.append(time.perf_counter() - begun)
    taken.sort()
    return Timings(what, taken[len(taken) // 2], taken[int(len(taken) * 0.95)], taken[-1])


def main() -> int:
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else ROWS
    with tempfile.TemporaryDirectory(prefix="greenroom-bench-") as folder:
        timings = measure(Path(folder), rows)
    print(f"With {rows} jobs in the table:")
    for one in timings.values():
        print(f"  {one}")
    known = timings["submit"]
    worst = f"p95 under {PROMISED_SECONDS * 1e3:.0f} ms"
    tell(
        Figure(
            "Accepting a job, p95", "ms", [known.p95 * 1e3], known.median * 1e3, "median", worst, f"{rows:,} jobs in the table"
        )
    )
    kept = timings["submit"].p95 < PROMISED_SECONDS
    print(f"  accepting a job takes under {PROMISED_SECONDS * 1e3:.0f} ms at p95: {'yes' if kept else 'NO'}")
    return 0 if kept else 1


if __name__ == "__main__":
    raise SystemExit(main())
