"""Without the token no route answers: every one that the application declares is asked, so a new one cannot be forgotten."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from api.security.auth import OPEN_PATH
from api.security.exposure import plan_exposure
from app import build, quieten
from capabilities.registry import all_capabilities
from studio.services import Services
from studio.settings import load_settings

PORT = 7860
HOST = {"Host": f"127.0.0.1:{PORT}"}


@pytest.fixture(scope="module")
def application(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FastAPI]:
    data = tmp_path_factory.mktemp("routes") / "data"
    settings = load_settings(server={"token": "a-token-for-the-tests-only"}, data={"folder": data})
    quieten(data)
    studio = Services.open(settings, all_capabilities)
    try:
        yield build(studio, plan_exposure(settings))[0]
    finally:
        studio.close()


def declared(routes: Any, before: str = "") -> Iterator[tuple[str, str]]:
    """(method or "WebSocket", path) of every route, those of mounted and included applications too."""
    for route in routes:
        path = before + getattr(route, "path", "")
        if isinstance(route, WebSocketRoute):
            yield "WebSocket", path
        elif isinstance(route, Route):
            yield from ((method, path) for method in route.methods or ("GET", "POST", "PUT", "DELETE"))
        elif isinstance(route, Mount):
            yield from ((method, f"{path}/anything") for method in ("GET", "POST"))
            yield from declared(route.routes or (), path)
        else:
            inner = getattr(route, "routes", None) or getattr(getattr(route, "original_router", None), "routes", ())
            yield from declared(inner, path)


def test_no_route_but_the_sign_of_life_answers_without_the_token(application: FastAPI) -> None:
    asked = sorted({(method, re.sub(r"{[^}]*}", "x", path) or "/") for method, path in declared(application.routes)})
    paths = {path for _, path in asked}
    assert {"/v1/models", "/gradio_api/mcp/", "/gradio_api/queue/join", "/gradio_api/file=x", "/media/outputs/x", "/"} <= paths
    assert len(asked) > 80, "the routes are no longer found"
    web = TestClient(application, base_url=f"http://127.0.0.1:{PORT}", follow_redirects=False)
    answered = []
    for method, path in asked:
        if method == "WebSocket":
            with pytest.raises(WebSocketDisconnect), web.websocket_connect(path, headers=HOST):
                answered.append(path)
        elif web.request(method, path).status_code != 401:
            answered.append(path)
    assert answered == [OPEN_PATH, OPEN_PATH][: len(answered)] and answered


def test_a_foreign_name_gets_not_even_that(application: FastAPI) -> None:
    web = TestClient(application, base_url="http://evil.example")
    for path in (OPEN_PATH, "/", "/gradio_api/mcp/", "/v1/models"):
        assert web.get(path).status_code == 400


def test_the_page_holds_no_token_and_no_path_of_this_machine(application: FastAPI, tmp_path: Path) -> None:
    web = TestClient(application, base_url=f"http://127.0.0.1:{PORT}")
    text = web.get("/config", headers={"Authorization": "Bearer a-token-for-the-tests-only"}).text
    assert len(text) > 10_000 and "a-token-for-the-tests-only" not in text
