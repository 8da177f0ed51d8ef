"""Good news of a page's handler reaches the page that asked, and nobody else."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import unquote

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from tabs.common.notices.notices import HEADER, Notices, Undo, notice


async def handler(request: Request) -> PlainTextResponse:
    who = request.query_params["who"]
    await run_in_threadpool(notice, f"{who} is deleted: 100 %.", Undo("voice", who))  # as Gradio runs its handlers
    return PlainTextResponse("done")


def client() -> TestClient:
    return TestClient(Notices(Starlette(routes=[Route("/gradio_api/run/predict", handler), Route("/other", handler)])))


def told(header: str) -> Any:
    return json.loads(unquote(header))


def test_it_goes_along_with_the_answer() -> None:
    page = client()
    first, second = (page.get("/gradio_api/run/predict", params={"who": who}) for who in ("Ada", "Žofie\r\nSet-Cookie: a=b"))
    assert told(first.headers[HEADER]) == [{"said": "Ada is deleted: 100 %.", "undo": {"act": "voice", "of": "Ada"}}]
    assert "set-cookie" not in second.headers and "Žofie" in told(second.headers[HEADER])[0]["said"]
    assert HEADER not in page.get("/other", params={"who": "Ada"}).headers


def test_outside_a_request_nothing_happens() -> None:
    notice("Nobody hears this.")
