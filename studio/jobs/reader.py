"""Queries of the job table and its history; nothing here changes them."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from typing import Any

from studio.jobs.database import Database
from studio.jobs.model import Job, JobEvent, JobState
from studio.jobs.rows import ACTIVE_SQL, SELECT, job_of


class JobReader:
    """Reads a job database. Any thread may call any method; each call sees one consistent state."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, job_id: str) -> Job | None:
        with self._database.read() as connection:
            row = connection.execute(f"{SELECT} WHERE j.id = ?", (job_id,)).fetchone()
        return None if row is None else job_of(row)

    def find(self, states: Collection[JobState] = (), kinds: Collection[str] = (), limit: int = 50, text: str = "") -> list[Job]:
        """Return jobs, newest first. `text` is searched in titles and ids, ignoring case."""
        conditions, values = [], list[Any]()
        for column, allowed in (("j.state", states), ("j.kind", kinds)):
            if allowed:
                conditions.append(f"{column} IN ({','.join('?' * len(allowed))})")
                values.extend(str(value) for value in allowed)
        if text:
            pattern = "%" + text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
            conditions.append("(j.title LIKE ? ESCAPE '\\' OR j.id LIKE ? ESCAPE '\\')")
            values.extend((pattern, pattern))
        where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
        with self._database.read() as connection:
            rows = connection.execute(
                f"{SELECT}{where} ORDER BY j.created DESC, j.rowid DESC LIMIT ?", (*values, limit)
            ).fetchall()
        return [job_of(row) for row in rows]

    def count(self, states: Collection[JobState] = ()) -> int:
        where = f" WHERE state IN ({','.join('?' * len(states))})" if states else ""
        with self._database.read() as connection:
            return int(connection.execute(f"SELECT count(*) FROM jobs{where}", [str(state) for state in states]).fetchone()[0])

    def active(self) -> dict[tuple[str, JobState], int]:
        """Count the jobs that have not ended, by kind and state."""
        with self._database.read() as connection:
            rows = connection.execute(
                f"SELECT kind, state, count(*) AS number FROM jobs WHERE state IN ({ACTIVE_SQL}) GROUP BY kind, state"
            ).fetchall()
        return {(row["kind"], JobState(row["state"])): int(row["number"]) for row in rows}

    def earliest_start(self) -> float | None:
        """Return the earliest first start among the jobs that have not ended; None if none of them has started."""
        with self._database.read() as connection:
            return connection.execute(f"SELECT min(started) FROM jobs WHERE state IN ({ACTIVE_SQL})").fetchone()[0]

    def next_queued(self, lane: str) -> str | None:
        """Return the id of the job that this lane should run next."""
        with self._database.read() as connection:
            row = connection.execute(
                "SELECT id FROM jobs WHERE lane = ? AND state = 'queued' ORDER BY position LIMIT 1", (lane,)
            ).fetchone()
        return None if row is None else row["id"]

    def events(self, job_id: str | None = None, after: int = 0, limit: int = 1000) -> list[JobEvent]:
        """Return the history lines with a sequence number above `after`, oldest first, of one job or (None) of all jobs and of
        the store."""
        chosen, values = ("job_id = ? AND", [job_id]) if job_id is not None else ("", [])
        with self._database.read() as connection:
            rows = connection.execute(
                f"SELECT * FROM events WHERE {chosen} seq > ? ORDER BY seq LIMIT ?", (*values, after, limit)
            ).fetchall()
        return [JobEvent(row["seq"], row["job_id"] or "", row["at"], row["kind"], json.loads(row["data"])) for row in rows]

    def specs_naming(self, text: str) -> Iterator[dict[str, Any]]:
        """Return the specs of all jobs on the list that contain `text`."""
        with self._database.read() as connection:
            rows = connection.execute("SELECT spec FROM specs WHERE instr(spec, ?)", (text,)).fetchall()
        for row in rows:
            yield json.loads(row["spec"])

    def last_event(self) -> int:
        """Return the sequence number of the newest history line, 0 if there is none."""
        with self._database.read() as connection:
            return int(connection.execute("SELECT coalesce(max(seq), 0) FROM events").fetchone()[0])

    def ensure_stored(self) -> None:
        """Detect a database file that was deleted or replaced, and write it again.

        Raises:
            StorageError: it cannot be read or written.
        """
        self._database.ensure_stored()
