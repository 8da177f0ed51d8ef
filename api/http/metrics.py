"""`/metrics` for a Prometheus server; values are read from the studio when they are requested.

Names and units follow Prometheus' conventions (base units, `_total` for counters). Numbers that the studio keeps (jobs by
state, memory) are read from there; waiting times, running times and checks of takes come from the jobs' history, of which each
line is read once. Labels are ids of kinds and engines, never text or file names of users.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from prometheus_client import CollectorRegistry, Histogram, generate_latest
from prometheus_client import Counter as Total
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from studio.errors import NotFound
from studio.jobs.model import ACTIVE, ENDED, JobEvent, JobState
from studio.services import Services
from studio.units import GIB

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
BUCKETS = (0.1, 0.5, 1, 2, 5, 10, 30, 60, 120, 300, 600, 1800, 3600, 7200, 14400)
PAGE = 10_000
MOST_COURSES = 1000
"""Jobs of which the history is read at the start; that of other jobs is read at their next event."""

Lines = Iterator[Metric]


@dataclass
class _Course:
    """The times of a job that has not ended."""

    kind: str
    queued: float
    started: float | None = None


class Metrics:
    """The metrics of one studio. Thread-safe: one lock is held while metrics are read."""

    def __init__(self, studio: Services) -> None:
        self._studio = studio
        self._lock = threading.Lock()
        self._since = time.time()
        self._last_event = studio.jobs.last_event()
        self._courses = {
            job.id: _Course(job.kind, job.created, job.started) for job in studio.jobs.list(ACTIVE, limit=MOST_COURSES)
        }
        self._registry = CollectorRegistry()
        self._ended = Total("greenroom_jobs_ended", "Jobs that ended.", ["kind", "state"], registry=self._registry)
        self._queue = Histogram(
            "greenroom_job_queue_seconds",
            "From accepting a job to its start.",
            ["kind"],
            buckets=BUCKETS,
            registry=self._registry,
        )
        self._run = Histogram(
            "greenroom_job_run_seconds", "From a job's start to its end, waiting for memory included.", ["kind", "state"],
            buckets=BUCKETS, registry=self._registry,
        )  # fmt: skip
        self._checks = Total(
            "greenroom_takes_checked", "Takes that were listened to, by what was found.", ["verdict"], registry=self._registry
        )
        self._registry.register(_Present(studio))

    def text(self) -> bytes:
        """Return all metrics in Prometheus' text format."""
        with self._lock:
            self._follow()
            return generate_latest(self._registry)

    def _follow(self) -> None:
        """Count the events since the last call; the first call begins at the start of the server."""
        while events := self._studio.jobs.events(after=self._last_event, limit=PAGE):
            for event in events:
                self._take(event)
            self._last_event = events[-1].seq

    def _take(self, event: JobEvent) -> None:
        if event.kind == "check" and event.at >= self._since:
            self._checks.labels(_verdict(event)).inc()
        if event.kind != "state":
            return
        state = JobState(event.data["state"])
        course = self._course(event)
        if course is None:
            return
        if state is JobState.RUNNING and course.started is None:
            course.started = event.at
            if event.at >= self._since:
                self._queue.labels(course.kind).observe(max(0.0, event.at - course.queued))
        if state in ENDED:
            del self._courses[event.job_id]
            if event.at >= self._since:
                self._ended.labels(course.kind, state.value).inc()
                if course.started is not None:
                    self._run.labels(course.kind, state.value).observe(max(0.0, event.at - course.started))

    def _course(self, event: JobEvent) -> _Course | None:
        """Return the times of the event's job, or None if it has been removed."""
        known = self._courses.get(event.job_id)
        if known is None:
            try:
                job = self._studio.jobs.get(event.job_id)
            except NotFound:
                return None
            earlier = job.started if job.started is not None and job.started < self._since else None
            known = self._courses[event.job_id] = _Course(job.kind, job.created, earlier)
        return known


def _verdict(event: JobEvent) -> str:
    if event.data.get("redo"):
        return "redo"
    return "flagged" if event.data.get("problems") else "clean"


class _Present(Collector):
    """Collects the present values."""

    def __init__(self, studio: Services) -> None:
        self._studio = studio

    def describe(self) -> list[Metric]:
        """Return nothing: the default would collect all values when the studio opens."""
        return []

    def collect(self) -> Lines:
        yield from self._jobs()
        yield from self._memory()
        yield from self._engines()

    def _jobs(self) -> Lines:
        active = GaugeMetricFamily("greenroom_jobs", "Jobs that have not ended.", labels=["kind", "state"])
        counted = self._studio.jobs.active()
        for kind in self._studio.jobs.kinds():
            for state in sorted(ACTIVE):
                active.add_metric([kind, state.value], counted.get((kind, state), 0))
        yield active

    def _memory(self) -> Lines:
        report = self._studio.memory.report()
        sizes = GaugeMetricFamily("greenroom_memory_bytes", "The pool that engines load into, and its parts.", labels=["part"])
        for part in ("pool", "used", "available", "cached", "reserve", "swap_used", "swap_total"):
            sizes.add_metric([part], report[part] * GIB)
        yield sizes
        limits = GaugeMetricFamily("greenroom_memory_limit_ratio", "Limits, as parts of the pool.", labels=["limit"])
        for limit, ratio in report["limits"].items():
            limits.add_metric([limit], ratio)
        yield limits
        workers = GaugeMetricFamily("greenroom_worker_memory_bytes", "Memory held by each engine's workers.", labels=["engine"])
        held = Counter[str]()
        for row in report["workers"]:
            held[row["engine"]] += int(row["memory"] * GIB)
        for engine, size in sorted(held.items()):
            workers.add_metric([engine], size)
        yield workers
        events = CounterMetricFamily(
            "greenroom_machine_events",
            "Limits crossed, workers ended, loads refused, heat, idle engines unloaded.",
            labels=["kind"],
        )
        for kind, count in sorted(self._studio.memory.events.counts().items()):
            events.add_metric([kind], count)
        yield events

    def _engines(self) -> Lines:
        totals = sorted(self._studio.memory.ledger.totals().items())
        for name, what, key in (
            ("greenroom_engine_loads", "Engine loads.", "loads"),
            ("greenroom_engine_load_seconds", "Seconds spent loading engines.", "load_seconds"),
            ("greenroom_engine_runs", "Jobs that an engine worked for.", "runs"),
            ("greenroom_engine_deaths", "Workers that ended unasked.", "deaths"),
        ):
            family = CounterMetricFamily(name, what, labels=["engine"])
            for engine, total in totals:
                family.add_metric([engine], getattr(total, key))
            yield family
