"""Conversion of rows of the job table to values, and writes that need more than one statement."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Sequence
from typing import Any

from studio.jobs.failure import crash_error
from studio.jobs.model import ACTIVE, ENDED, Job, JobError, JobOutput, JobState, Recovery

RESUMED_NOTE = "Resumed after the server ended."

HELD = ACTIVE - {JobState.QUEUED, JobState.INTERRUPTED}
"""States of a job that a thread of this server is working on."""

HELD_SQL = ",".join(f"'{state}'" for state in sorted(HELD))
ENDED_SQL = ",".join(f"'{state}'" for state in sorted(ENDED))
ACTIVE_SQL = ",".join(f"'{state}'" for state in sorted(ACTIVE))

SELECT = f"""
    SELECT j.*, s.spec, CASE WHEN j.state = 'queued' THEN
        (SELECT count(*) FROM jobs b WHERE b.lane = j.lane AND b.state = 'queued' AND b.position < j.position)
        + (SELECT count(*) FROM jobs b WHERE b.lane = j.lane AND b.state IN ({HELD_SQL})) ELSE 0 END AS ahead
    FROM jobs j JOIN specs s ON s.job_id = j.id"""
"""Jobs with their specs and their places in the queue; a WHERE may follow."""


def end_job(
    connection: sqlite3.Connection,
    job_id: str,
    version: int,
    state: JobState,
    error: JobError | None,
    outputs: Sequence[JobOutput],
    note: str,
) -> None:
    """Set a job to a state in which no thread works on it, with an end time if the state is final, and record it in the
    history."""
    words = None if error is None else json.dumps(error.as_row())
    files = json.dumps([{"id": output.id, "path": output.path, "kind": output.kind} for output in outputs])
    ended = time.time() if state.ended else None
    connection.execute(
        "UPDATE jobs SET state = ?, ended = ?, error = ?, outputs = ?, note = ?, eta = NULL, version = ?,"
        " progress = CASE WHEN ? = 'done' THEN 1 ELSE progress END WHERE id = ?",
        (state, ended, words, files, note, version, state, job_id),
    )
    why = {} if error is None else {"code": error.code, "reason": error.reason}
    record_event(connection, job_id, "state", {"state": state, **why})


def record_event(connection: sqlite3.Connection, job_id: str | None, kind: str, data: dict[str, Any]) -> int:
    """Add a line to a job's history (None: to the store's own) and return its sequence number."""
    words = json.dumps(data, ensure_ascii=False)
    cursor = connection.execute("INSERT INTO events(job_id, at, kind, data) VALUES(?,?,?,?)", (job_id, time.time(), kind, words))
    return int(cursor.lastrowid or 0)


def job_of(row: sqlite3.Row) -> Job:
    """Convert a row of the job table."""
    return Job(
        id=row["id"],
        kind=row["kind"],
        title=row["title"],
        lane=row["lane"],
        spec=json.loads(row["spec"]),
        state=JobState(row["state"]),
        progress=row["progress"],
        note=row["note"],
        eta_seconds=row["eta"],
        created=row["created"],
        started=row["started"],
        ended=row["ended"],
        error=None if row["error"] is None else JobError.of_row(json.loads(row["error"])),
        outputs=tuple(JobOutput(**output) for output in json.loads(row["outputs"])),
        version=row["version"],
        ahead=row["ahead"],
        peak_gib=row["peak_gib"],
        work_seconds=row["work_seconds"],
    )


def recover_jobs(connection: sqlite3.Connection, version: int, weight: float, crash_limit: int) -> Recovery:
    """Do the work of `JobStore.recover` inside its transaction."""
    found: dict[str, list[str]] = {"resumed": [], "failed": [], "cancelled": []}
    rows = connection.execute(f"SELECT * FROM jobs WHERE state IN ({HELD_SQL}, 'interrupted') ORDER BY position").fetchall()
    for row in rows:
        crashes = row["crashes"] + weight * (row["state"] in HELD)
        if row["cancel_requested"]:
            end_job(connection, row["id"], version, JobState.CANCELLED, None, (), "Cancelled.")
            found["cancelled"].append(row["id"])
        elif crashes > crash_limit:
            end_job(connection, row["id"], version, JobState.FAILED, crash_error(), (), "")
            found["failed"].append(row["id"])
        else:
            connection.execute(
                "UPDATE jobs SET state = 'queued', crashes = ?, note = ?, eta = NULL, version = ? WHERE id = ?",
                (crashes, RESUMED_NOTE, version, row["id"]),
            )
            record_event(connection, row["id"], "resumed", {"note": RESUMED_NOTE, "crashes": crashes})
            found["resumed"].append(row["id"])
    return Recovery(*(tuple(found[name]) for name in ("resumed", "failed", "cancelled")))
