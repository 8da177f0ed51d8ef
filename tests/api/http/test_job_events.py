"""Events of a job over HTTP: each as it happens, again from where one left, and none when there is nothing more to come."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from api.http.v1 import events
from tests.servers import RunningStudio, long_script

KEYS = {"id", "kind", "state", "progress", "note", "created", "started", "ended", "error", "outputs"}


@pytest.fixture(scope="module")
def web(server: RunningStudio) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=f"{server.url}/api/v1", timeout=60) as client:
        yield client


def submit(web: httpx.Client, script: str) -> str:
    return str(web.post("/submit", json={"kind": "voiceover", "spec": {"script": script}}).raise_for_status().json()["id"])


def told(lines: Iterator[str]) -> Iterator[tuple[int, dict[str, Any]]]:
    number = -1
    for line in lines:
        if line.startswith("id: "):
            number = int(line.removeprefix("id: "))
        elif line.startswith("data: "):
            yield number, json.loads(line.removeprefix("data: "))


def test_a_job_is_followed_to_its_end_and_the_stream_ends_with_it(web: httpx.Client) -> None:
    job = submit(web, "It is followed, sentence by sentence. To the end. And no further.")
    with web.stream("GET", f"/jobs/{job}/events", headers={"accept-encoding": "gzip"}) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream") and "content-encoding" not in answer.headers
        found = list(told(answer.iter_lines()))
    numbers = [number for number, _ in found]
    assert numbers == sorted(set(numbers)) and set(found[0][1]) == KEYS
    assert found[-1][1]["state"] == "done" and found[-1][1]["outputs"][0]["url"].startswith(str(web.base_url)[:16])
    last = web.get(f"/jobs/{job}/events", headers={"Last-Event-ID": str(numbers[-1])})
    assert (last.status_code, last.content) == (204, b""), "a browser does not come back"
    again = list(told(iter(web.get(f"/jobs/{job}/events", params={"last_event_id": numbers[0]}).text.splitlines())))
    assert [one["state"] for _, one in again] == ["done"], "what was missed is in the newest"


def test_events_come_while_the_work_goes_on(web: httpx.Client) -> None:
    job = submit(web, long_script())
    try:
        with web.stream("GET", f"/jobs/{job}/events") as answer:
            following = told(answer.iter_lines())
            states = {next(following)[1]["state"] for _ in range(3)}
            assert "running" in states or states <= {"queued", "loading", "waiting", "running"}
            web.post("/cancel", json={"job_id": job})
            assert [one["state"] for _, one in following][-1] == "cancelled"
    finally:
        web.post("/cancel", json={"job_id": job})


def test_an_unknown_job_is_a_problem(web: httpx.Client) -> None:
    answer = web.get("/jobs/nonsense/events")
    assert (answer.status_code, answer.json()["code"]) == (404, "job.unknown")
    for wrong in ("-1", "x", "9" * 40, "²"):
        assert web.get("/jobs/nonsense/events", params={"last_event_id": wrong}).status_code == 404


def test_a_call_that_waits_tells_its_job_and_then_its_result(web: httpx.Client) -> None:
    accepts = {"accept": events.EVENTS}
    text = web.post("/voiceover", json={"script": "Told as it goes."}, headers=accepts).text
    names = [line.removeprefix("event: ") for line in text.splitlines() if line.startswith("event: ")]
    assert names[-1] == "result" and set(names[:-1]) == {"job"}
    refused = web.post("/voiceover", json={"script": ""}, headers=accepts).text
    assert "event: error" in refused and '"status": 422' in refused
