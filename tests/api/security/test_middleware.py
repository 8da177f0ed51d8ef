"""The guards by themselves: what passes, what is refused and in which words."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI, Request, WebSocket
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from api.security.incoming import IncomingFiles
from api.security.middleware import install_guards

PORT = 7860
OWN = f"http://127.0.0.1:{PORT}"
FOREIGN = ["http://evil.example", "http://localhost:3000", "https://127.0.0.1:9999", "null", "file://"]


def guarded_app() -> FastAPI:
    app = FastAPI()
    nowhere = Path("/nonexistent")
    install_guards(
        app,
        port=PORT,
        allowed_hosts=["studio.local"],
        max_upload_mb=1,
        files=IncomingFiles(nowhere / "uploads", nowhere / "outputs"),
    )

    @app.api_route("/thing", methods=["GET", "POST", "PUT", "DELETE", "PATCH"])
    async def thing(request: Request) -> dict[str, int]:
        return {"bytes": len(await request.body())}

    @app.post("/swallows")
    async def swallows(request: Request) -> dict[str, str]:
        try:
            await request.body()
        except Exception:
            return {"error": "something else"}
        return {}

    @app.websocket("/talk")
    async def talk(socket: WebSocket) -> None:
        await socket.accept()
        await socket.send_text("hello")
        await socket.close()

    return app


@pytest.fixture(scope="module")
def web() -> Iterator[TestClient]:
    with TestClient(guarded_app(), base_url=OWN) as client:
        yield client


@pytest.mark.parametrize(
    "host", ["127.0.0.1:7860", "localhost:7860", "LOCALHOST", "[::1]:7860", "studio.local", "studio.local:80"]
)
def test_own_names_are_answered(web: TestClient, host: str) -> None:
    assert web.get("/thing", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example:7860", "", "[::2]", "192.168.0.7"]
)
def test_other_names_are_refused(web: TestClient, host: str) -> None:
    answer = web.get("/thing", headers={"Host": host})
    assert answer.status_code == 400 and "host name" in answer.json()["error"]


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
@pytest.mark.parametrize("origin", FOREIGN)
def test_writes_of_other_pages_are_refused(web: TestClient, method: str, origin: str) -> None:
    answer = web.request(method, "/thing", headers={"Origin": origin})
    assert answer.status_code == 403 and "another origin" in answer.json()["error"]


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_a_browser_that_says_where_it_comes_from_is_believed(web: TestClient, site: str) -> None:
    assert web.post("/thing", headers={"Sec-Fetch-Site": site}).status_code == 403


def test_own_page_and_programs_may_write(web: TestClient) -> None:
    assert web.post("/thing", headers={"Origin": OWN, "Sec-Fetch-Site": "same-origin"}).status_code == 200
    assert web.post("/thing").status_code == 200


def test_other_pages_may_not_read_either(web: TestClient) -> None:
    answer = web.get("/thing", headers={"Origin": "http://evil.example"})
    assert "access-control-allow-origin" not in answer.headers
    assert answer.headers["cross-origin-resource-policy"] == "same-origin"


@pytest.mark.parametrize("origin", FOREIGN)
def test_websockets_of_other_pages_are_closed(web: TestClient, origin: str) -> None:
    with pytest.raises(WebSocketDisconnect), web.websocket_connect("/talk", headers={"Origin": origin, "Host": "127.0.0.1:7860"}):
        pass


def test_own_websocket_opens(web: TestClient) -> None:
    with web.websocket_connect("/talk", headers={"Origin": OWN, "Host": "127.0.0.1:7860"}) as socket:
        assert socket.receive_text() == "hello"


def test_a_body_at_the_limit_passes(web: TestClient) -> None:
    assert web.post("/thing", content=b"x" * 1024 * 1024).json() == {"bytes": 1024 * 1024}


@pytest.mark.parametrize("path", ["/thing", "/swallows"])
@pytest.mark.parametrize("declared", [True, False], ids=["declared", "streamed"])
def test_a_body_over_the_limit_is_refused(web: TestClient, path: str, declared: bool) -> None:
    size = 1024 * 1024 + 1
    content = b"x" * size if declared else (b"x" * 4096 for _ in range(size // 4096 + 1))
    answer = web.post(path, content=content)
    assert answer.status_code == 413
    assert "1 MB" in answer.json()["error"]


def test_every_answer_carries_the_security_headers(web: TestClient) -> None:
    for answer in (web.get("/thing"), web.get("/missing"), web.get("/thing", headers={"Host": "evil.example"})):
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["content-security-policy"] == "frame-ancestors 'self'"
        assert answer.headers["referrer-policy"] == "same-origin"
