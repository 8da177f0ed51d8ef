"""Job rows and their history. A killed server loses no job that it has accepted."""

from __future__ import annotations

import json
import secrets
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from studio.callbacks import no_op
from studio.jobs.database import Database
from studio.jobs.model import NO_COST, Claim, Job, JobCost, JobError, JobOutput, JobState, Recovery
from studio.jobs.reader import JobReader
from studio.jobs.removed import RemovedJobs
from studio.jobs.rows import ENDED_SQL, HELD, HELD_SQL, SELECT, end_job, job_of, record_event, recover_jobs

CRASH_LIMIT = 3
"""Server deaths in a row, without headway, that a job may be in the middle of."""
KILL_WEIGHT = 1 / 8
"""How much of a crash it counts that the server was merely killed: people and power strips do that, jobs hardly ever."""


class _NothingChanged(Exception):
    """Ends a transaction that had nothing to change."""


class JobStore(JobReader):
    """The table of jobs. Any thread may call any method; each call is one transaction.

    Every change takes the next value of one counter, which becomes the version of the changed row. `change_counter` (an integer
    in memory) shows whether anything has changed, and a row's version whether this row has; neither ever decreases, not even
    over a restart.

    Lock order: the database's own lock, then `_changed`; `_changed` is never held while the database is used.
    """

    def __init__(self, path: Path, on_restored: Callable[[], object] = no_op) -> None:
        """Args:
            on_restored: called after a list that was deleted under the server has been written again.

        Raises:
            StorageError: the folder cannot be written, or the file is of a newer studio. A damaged file is renamed instead, and
                an event says so.
        """
        super().__init__(Database(path, on_restored))
        self._changed = threading.Condition()
        self._removed = RemovedJobs()
        with self._database.read() as connection:
            self._clock = int(connection.execute("SELECT value FROM clock").fetchone()[0])
        if self._database.set_aside is not None:
            self.add_event("", "store.set_aside", {"file": self._database.set_aside.name})

    def close(self) -> None:
        self._database.close()

    # Watching

    def change_counter(self) -> int:
        """Return a number that increases with every change of any job. Reading it costs nothing."""
        return self._clock

    def wait_for_change(self, seen: int, timeout: float) -> int:
        """Return the change counter as soon as it is above `seen`, or its value after `timeout` seconds."""
        with self._changed:
            self._changed.wait_for(lambda: self._clock > seen, timeout)
            return self._clock

    # Accepting and claiming

    def add(self, kind: str, title: str, lane: str, spec: dict[str, Any]) -> Job:
        """Accept a job: when this returns, it survives kill -9 and a power cut."""
        job_id, now, words = secrets.token_hex(8), time.time(), json.dumps(spec, ensure_ascii=False)
        with self._change(durable=True) as (connection, version):
            connection.execute(
                "INSERT INTO jobs(id, kind, title, lane, state, created, version, position) VALUES(?,?,?,?,?,?,?,?)",
                (job_id, kind, title, lane, JobState.QUEUED, now, version, version),
            )
            connection.execute("INSERT INTO specs VALUES(?,?)", (job_id, words))
            record_event(connection, job_id, "state", {"state": JobState.QUEUED})
            return job_of(connection.execute(f"{SELECT} WHERE j.id = ?", (job_id,)).fetchone())

    def claim(self, lane: str) -> Claim | None:
        """Claim the next queued job of a lane; no two callers get the same one."""
        with self._change() as (connection, version):
            row = connection.execute(
                "UPDATE jobs SET state = 'running', attempts = attempts + 1, started = coalesce(started, ?), note = '',"
                " eta = NULL, version = ? WHERE id ="
                " (SELECT id FROM jobs WHERE lane = ? AND state = 'queued' ORDER BY position LIMIT 1) RETURNING id, attempts",
                (time.time(), version, lane),
            ).fetchone()
            if row is None:
                raise _NothingChanged
            record_event(connection, row["id"], "state", {"state": JobState.RUNNING, "attempt": row["attempts"]})
            return Claim(job_of(connection.execute(f"{SELECT} WHERE j.id = ?", (row["id"],)).fetchone()), row["attempts"])
        return None

    def note_queued(self, lane: str, note: str) -> None:
        """Set the note of the lane's next queued job to what the lane waits for."""
        with self._change() as (connection, version):
            told = connection.execute(
                "UPDATE jobs SET note = ?, version = ? WHERE id ="
                " (SELECT id FROM jobs WHERE lane = ? AND state = 'queued' ORDER BY position LIMIT 1)",
                (note, version, lane),
            ).rowcount
            if not told:
                raise _NothingChanged

    def move(self, job_id: str, place: int) -> bool:
        """Move a queued job to a place in its lane's queue, 1 being the next to run; a place beyond the end is the end. Returns
        False if the job is not queued."""
        with self._change(durable=True) as (connection, version):
            row = connection.execute("SELECT lane FROM jobs WHERE id = ? AND state = 'queued'", (job_id,)).fetchone()
            if row is None:
                raise _NothingChanged
            others = [
                other["position"]
                for other in connection.execute(
                    "SELECT position FROM jobs WHERE lane = ? AND state = 'queued' AND id != ? ORDER BY position",
                    (row["lane"], job_id),
                )
            ]
            connection.execute(
                "UPDATE jobs SET position = ?, version = ? WHERE id = ?", (_between(others, max(1, place) - 1), version, job_id)
            )
            record_event(connection, job_id, "moved", {"place": place})
            return True
        return False

    # Reporting from an attempt

    def report(self, claim: Claim, state: JobState, progress: float, note: str, eta_seconds: float | None) -> bool:
        """Set what a page shows of a running attempt; False if the attempt is over and nothing was written."""
        with self._change() as (connection, version):
            before = connection.execute(
                "SELECT state FROM jobs WHERE id = ? AND attempts = ?", (claim.job.id, claim.attempt)
            ).fetchone()
            if before is None or before["state"] not in HELD:
                raise _NothingChanged
            connection.execute(
                "UPDATE jobs SET state = ?, progress = ?, note = ?, eta = ?, version = ?,"
                " crashes = CASE WHEN ? > best THEN 0 ELSE crashes END, best = max(best, ?) WHERE id = ?",
                (state, progress, note, eta_seconds, version, progress, progress, claim.job.id),
            )
            if before["state"] != state:
                record_event(connection, claim.job.id, "state", {"state": state, "note": note})
            return True
        return False

    def finish(
        self,
        claim: Claim,
        state: JobState,
        *,
        error: JobError | None = None,
        outputs: Sequence[JobOutput] = (),
        note: str = "",
        cost: JobCost = NO_COST,
    ) -> bool:
        """End an attempt: done, failed, cancelled, or interrupted (to be resumed at the next start).

        A job that was asked to stop is set to cancelled even if its attempt was interrupted.
        """
        with self._change(durable=True) as (connection, version):
            row = connection.execute(
                f"SELECT cancel_requested FROM jobs WHERE id = ? AND attempts = ? AND state IN ({HELD_SQL})",
                (claim.job.id, claim.attempt),
            ).fetchone()
            if row is None:
                raise _NothingChanged
            if state is JobState.INTERRUPTED and row["cancel_requested"]:
                state, note = JobState.CANCELLED, "Cancelled."
            end_job(connection, claim.job.id, version, state, error, outputs, note)
            connection.execute(
                "UPDATE jobs SET peak_gib = max(peak_gib, ?), work_seconds = work_seconds + ? WHERE id = ?",
                (cost.peak_gib, cost.seconds, claim.job.id),
            )
            return True
        return False

    def add_event(self, job_id: str, kind: str, data: dict[str, Any]) -> int:
        """Add a line to a job's history ("" for the store's own) and return its sequence number; raises the job's version.

        A line for a job that has been removed is dropped, and 0 returned.
        """
        with self._change() as (connection, version):
            if job_id:
                found = connection.execute("UPDATE jobs SET version = ? WHERE id = ?", (version, job_id)).rowcount
                if not found:
                    raise _NothingChanged
            return record_event(connection, job_id or None, kind, data)
        return 0

    # Stopping and removing

    def request_cancel(self, job_id: str) -> JobState | None:
        """Ask a job to stop and return its state after that: a queued one is cancelled at once, a running one is marked (the
        mark survives a crash of the server), an ended one is not changed. None for an unknown id."""
        state = None
        with self._change(durable=True) as (connection, version):
            row = connection.execute("SELECT state FROM jobs WHERE id = ?", (job_id,)).fetchone()
            state = None if row is None else JobState(row["state"])
            if state is None or state.ended:
                raise _NothingChanged
            if state in (JobState.QUEUED, JobState.INTERRUPTED):
                end_job(connection, job_id, version, JobState.CANCELLED, None, (), "Cancelled before it started.")
                return JobState.CANCELLED
            connection.execute(
                "UPDATE jobs SET cancel_requested = 1, note = 'Stopping…', eta = NULL, version = ? WHERE id = ?",
                (version, job_id),
            )
        return state

    def remove(self, job_id: str) -> bool:
        """Remove an ended job from the list, with its history; False if it is not there or has not ended."""
        with self._change() as (connection, _):
            self._removed.keep(connection, job_id)
            if not connection.execute(f"DELETE FROM jobs WHERE id = ? AND state IN ({ENDED_SQL})", (job_id,)).rowcount:
                raise _NothingChanged
            return True
        return False

    def put_back(self, job_id: str) -> bool:
        """Undo `remove`; False if the job is not kept any more."""
        with self._change() as (connection, version):
            if not self._removed.put_back(connection, job_id, version):
                raise _NothingChanged
            return True
        return False

    def prune(self, older_than: float, keep: int) -> int:
        """Remove ended jobs that ended before `older_than`, and the oldest beyond `keep` rows; returns how many."""
        with self._change() as (connection, _):
            old = connection.execute(f"DELETE FROM jobs WHERE state IN ({ENDED_SQL}) AND ended < ?", (older_than,)).rowcount
            excess = connection.execute("SELECT count(*) FROM jobs").fetchone()[0] - keep
            many = 0
            if excess > 0:
                many = connection.execute(
                    f"DELETE FROM jobs WHERE rowid IN"
                    f" (SELECT rowid FROM jobs WHERE state IN ({ENDED_SQL}) ORDER BY ended LIMIT ?)", (excess,)
                ).rowcount  # fmt: skip
            if old + many == 0:
                raise _NothingChanged
            return old + many
        return 0

    # Recovery

    def recover(self, weight: float = 1.0, crash_limit: int = CRASH_LIMIT) -> Recovery:
        """Queue again, in their old order, all jobs that the last server left unfinished. Called once, before any claim.

        A job during which the server crashed more than `crash_limit` times in a row without progress fails, since it would
        probably crash the server again. A job that had been asked to stop is cancelled.

        Args:
            weight: what the last server's end counts, KILL_WEIGHT if nothing indicates that its work was the cause.
        """
        with self._change(durable=True) as (connection, version):
            return recover_jobs(connection, version, weight, crash_limit)

    def announce(self) -> None:
        """Wake the threads that wait for a change, after changes outside the rows."""
        with self._changed:
            self._clock += 1
            self._changed.notify_all()

    @contextmanager
    def _change(self, *, durable: bool = False) -> Iterator[tuple[sqlite3.Connection, int]]:
        """A transaction with the next value of the counter; waiting threads are woken once it is committed.

        Raising _NothingChanged inside ends the block without an error: it is rolled back, and no thread is woken.
        """
        try:
            with self._database.write(durable=durable) as connection:
                version = connection.execute("UPDATE clock SET value = value + 1 RETURNING value").fetchone()[0]
                yield connection, version
        except _NothingChanged:
            return
        with self._changed:
            self._clock = max(self._clock + 1, version)
            self._changed.notify_all()


def _between(positions: Sequence[float], index: int) -> float:
    """Return a number before positions[index] and after the one before it; after all of them if there is none."""
    if not positions:
        return 0.0
    if index >= len(positions):
        return positions[-1] + 1.0
    return (positions[index - 1] + positions[index]) / 2 if index else positions[0] - 1.0
