"""Every route, asked with long and odd paths, long texts, and large, deep or broken bodies: an answer in words, one line each.

The routes are those that the running application declares, so that a new one is asked as well.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from api.gradio.wanted_routes import SHUT, WANTED
from api.operations.registry import OPERATIONS
from api.problems import PROBLEM
from media.messages.catalogue import is_code
from tests.attacks.test_every_route import application as application
from tests.attacks.test_every_route import declared
from tests.conftest import TOKEN
from tests.servers import RunningStudio, running_studio

SHOWN = {"Authorization": f"Bearer {TOKEN}"}
STREAMS = {"/gradio_api/heartbeat/{session_hash}"}
"""Answered for as long as one listens."""

LONG = "token" * 400
ODD_PARTS = {
    "long": LONG,
    "zero byte": "%00",
    "newline": "a%0Ab",
    "half": "%ff%fe",
    "up": "..%2f..%2fdoor.json",
    "spaces": "%20" * 80,
}
BODIES = {
    "deep lists": b'{"data": ' + b"[" * 90_000 + b"]" * 90_000 + b"}",
    "deeper than readers go": b'{"data": ' + b"[" * 400 + b"]" * 400 + b"}",
    "deep objects": b'{"a":' * 50_000 + b"1" + b"}" * 50_000,
    "no number": b'{"session_hash": "x", "fn_index": Infinity, "event_id": "x", "data": [NaN]}',
    "too large a number": b'{"session_hash": "x", "fn_index": 1e999, "event_id": "x", "data": []}',
    "half a character": b'{"session_hash": "\\ud800", "fn_index": 0, "event_id": "x", "data": ["\\udfff"]}',
    "no JSON": b"\xff\xfe{{{",
    "digits": b'{"fn_index": ' + b"9" * 5000 + b', "data": []}',
}


@pytest.fixture(scope="module")
def web(guarded: RunningStudio) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=guarded.url, headers=SHOWN, timeout=60) as client:
        yield client


def inside(application: FastAPI) -> set[tuple[str, str]]:
    """Method and template of every route."""
    return {(method, path) for method, path in declared(application.routes) if method in ("GET", "POST")}


def tracebacks(studio: RunningStudio) -> int:
    return studio.log.count("Traceback") + studio.output.count("Traceback")


def in_words(answer: httpx.Response) -> bool:
    """Whether a refusal says what is wrong."""
    kind = answer.headers.get("content-type", "")
    if answer.status_code == 401 or not kind.startswith(("application/json", PROBLEM)):
        return False
    told = answer.json()
    if kind.startswith(PROBLEM):
        return bool(told["detail"] and told["code"]) and told["status"] == answer.status_code
    return bool(told.get("error") or told.get("detail"))


def test_every_route_of_gradio_is_on_a_list(application: FastAPI) -> None:
    gradio: Any = application.routes[-1]
    found = {path for _, path in declared(gradio.routes or ())}
    assert len(found) > 60, "the routes are no longer found"
    assert not found - WANTED.keys() - SHUT, "Gradio has routes that nobody has judged: add each to WANTED or SHUT"
    assert not (WANTED.keys() | SHUT) - found, "routes that Gradio no longer has"
    assert not WANTED.keys() & SHUT


def test_what_is_shut_is_a_404_in_words(web: httpx.Client) -> None:
    for template in sorted(SHUT):
        for method in ("GET", "POST"):
            answer = web.request(method, re.sub(r"{[^}]*}", "x", template), json={} if method == "POST" else None)
            assert answer.status_code in (403, 404) and in_words(answer), (method, template, answer.text[:100])


def test_paths(guarded: RunningStudio, web: httpx.Client, application: FastAPI) -> None:
    before, asked = tracebacks(guarded), 0
    for method, template in sorted(inside(application)):
        if "{" not in template and not template.endswith("/anything"):
            continue
        for what, part in ODD_PARTS.items():
            path = re.sub(r"{[^}]*}|anything$", part, template)
            if template in STREAMS and what not in ("long", "zero byte", "newline"):
                continue
            answer = web.request(method, path, json={"data": []} if method == "POST" else None)
            assert answer.status_code < 500, (method, template, what, answer.status_code, answer.text[:200])
            assert answer.status_code < 400 or in_words(answer), (method, template, what, answer.text[:200])
            asked += 1
    assert asked > 150
    assert tracebacks(guarded) == before, "a wrong path is a line, not a traceback"


def test_bodies(guarded: RunningStudio, web: httpx.Client, application: FastAPI) -> None:
    before = tracebacks(guarded)
    posts = sorted(template for method, template in inside(application) if method == "POST")
    assert len(posts) > 15
    headers = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream"}
    for template in posts:
        for what, body in BODIES.items():
            answer = web.post(re.sub(r"{[^}]*}", "voiceover", template), content=body, headers=headers)
            assert 400 <= answer.status_code < 500, (template, what, answer.status_code, answer.text[:200])
            assert in_words(answer) or template == "/gradio_api/upload", (template, what, answer.text[:200])
    assert tracebacks(guarded) == before


def test_long_texts_in_every_value(guarded: RunningStudio, web: httpx.Client) -> None:
    """A text where each endpoint expects something else: said in words, and quickly enough that the server still lives."""
    text = "token" * 20_000
    for name, told in web.get("/gradio_api/info").json()["named_endpoints"].items():
        if not told["parameters"] or name in ("/voiceover", "/estimate"):
            continue
        answer = web.post(f"/gradio_api/run{name}", json={"data": [text] * len(told["parameters"])})
        if answer.status_code >= 400:
            refused = answer.json()
            assert is_code(refused.get("code") or refused["title"]) and len(answer.text) < 5000, (name, answer.text[:300])
    for name, operation in OPERATIONS.items():
        if not operation.input.model_fields or name in ("voiceover", "estimate"):
            continue
        by_name = dict.fromkeys(operation.input.model_fields, text)
        ways: list[dict[str, Any]] = [{"json": by_name}, {"data": by_name, "files": {"more": b"x"}}]
        for answer in [web.post(f"/api/v1/{name}", **way) for way in ways]:
            assert answer.status_code < 500 and len(answer.text) < 8000, (name, answer.text[:300])
            assert answer.status_code < 400 or in_words(answer), (name, answer.text[:300])
        if operation.by_get:
            answer = web.get(f"/api/v1/{name}", params=dict.fromkeys(operation.input.model_fields, text[:2000]))
            assert answer.status_code < 400 or in_words(answer), (name, answer.text[:300])
    assert web.get("/healthz").json()["ok"] is True


def test_what_is_not_there(guarded: RunningStudio, web: httpx.Client) -> None:
    before = tracebacks(guarded)
    for way in ("run", "api", "call", "call/v2"):
        answer = web.post(f"/gradio_api/{way}/no_such_call", json={"data": []})
        assert answer.status_code == 404 and answer.json()["code"] == "call.unknown", way
    for index in (-1, 99_999, 10**30):
        for way in ("run/predict", "queue/join"):
            answer = web.post(f"/gradio_api/{way}", json={"fn_index": index, "data": [], "session_hash": "x"})
            assert answer.status_code == 404 and answer.json()["code"] == "call.handler-unknown", (way, index)
    wrong: tuple[Any, ...] = (None, "x", 1.5, [1], {})
    for given in wrong:
        answer = web.post("/gradio_api/queue/join", json={"fn_index": given, "data": [], "session_hash": "x"})
        assert answer.status_code == 422 and answer.json()["code"] == "call.fn-index-wrong", given
    assert web.get("/gradio_api/call/voiceover/no-such-event").status_code == 404
    stream = web.get("/gradio_api/queue/data", params={"session_hash": "nobody"})
    assert stream.status_code == 200 and json.loads(stream.text.removeprefix("data: "))["session_not_found"] is True
    assert tracebacks(guarded) == before


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_other_pages_fetch_nothing(guarded: RunningStudio, web: httpx.Client, application: FastAPI, site: str) -> None:
    """As a browser sends it for a picture, a script, a frame or a fetch on another page."""
    for method, template in sorted(inside(application)):
        for mode, kind in (("no-cors", "image"), ("no-cors", "script"), ("navigate", "iframe"), ("cors", "empty")):
            if method == "GET" and template != "/healthz":
                sent = {"Sec-Fetch-Site": site, "Sec-Fetch-Mode": mode, "Sec-Fetch-Dest": kind}
                answer = web.get(re.sub(r"{[^}]*}", "x", template), headers=sent)
                assert answer.status_code == 403 and "another origin" in answer.text, (template, kind)
    opened = {"Sec-Fetch-Site": site, "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
    assert web.get("/", headers=opened).status_code == 200
    assert web.get("/gradio_api/info", headers=opened).status_code == 403


def statuses_of_wrong_tokens(studio: RunningStudio) -> list[int]:
    with httpx.Client(base_url=studio.url, headers={"Authorization": "Bearer a-wrong-token-of-some-length"}) as client:
        return [client.get("/config", headers={"X-Forwarded-For": f"192.0.2.{number}"}).status_code for number in range(12)]


def test_a_forwarded_address_counts_only_from_a_proxy_that_is_named(tmp_path: Path) -> None:
    """Wrong tokens under ever other names are still those of one sender, unless the sender is the proxy."""
    with running_studio(tmp_path / "open", GREENROOM_SERVER__TOKEN=TOKEN) as studio:
        assert statuses_of_wrong_tokens(studio)[-2:] == [429, 429]
    proxies = {"GREENROOM_SERVER__TOKEN": TOKEN, "GREENROOM_SERVER__TRUSTED_PROXIES": '["127.0.0.1"]'}
    with running_studio(tmp_path / "behind", port=None, arguments=(), **proxies) as studio:
        assert statuses_of_wrong_tokens(studio) == [401] * 12
        assert "from 192.0.2.11" in studio.log
