"""Removed jobs, which are kept for a while so that the removal can be undone."""

from __future__ import annotations

import sqlite3
import threading
from collections import OrderedDict
from typing import Any

MOST_KEPT = 100
_TABLES = {"jobs": "id", "specs": "job_id", "events": "job_id"}
"""In which tables a job's rows lie, and by which column they are found."""

_Rows = dict[str, list[dict[str, Any]]]


class RemovedJobs:
    """The rows of the jobs removed last, in memory only: a restart of the server drops them. Any thread may call any method."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, _Rows] = OrderedDict()
        self._lock = threading.Lock()

    def keep(self, connection: sqlite3.Connection, job_id: str) -> None:
        """Keep the rows of a job that is about to be deleted in this transaction."""
        rows: _Rows = {}
        for table, key in _TABLES.items():
            found = connection.execute(f"SELECT * FROM {table} WHERE {key} = ?", (job_id,))
            names = [column[0] for column in found.description]
            rows[table] = [dict(zip(names, tuple(row), strict=True)) for row in found]
        with self._lock:
            self._kept[job_id] = rows
            while len(self._kept) > MOST_KEPT:
                self._kept.popitem(last=False)

    def put_back(self, connection: sqlite3.Connection, job_id: str, version: int) -> bool:
        """Insert the rows of a removed job again, with `version` as its version; False if they are not kept any more."""
        with self._lock:
            rows = self._kept.pop(job_id, None)
        if rows is None:
            return False
        for table, found in rows.items():
            for row in found:
                values = {**row, "version": version} if table == "jobs" else row
                places = ", ".join("?" * len(values))
                connection.execute(f"INSERT INTO {table}({', '.join(values)}) VALUES({places})", tuple(values.values()))
        return True
