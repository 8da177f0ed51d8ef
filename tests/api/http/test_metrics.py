"""What a Prometheus server reads: real scrapes of a studio at work, through the real parser."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from api.http.metrics import MOST_COURSES, Metrics
from studio.errors import MemoryRefused
from tests.repository.sources import ROOT
from tests.servers import RunningStudio


def scrape(server: RunningStudio) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    answer = httpx.get(f"{server.url}/metrics", trust_env=False)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def value(found: dict[Any, float], name: str, **labels: str) -> float:
    return found.get((name, frozenset(labels.items())), 0.0)


def test_a_narration_is_counted_once(server: RunningStudio, client: Any) -> None:
    before = scrape(server)
    client.predict("A short line. And another.", api_name="/voiceover")
    after, again = scrape(server), scrape(server)
    done = {"kind": "voiceover", "state": "done"}
    assert value(after, "greenroom_jobs_ended_total", **done) == value(before, "greenroom_jobs_ended_total", **done) + 1
    assert value(again, "greenroom_jobs_ended_total", **done) == value(after, "greenroom_jobs_ended_total", **done)
    assert value(after, "greenroom_job_run_seconds_count", **done) == value(before, "greenroom_job_run_seconds_count", **done) + 1
    waited = "greenroom_job_queue_seconds_count"
    assert value(after, waited, kind="voiceover") == value(before, waited, kind="voiceover") + 1
    runs = [number for (name, _), number in after.items() if name == "greenroom_engine_runs_total"]
    assert sum(runs) >= 1
    assert value(after, "greenroom_jobs", kind="voiceover", state="running") == 0


def test_the_pool_is_told_in_bytes(server: RunningStudio) -> None:
    found = scrape(server)
    pool = value(found, "greenroom_memory_bytes", part="pool")
    told = httpx.get(f"{server.url}/memory", trust_env=False).json()
    assert pool == pytest.approx(told["pool"] * 1024**3, rel=0.01)
    assert 0 < value(found, "greenroom_memory_bytes", part="available") < pool
    assert value(found, "greenroom_memory_limit_ratio", limit="hard") == pytest.approx(told["limits"]["hard"])


class _Studio:
    """As much of a studio as metrics look at, with a history of its own."""

    def __init__(self, studio: Any, events: list[Any]) -> None:
        self.memory, self.jobs = studio.memory, _History(studio.jobs, events)


class _History:
    def __init__(self, jobs: Any, events: list[Any]) -> None:
        self._jobs, self._events = jobs, events

    def events(self, after: int, limit: int) -> Iterator[Any] | list[Any]:
        return [event for event in self._events if event.seq > after][:limit]

    def __getattr__(self, name: str) -> Any:
        return getattr(self._jobs, name)


def test_checks_and_refusals_are_counted(tmp_path: Path) -> None:
    from capabilities.registry import all_capabilities
    from studio.jobs.model import JobEvent
    from studio.services import Services
    from studio.settings import load_settings

    studio = Services.open(load_settings(data={"folder": tmp_path / "data"}), all_capabilities)
    try:
        events: list[JobEvent] = []
        metrics = Metrics(_Studio(studio, events))  # type: ignore[arg-type]
        events += [
            JobEvent(1, "a", metrics._since - 60, "check", {"redo": True, "problems": ["old"]}),
            JobEvent(2, "a", metrics._since + 1, "check", {"redo": True, "problems": ["a word is missing"]}),
            JobEvent(3, "a", metrics._since + 1, "check", {"redo": False, "problems": ["rough"]}),
            JobEvent(4, "a", metrics._since + 1, "check", {"redo": False, "problems": []}),
            JobEvent(5, "gone", metrics._since + 1, "state", {"state": "done"}),
        ]
        with pytest.raises(MemoryRefused):
            too_much = studio.catalog.get("hibari").card.__class__(
                **{**vars(studio.catalog.get("hibari").card), "memory_gib": 10_000.0}
            )
            studio.memory.admission(too_much, "", list, lambda engine: None, lambda reason: None)
        text = metrics.text().decode()
        for line in ('takes_checked_total{verdict="redo"} 1.0', 'takes_checked_total{verdict="flagged"} 1.0',
                     'takes_checked_total{verdict="clean"} 1.0', 'machine_events_total{kind="refused"} 1.0'):  # fmt: skip
            assert f"greenroom_{line}" in text, text
        assert 'jobs_ended_total{kind="' not in text
    finally:
        studio.close()


def test_an_old_history_is_not_read_again(tmp_path: Path) -> None:
    """Jobs of earlier servers are not looked up at the first scrape, however many; one that goes on is followed."""
    from capabilities.registry import all_capabilities
    from studio.services import Services
    from studio.settings import load_settings

    studio = Services.open(load_settings(data={"folder": tmp_path / "data"}), all_capabilities)
    try:
        store = studio.jobs._store
        for number in range(MOST_COURSES + 5):
            store.add("doctor", f"waits {number}", "nowhere", {})
        assert f'greenroom_jobs{{kind="doctor",state="queued"}} {MOST_COURSES + 5}.0' in Metrics(studio).text().decode()
        for number in range(200):
            store.request_cancel(store.add("doctor", f"old {number}", "nowhere", {}).id)
        waiting = store.add("doctor", "goes on", "nowhere", {})
        metrics = Metrics(studio)
        read: list[int] = []
        real = studio.jobs.events
        studio.jobs.events = lambda *, after, limit: read.extend(found := real(after=after, limit=limit)) or found  # type: ignore
        text = metrics.text().decode()
        assert not read and "jobs_ended_total{" not in text
        store.request_cancel(waiting.id)
        assert 'jobs_ended_total{kind="doctor",state="cancelled"} 1.0' in metrics.text().decode()
    finally:
        studio.close()


def test_the_dashboard_asks_for_metrics_that_exist(server: RunningStudio, client: Any) -> None:
    client.predict("A line.", api_name="/voiceover")
    text = httpx.get(f"{server.url}/metrics", trust_env=False).text
    known = {line.split()[2] for line in text.splitlines() if line.startswith("# TYPE")}
    board = json.loads((ROOT / "docs/how-to/grafana-dashboard.json").read_text("utf-8"))
    asked = {
        name for panel in board["panels"] for target in panel["targets"] for name in re.findall(r"greenroom_\w+", target["expr"])
    }
    assert len(asked) > 8
    assert {re.sub("_(bucket|sum|count)$", "", name) for name in asked} <= known
    documented = set(re.findall(r"`(greenroom_\w+)`", (ROOT / "docs/how-to/metrics.md").read_text("utf-8")))
    assert {name for name in known if not name.endswith("_created")} == documented
