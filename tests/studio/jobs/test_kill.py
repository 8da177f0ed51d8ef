"""kill -9 of the whole server: what was accepted is finished, what was rendered is not rendered again."""

from __future__ import annotations

import random
import signal
import time
from collections import Counter
from pathlib import Path

import pytest

from tests.servers import wait_until
from tests.studio.jobs.server import READY, Server, run_to_the_end

KILLS = 8

pytestmark = pytest.mark.slow


def renders(data: Path) -> list[str]:
    log = data / "made" / "renders.log"
    return log.read_text().split() if log.exists() else []


def test_killed_at_random_moments_a_job_ends_with_the_same_bytes_and_renders_nothing_twice(tmp_path: Path) -> None:
    specs = [{"name": "first", "pieces": 60, "seconds_each": 0.05}, {"name": "second", "pieces": 20, "seconds_each": 0.02}]
    calm, stormy = tmp_path / "calm", tmp_path / "stormy"
    assert [job["state"] for job in run_to_the_end(calm, specs)] == ["done", "done"]
    assert max(Counter(renders(calm)).values()) == 1

    chance, in_flight = random.Random(20261121), Counter[str]()
    for _ in range(KILLS):
        server = Server(stormy, specs)
        assert server.hear() == READY
        time.sleep(chance.uniform(0.02, 0.7))
        server.kill()
        in_flight.update(renders(stormy)[-1:])
    ended = run_to_the_end(stormy, specs)

    assert [(job["title"], job["state"]) for job in ended] == [("first", "done"), ("second", "done")]
    assert ended[0]["ended"] <= ended[1]["started"], "the order of the queue was kept"
    for name in ("first", "second"):
        assert (stormy / "made" / f"{name}.pcm").read_bytes() == (calm / "made" / f"{name}.pcm").read_bytes()
    assert set(renders(stormy)) == set(renders(calm))
    again = Counter(renders(stormy)) - Counter(renders(calm))
    assert not again - in_flight, "only the piece in flight is rendered again"
    assert not list((stormy / "scratch").iterdir())


def test_a_job_that_crashes_the_server_is_failed_in_words_and_the_next_one_runs(tmp_path: Path) -> None:
    specs = [{"name": "deadly"}, {"name": "harmless"}]
    deaths, ended = 0, None
    while ended is None:
        assert deaths < 10, "it goes on for ever"
        server = Server(tmp_path / "data", specs)
        if server.hear() == READY:  # else it died of the resumed job before it could say so
            ended = server.hear()
        server.process.join()
        deaths += server.process.exitcode == -signal.SIGABRT
    deadly, harmless = ended
    assert deadly["state"] == "failed" and "again and again" in deadly["error"]["reason"] and deaths == 4
    assert harmless["state"] == "done"
    assert "before_piece" in (tmp_path / "data" / "logs" / "greenroom.log").read_text(), "the log shows where it crashed"


def test_killed_many_times_before_it_gets_anywhere_a_job_is_still_finished(tmp_path: Path) -> None:
    specs = [{"name": "slow", "pieces": 1, "seconds_each": 0.5}]
    for _ in range(6):
        server = Server(tmp_path / "data", specs)
        assert server.hear() == READY
        time.sleep(0.1)
        server.kill()
    assert [job["state"] for job in run_to_the_end(tmp_path / "data")] == ["done"]


@pytest.mark.realtime
def test_a_server_that_is_told_to_end_does_so_and_its_job_goes_on_later(tmp_path: Path) -> None:
    data = tmp_path / "data"
    server = Server(data, [{"name": "long", "pieces": 30, "seconds_each": 0.05}])
    assert server.hear() == READY
    wait_until(lambda: renders(data), step=0.01)
    asked = time.monotonic()
    assert server.end() == 0
    assert time.monotonic() - asked < 6
    before = renders(data)
    assert 0 < len(before) < 30
    assert [job["state"] for job in run_to_the_end(data)] == ["done"]
    assert renders(data)[: len(before)] == before
    assert len(renders(data)) <= 31, "at most the piece in flight was made again"


def test_a_second_server_on_the_same_folder_is_refused_in_words(tmp_path: Path) -> None:
    first = Server(tmp_path / "data", [{"name": "long", "pieces": 100, "seconds_each": 0.1}])
    try:
        assert first.hear() == READY
        refusal = Server(tmp_path / "data").hear()
        assert f"Another Greenroom (process {first.process.pid}) is already working on this data folder." in refusal
        assert first.process.is_alive()
    finally:
        first.kill()
