"""What Gradio keeps of pages and callers: little for each, and nothing of most once they have left."""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import gradio as gr
import httpx
import pytest
from gradio.blocks import BlocksConfig
from gradio_client import Client

from api.gradio.bounded import Bounded, BoundedDefault
from api.gradio.sessions import SESSIONS, session_of
from tests.inside import StudioInside, studio_inside
from tests.servers import wait_until

CALL = "/gradio_api/call/jobs"


@pytest.fixture(scope="module")
def inside(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StudioInside]:
    with studio_inside(tmp_path_factory.mktemp("inside") / "data") as studio:
        yield studio


@pytest.fixture(scope="module")
def web(inside: StudioInside) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=inside.url, timeout=60) as client:
        yield client


def asked(web: httpx.Client) -> str:
    return str(web.post(CALL, json={"data": []}).json()["event_id"])


def fetched(web: httpx.Client, event: str) -> None:
    assert "event: complete" in web.get(f"{CALL}/{event}").text


def configurations() -> int:
    """Copies of the page's configuration: one is the page's own, each session has one."""
    gc.collect()
    return sum(type(one) is BlocksConfig for one in gc.get_objects())


@contextmanager
def listening(url: str, session: str) -> Iterator[None]:
    """As an open page does."""
    with httpx.Client(base_url=url, timeout=60) as client, client.stream("GET", f"/gradio_api/heartbeat/{session}") as stream:
        said = stream.iter_text()  # kept: the connection is closed with it
        assert next(said).startswith("data: ALIVE")
        yield


def visit(web: httpx.Client, session: str) -> None:
    """A call of a session of one's own, with no stream open."""
    assert web.post("/gradio_api/run/jobs", json={"data": [], "session_hash": session}).status_code == 200


def left(sessions: Any) -> int:
    """Sessions that nobody listens to. A gradio_client that is closed does so for some seconds more."""
    return sum(not sessions.held(one) for one in sessions.session_data)


def test_sixty_calls_leave_nothing(inside: StudioInside, web: httpx.Client) -> None:
    fetched(web, asked(web))
    queue, before = inside.page._queue, configurations()
    for _ in range(60):
        fetched(web, asked(web))
    wait_until(lambda: not queue.event_ids_to_events)
    assert len(inside.page.state_holder.session_data) == 0 and configurations() == before
    wait_until(lambda: not queue.pending_event_ids_session and not queue.pending_messages_per_session)
    assert len(queue.event_analytics) <= 1


def test_answers_that_nobody_fetches_are_counted(
    inside: StudioInside, web: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    queue: Any = inside.page._queue
    monkeypatch.setattr(queue.pending_messages_per_session, "_limit", 20)
    monkeypatch.setattr(queue.pending_event_ids_session, "_limit", 40)
    asked_for = [asked(web) for _ in range(60)]
    wait_until(lambda: not queue.event_ids_to_events)
    fetched(web, asked(web))  # what is too much goes when something comes
    assert len(queue.pending_messages_per_session) <= 20 and len(queue.pending_event_ids_session) <= 40
    assert asked_for[0] not in queue.pending_messages_per_session
    fetched(web, asked_for[-1])  # a late caller still finds the answer


def test_clients_leave_little(inside: StudioInside) -> None:
    before = configurations()
    for _ in range(4):
        client = Client(inside.url, verbose=False)
        client.predict(api_name="/jobs")
        client.close()
    assert configurations() <= before + 4
    sessions = inside.page.state_holder.session_data
    assert all(not one.config_values for one in sessions.values())


def test_sessions_of_those_who_left_are_counted_and_an_open_page_keeps_its_own(inside: StudioInside, web: httpx.Client) -> None:
    sessions: Any = inside.page.state_holder
    with listening(inside.url, "page"):
        visit(web, "page")
        mine = sessions.session_data["page"]
        kept = next(key for key, block in inside.page.blocks.items() if isinstance(block, gr.State))
        mine[kept] = "what a handler keeps"
        for number in range(2 * SESSIONS):
            visit(web, f"other-{number}")
        assert sessions["page"] is mine and mine[kept] == "what a handler keeps"
        assert left(sessions) == SESSIONS
    wait_until(lambda: not sessions.held("page"))
    assert left(sessions) == SESSIONS and "page" in sessions
    for number in range(SESSIONS):
        visit(web, f"later-{number}")
    assert "page" not in sessions


def test_two_streams_of_one_session_hold_it_until_both_have_closed(inside: StudioInside) -> None:
    sessions: Any = inside.page.state_holder
    with listening(inside.url, "two"):
        with listening(inside.url, "two"):
            pass
        threading.Event().wait(0.5)
        assert sessions.held("two")
    wait_until(lambda: not sessions.held("two"))


def test_a_mapping_lets_go_of_the_oldest_that_is_idle() -> None:
    gone: list[str] = []
    kept: Bounded[int] = Bounded(3, lambda key: key == "a", gone.append)
    for number, key in enumerate("abcdefa"):
        kept[key] = number
    assert set(kept) == {"a", "d", "e", "f"} and gone == ["b", "c"] and kept["a"] == 6


def test_what_is_missing_is_made_and_bounded() -> None:
    made: BoundedDefault[list[int]] = BoundedDefault(2, list)
    for key in "abcd":
        made[key].append(1)
    assert dict(made) == {"c": [1], "d": [1]}


@pytest.mark.parametrize(
    ("path", "query", "session"),
    [
        ("/gradio_api/heartbeat/abc", "", "abc"), ("/gradio_api/queue/data", "session_hash=abc", "abc"),
        ("/gradio_api/queue/data", "", ""), ("/gradio_api/call/jobs/abc", "", "abc"), ("/gradio_api/call/v2/jobs/abc", "", "abc"),
        ("/gradio_api/heartbeat/", "", ""), ("/media/outputs/abc", "", ""),
    ],
)  # fmt: skip
def test_streams_and_their_sessions(path: str, query: str, session: str) -> None:
    assert session_of({"type": "http", "method": "GET", "path": path, "query_string": query.encode()}) == session
