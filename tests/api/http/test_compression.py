"""Texts are packed, the page is made once, and nothing that comes piece by piece or by ranges is touched."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from api.http.compression import PAGES_KEPT, Compression, PageCache
from tests.servers import RunningStudio

PACKS = {"accept-encoding": "gzip"}
HEAD = "<html><head><meta name=ours>"
BODY = "</head>" + "<p>The page of the studio.</p>" * 400


@pytest.fixture
def made() -> list[str]:
    return []


@pytest.fixture
def web(made: list[str], tmp_path: Path) -> Iterator[TestClient]:
    (tmp_path / "sound.wav").write_bytes(bytes(8000))

    def page(request: Request) -> Response:
        made.append(str(request.url))
        return HTMLResponse(
            f"<html><head>{BODY}{request.url.netloc}", 200 if "broken" not in request.headers.get("host", "") else 503
        )

    def events() -> Iterator[str]:
        yield from ("data: one\n\n", "data: two\n\n")

    application = Starlette(
        routes=[
            Route("/", page),
            Route("/events", lambda request: StreamingResponse(events(), media_type="text/event-stream")),
            Route("/sound", lambda request: FileResponse(tmp_path / "sound.wav")),
            Route("/download", lambda request: Response(bytes(8000), media_type="application/octet-stream")),
            Route("/text", lambda request: Response("word " * 2000, media_type="text/plain")),
        ]
    )
    application.add_middleware(PageCache, head="<meta name=ours>")
    application.add_middleware(Compression)
    with TestClient(application) as client:
        yield client


def test_a_page_is_made_once_and_known_by_its_mark(web: TestClient, made: list[str]) -> None:
    first, again = web.get("/", headers=PACKS), web.get("/", headers=PACKS)
    assert first.text == again.text == f"{HEAD}{BODY}testserver" and len(made) == 1
    assert again.headers["content-encoding"] == "gzip" and int(again.headers["content-length"]) < 1000
    assert web.get("/", headers={"accept-encoding": "identity"}).text == first.text and len(made) == 1
    known = web.get("/", headers={"if-none-match": again.headers["etag"]})
    assert (known.status_code, known.content) == (304, b"")


def test_other_names_have_their_own_page_and_what_is_asked_for_has_not(web: TestClient, made: list[str]) -> None:
    web.get("/")
    assert web.get("/", headers={"host": "other"}).text.endswith("other")
    web.get("/", headers={"x-forwarded-host": "third"})
    web.get("/?tab=system")
    web.get("/?__theme=dark")
    assert len(made) == 3
    for number in range(PAGES_KEPT + 1):
        web.get("/", headers={"host": f"name{number}"})
    before = len(made)
    web.get("/")
    assert len(made) == before + 1, "the oldest are let go of"


def test_what_is_no_page_is_not_kept(web: TestClient, made: list[str]) -> None:
    for _ in range(2):
        assert web.get("/", headers={"host": "broken"}).status_code == 503
    assert len(made) == 2
    assert web.head("/").status_code == 200 and len(made) == 3


def test_streams_ranges_and_downloads_pass_as_they_are(web: TestClient) -> None:
    assert web.get("/text", headers=PACKS).headers["content-encoding"] == "gzip"
    for path, length in (("/events", None), ("/sound", "8000"), ("/download", "8000")):
        answer = web.get(path, headers=PACKS)
        assert "content-encoding" not in answer.headers and answer.headers.get("content-length") == length, path
    part = web.get("/sound", headers=PACKS | {"range": "bytes=0-4999"})
    assert part.status_code == 206 and "content-encoding" not in part.headers and len(part.content) == 5000


def test_the_page_is_light_and_clients_get_the_whole_api(server: RunningStudio) -> None:
    with httpx.stream("GET", server.url, headers=PACKS) as answer:
        packed = b"".join(answer.iter_raw())
    page = gzip.decompress(packed)
    assert len(page) <= 340_000 and len(packed) <= 68_000, (len(page), len(packed))
    config: dict[str, Any] = httpx.get(f"{server.url}/config").json()
    kinds = {one["id"]: one["type"] for one in config["components"]}
    shown = config["page"][""]["components"]
    assert "api" in kinds.values() and shown and not [one for one in shown if kinds[one] == "api"]
    public = {one["id"] for one in config["dependencies"] if one["api_visibility"] == "public"}
    assert len(public) > 50 and not public & set(config["page"][""]["dependencies"])
    assert len(httpx.get(f"{server.url}/gradio_api/info").json()["named_endpoints"]) == len(public)
    assert b"named_endpoints" in page and b"respeak_segment" not in page
