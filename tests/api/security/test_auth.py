"""The door by itself: who gets in, how, and what those who do not are told."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI, WebSocket
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from api.security.incoming import IncomingFiles
from api.security.middleware import install_guards
from api.security.rate_limit import MOST, WINDOW_SECONDS, FailedAuthLimiter
from studio.access import AuthKeys, load_or_create_keys

PORT = 7860
OWN = f"http://127.0.0.1:{PORT}"
KEYS = AuthKeys("the-right-token-of-24-characters", "5" * 64)
RIGHT = {"Authorization": f"Bearer {KEYS.token}"}
PAGE = {"Accept": "text/html,application/xhtml+xml"}


def app_behind(keys: AuthKeys, root_path: str = "") -> FastAPI:
    app = FastAPI()
    files = IncomingFiles(Path("/nonexistent/uploads"), Path("/nonexistent/outputs"))
    install_guards(app, port=PORT, allowed_hosts=["192.168.1.7"], max_upload_mb=1, files=files, keys=keys, root_path=root_path)

    @app.get("/healthz")
    def healthz() -> dict[str, bool]:
        return {"ok": True}

    @app.api_route("/{path:path}", methods=["GET", "POST"])
    def anything(path: str) -> dict[str, str]:
        return {"inside": path}

    @app.websocket("/talk")
    async def talk(socket: WebSocket) -> None:
        await socket.accept()
        await socket.send_text("hello")
        await socket.close()

    return app


@pytest.fixture
def web() -> Iterator[TestClient]:
    with TestClient(app_behind(KEYS), base_url=OWN, follow_redirects=False) as client:
        yield client


def test_without_a_token_nothing_answers_but_the_sign_of_life(web: TestClient) -> None:
    assert web.get("/healthz").json() == {"ok": True}
    for path in ("/", "/config", "/gradio_api/mcp/", "/healthz/", "/healthz/x", "//healthz", "/x/../config"):
        answer = web.get(path)
        assert answer.status_code == 401 and "inside" not in answer.text, path
        assert answer.headers["www-authenticate"].startswith("Bearer")
        assert answer.headers["x-content-type-options"] == "nosniff"
    assert web.post("/gradio_api/upload", content=b"x").status_code == 401


def test_programs_show_it_in_a_header(web: TestClient) -> None:
    assert web.get("/thing", headers=RIGHT).json() == {"inside": "thing"}
    assert web.get("/thing", headers={"Authorization": f"bearer   {KEYS.token} "}).status_code == 200


@pytest.mark.parametrize(
    "shown",
    ["Bearer wrong-token-of-some-length", "Bearer ", "Bearer", KEYS.token, f"Basic {KEYS.token}", f"Bearer {KEYS.token}x",
     f"Bearer {KEYS.token[:-1]}", f"Bearer {KEYS.token.upper()}", "Bearer \xff\xfe"],
)  # fmt: skip
def test_anything_but_the_token_is_refused(web: TestClient, shown: str) -> None:
    assert web.get("/thing", headers={"Authorization": shown.encode("latin-1")}).status_code == 401


def test_the_link_becomes_a_cookie_and_leaves_the_address_bar(web: TestClient) -> None:
    answer = web.get("/", params={"token": KEYS.token, "__theme": "dark"})
    assert answer.status_code == 303 and answer.headers["location"] == "/?__theme=dark"
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie and "SameSite=lax" in cookie and "Secure" not in cookie and KEYS.token not in cookie
    assert web.get("/thing").json() == {"inside": "thing"}, "the browser keeps it"
    assert web.get("/", params={"token": KEYS.token}).status_code == 303, "a bookmarked link is cleaned again"


def test_over_https_the_cookie_stays_there() -> None:
    with TestClient(app_behind(KEYS), base_url=f"https://127.0.0.1:{PORT}", follow_redirects=False) as web:
        assert "Secure" in web.get("/", params={"token": KEYS.token}).headers["set-cookie"]


def test_the_link_works_at_the_front_page_alone(web: TestClient) -> None:
    assert web.get("/config", params={"token": KEYS.token}).status_code == 401
    assert web.post("/", params={"token": KEYS.token}).status_code == 401


def test_people_without_the_link_get_a_page_to_paste_it_into(web: TestClient) -> None:
    answer = web.get("/", headers=PAGE)
    assert answer.status_code == 401 and answer.headers["content-type"].startswith("text/html")
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert not re.search(r"(?:src|href)=\"(?!data:,)", answer.text) and "<script" not in answer.text
    assert '<label for="token">' in answer.text and 'lang="en"' in answer.text
    wrong = web.post("/sign-in", data={"token": "<img src=x>"}, headers=PAGE | {"Origin": OWN})
    assert wrong.status_code == 401 and 'role="alert"' in wrong.text and "<img" not in wrong.text
    right = web.post("/sign-in", data={"token": f"  {KEYS.token}\n"}, headers=PAGE | {"Origin": OWN})
    assert right.status_code == 303 and right.headers["location"] == "/"
    assert web.get("/thing").status_code == 200
    assert web.get("/sign-in", headers=PAGE).headers["location"] == "/"


def test_another_page_cannot_sign_a_browser_in(web: TestClient) -> None:
    assert web.post("/sign-in", data={"token": KEYS.token}, headers={"Origin": "http://evil.example"}).status_code == 403


def test_a_form_without_end_is_not_read(web: TestClient) -> None:
    assert web.post("/sign-in", content=b"token=" + b"x" * 100_000, headers={"Origin": OWN}).status_code == 401


def test_a_websocket_needs_it_too(web: TestClient) -> None:
    host = {"Host": f"127.0.0.1:{PORT}"}
    with pytest.raises(WebSocketDisconnect), web.websocket_connect("/talk", headers=host):
        pass
    with web.websocket_connect("/talk", headers=host | RIGHT) as socket:
        assert socket.receive_text() == "hello"
    web.get("/", params={"token": KEYS.token})
    with web.websocket_connect(f"ws://127.0.0.1:{PORT}/talk", headers={"Origin": OWN}) as socket:
        assert socket.receive_text() == "hello"


def test_guessing_is_slow_and_a_browser_that_is_in_stays_in(web: TestClient) -> None:
    web.get("/", params={"token": KEYS.token})
    inside = dict(web.cookies)
    web.cookies.clear()
    for number in range(MOST):
        assert web.get("/thing", headers={"Authorization": f"Bearer guess-number-{number:08}"}).status_code == 401
    answer = web.get("/thing", headers={"Authorization": "Bearer guess-number-00000099"})
    assert answer.status_code == 429 and 0 < int(answer.headers["retry-after"]) <= WINDOW_SECONDS
    assert web.get("/thing", headers=RIGHT).status_code == 429, "the right one would tell a guesser that it is right"
    assert "text/html" in web.get("/", params={"token": "guess"}, headers=PAGE).headers["content-type"]
    assert web.get("/thing").status_code == 401, "who shows nothing does not guess"
    web.cookies.update(inside)
    assert web.get("/thing").status_code == 200


def test_failures_are_counted_by_network_and_forgotten() -> None:
    now = [0.0]
    failures = FailedAuthLimiter(clock=lambda: now[0])
    for number in range(MOST):
        failures.add(f"fd00::{number:x}")
    assert failures.wait_seconds("fd00::ffff") == WINDOW_SECONDS
    assert failures.wait_seconds("fd00:1::1") == failures.wait_seconds("192.168.1.9") == 0
    now[0] = WINDOW_SECONDS / 2
    assert failures.wait_seconds("fd00::1") == WINDOW_SECONDS / 2
    now[0] = WINDOW_SECONDS + 1
    assert failures.wait_seconds("fd00::1") == 0
    for number in range(20_000):
        failures.add(f"10.0.{number // 256}.{number % 256}")
    assert len(failures._times) <= 4096


def test_a_new_token_ends_what_browsers_keep(web: TestClient) -> None:
    web.get("/", params={"token": KEYS.token})
    with TestClient(app_behind(AuthKeys("another-token-of-24-characters", KEYS.signing)), base_url=OWN) as renewed:
        renewed.cookies.update(dict(web.cookies))
        answer = renewed.get("/thing")
        assert answer.status_code == 401 and "Max-Age=0" in answer.headers["set-cookie"]


def test_behind_a_path_everything_leads_back_under_it() -> None:
    with TestClient(app_behind(KEYS, "/green/room"), base_url=OWN, follow_redirects=False) as web:
        assert 'action="/green/room/sign-in"' in web.get("/green/room/", headers=PAGE).text
        assert web.get("/green/room").headers["location"] == "/green/room/"
        answer = web.get("/green/room/", params={"token": KEYS.token})
        assert answer.headers["location"] == "/green/room/" and "Path=/green/room/" in answer.headers["set-cookie"]
        assert web.get("/green/room/thing", headers=RIGHT).json() == {"inside": "thing"}
        assert web.get("/thing", headers=RIGHT).json() == {"inside": "thing"}, "a proxy that takes the path off"
        assert web.get("/green/room/healthz").json() == {"ok": True}
        assert web.get("/green/roomhealthz").status_code == 401
        with web.websocket_connect("/green/room/talk", headers=RIGHT | {"Host": "127.0.0.1:7860"}) as socket:
            assert socket.receive_text() == "hello"


def test_keys_are_kept_by_their_owner_alone(tmp_path: Path) -> None:
    keys = load_or_create_keys(tmp_path)
    kept = tmp_path / "door.json"
    assert kept.stat().st_mode & 0o777 == 0o600 and len(keys.token) >= 32
    assert load_or_create_keys(tmp_path) == keys
    assert keys.token not in repr(keys) and keys.signing not in repr(keys)
    assert load_or_create_keys(tmp_path, "a-token-of-my-own").token == "a-token-of-my-own"
    assert load_or_create_keys(tmp_path) == keys, "the person's own is not written down"
    renewed = load_or_create_keys(tmp_path, renew=True)
    assert renewed.token != keys.token and load_or_create_keys(tmp_path) == renewed
    for damaged in ("", "{", "[]", '{"token": 7}', '{"token": "short", "signing": "x"}'):
        kept.write_text(damaged)
        kept.chmod(0o644)
        assert len(load_or_create_keys(tmp_path).token) >= 32
        assert kept.stat().st_mode & 0o777 == 0o600
