"""The promise: accepting a job takes under 50 ms at p95 with 10,000 rows in the table."""

from __future__ import annotations

from pathlib import Path

from bench.studio.job_acceptance import PROMISED_SECONDS, measure
from studio.jobs.store import JobStore


def test_accepting_a_job_keeps_its_promise_with_ten_thousand_rows(tmp_path: Path) -> None:
    timings = measure(tmp_path, rows=10_000, submissions=100)
    assert timings["submit"].p95 < PROMISED_SECONDS, str(timings["submit"])


def test_what_pages_and_lanes_ask_is_answered_from_an_index(tmp_path: Path) -> None:
    """Operations, not seconds: none of these may walk the table."""
    store = JobStore(tmp_path / "jobs.db")
    with store._database.read() as connection:
        seen: list[str] = []
        connection.set_trace_callback(seen.append)
    store.find(limit=50)
    store.get("x")
    store.next_queued("cpu")
    store.earliest_start()
    store.events("x", after=3)
    store.events(after=3)
    with store._database.read() as connection:
        connection.set_trace_callback(None)
        for statement in seen:
            plan = [row["detail"] for row in connection.execute(f"EXPLAIN QUERY PLAN {statement}")]
            walked = [step for step in plan if step.startswith("SCAN") and "INDEX" not in step]
            assert not walked, (statement, plan)
    assert len(seen) == 6
    store.close()
