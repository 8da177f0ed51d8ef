"""Requests of attackers against a real server: each refused, each written down."""

from __future__ import annotations

import gzip
import io
import json
import socket
import struct
import time
import wave
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from tests.conftest import TOKEN
from tests.repository.sources import ROOT
from tests.servers import RunningStudio

SAMPLE = ROOT / "assets" / "voices" / "LJ001-0001.wav"
SHOWN = {"Authorization": f"Bearer {TOKEN}"}
WRITES = [
    "/gradio_api/upload", "/gradio_api/queue/join", "/gradio_api/run/delete_output", "/gradio_api/call/delete_voice",
    "/gradio_api/mcp/", "/v1/audio/transcriptions", "/v1/audio/speech", "/sign-in", "/gradio_api/cancel",
]  # fmt: skip


@pytest.fixture(scope="module")
def web(guarded: RunningStudio) -> Iterator[httpx.Client]:
    """A program that has the token: what is tested here is what it may do with it."""
    with httpx.Client(base_url=guarded.url, headers=SHOWN, timeout=60) as client:
        yield client


@pytest.fixture
def browser(guarded: RunningStudio) -> Iterator[httpx.Client]:
    """What a signed-in person's browser sends along, whichever page makes it do so."""
    with httpx.Client(base_url=guarded.url, timeout=60) as client:
        client.get("/", params={"token": TOKEN})
        yield client


def code_of(answer: httpx.Response) -> str:
    """The error's code, where this kind of client looks for it."""
    told = answer.json()
    return str(told["error"]["code"] if isinstance(told["error"], dict) else told["code"])


def log_of(studio: RunningStudio, *words: str) -> bool:
    return any(all(word in line for word in words) for line in studio.log.splitlines())


def test_dns_rebinding(guarded: RunningStudio, browser: httpx.Client) -> None:
    for host in ("evil.example", f"evil.example:{guarded.port}", "127.0.0.1.evil.example", "localhost.", "[::1].evil.example"):
        for path in ("/", "/config", "/gradio_api/mcp/", "/media/outputs/x", "/healthz"):
            answer = browser.get(path, headers=SHOWN | {"Host": host})
            assert answer.status_code == 400 and answer.json()["code"] == "request.unknown-host", (host, path)
    assert log_of(guarded, "Refused GET '/gradio_api/mcp/'", "[request.unknown-host]", "host name")


@pytest.mark.parametrize("origin", ["http://evil.example", "http://localhost:3000", "null"])
def test_writes_from_other_pages(guarded: RunningStudio, browser: httpx.Client, origin: str) -> None:
    for path in WRITES:
        answer = browser.post(path, headers={"Origin": origin}, files={"files": ("a.wav", b"x")})
        assert answer.status_code == 403 and code_of(answer) == "request.foreign-change", path
    assert log_of(guarded, "Refused POST '/gradio_api/upload'", "[request.foreign-change]")


@pytest.mark.parametrize("path", ["/ws/voice", "/gradio_api/queue/join", "/"])
def test_foreign_and_strange_websockets(guarded: RunningStudio, path: str) -> None:
    address = f"ws://127.0.0.1:{guarded.port}{path}"
    tries = ({"Origin": "http://evil.example", **SHOWN}, {"Origin": guarded.url}, {"Host": "evil.example", **SHOWN}, {})
    for headers in tries:
        with pytest.raises(InvalidStatus) as refused, connect(address, additional_headers=headers, open_timeout=30):
            pass
        assert refused.value.response.status_code == 403
    assert log_of(guarded, f"Refused WebSocket {path!r}", "another origin") and log_of(guarded, "WebSocket", "no token")


# Files of this machine


def leaks(studio: RunningStudio, answer: httpx.Response) -> bool:
    secrets = [(studio.data / "door.json").read_bytes()[:20], b"SQLite format", b"root:x:0:0", b"from __future__"]
    return answer.status_code < 400 and any(secret in answer.content for secret in secrets)


def test_paths_out_of_the_folders(guarded: RunningStudio, web: httpx.Client) -> None:
    data = guarded.data
    keeper = quote(str(data / "outputs" / ".." / "jobs.db"))
    ways = ["../jobs.db", "..%2fjobs.db", "%2e%2e/jobs.db", "....//jobs.db", "..%5cjobs.db", "%2fetc%2fpasswd", "..%252fjobs.db",
            f"{data}/jobs.db", "x/../../door.json", "%00", "\u202e", "."]  # fmt: skip
    routes = ["/media/outputs/{}", "/media/outputs/x/{}", "/media/segments/{}", "/media/voices/{}/export", "/media/portraits/{}",
              "/media/voice-samples?voice={}", "/fonts/{}", "/static/{}", "/assets/{}", "/svelte/{}", "/gradio_api/file={}",
              "/gradio_api/file/{}", "/v1/models/{}", "/gradio_api/custom_component/{}/server/component/x"]  # fmt: skip
    for route in routes:
        for way in ways:
            answer = web.get(route.format(way))
            assert not leaks(guarded, answer) and answer.status_code != 500, (route, way)
    for path in (data / "jobs.db", data / "jobs.db-wal", data / "door.json", data / "logs" / "greenroom.log", ROOT / "app.py",
                 "/etc/passwd", "/proc/self/environ", keeper, data / "page.secret"):  # fmt: skip
        answer = web.get(f"/gradio_api/file={path}")
        assert answer.status_code == 403 and code_of(answer) == "request.file-not-ours", path


def test_paths_in_the_values_of_calls(guarded: RunningStudio, web: httpx.Client) -> None:
    secret = str(guarded.data / "door.json")
    file = {"path": secret, "meta": {"_type": "gradio.FileData"}}
    for kind, spec in (
        ("transcription", {"audio": secret}), ("lip_sync", {"face": secret, "audio": secret}),
        ("image_to_video", {"image": secret, "prompt": "x"}), ("animate_portrait", {"portrait": secret, "driving_video": secret}),
        ("text_to_video", {"prompt": "x", "music": secret}), ("upscale", {"video": secret}),
    ):  # fmt: skip
        answer = web.post("/gradio_api/run/submit", json={"data": [kind, spec]})
        told = answer.text
        if answer.status_code == 200:  # taken as a job, which must not read it either
            job = answer.json()["data"][0]
            told = json.dumps(ended(web, job["id"])["error"])
        assert "reason" in told or "error" in told
        assert "SQLite" not in told and TOKEN not in told and '"signing"' not in told, kind
    for name in ("transcribe", "save_voice"):
        values = [file] if name == "transcribe" else ["A name", file]
        answer = web.post(f"/gradio_api/run/{name}", json={"data": values})
        assert answer.status_code == 422 and code_of(answer) == "call.file-not-ours"
        assert str(guarded.data) not in answer.text
    assert not list((guarded.data / "uploads").rglob("door.json"))


def ended(web: httpx.Client, job: str) -> dict[str, Any]:
    for _ in range(600):
        found: dict[str, Any] = web.post("/gradio_api/run/job", json={"data": [job]}).json()["data"][0]
        if found["state"] in ("done", "failed", "cancelled", "interrupted"):
            return found
        time.sleep(0.1)
    raise AssertionError("the job goes on and on")


def test_names_of_uploads_stay_in_their_folder(guarded: RunningStudio, web: httpx.Client) -> None:
    names = [
        "../../../evil.wav",
        "..\\..\\evil.wav",
        "/tmp/evil.wav",
        "a/../../../../evil.wav",
        "\x00evil.wav",
        "~/.evil.wav",
        "x" * 300,
    ]
    before = {path for path in guarded.data.rglob("*") if path.is_file() and "uploads" not in path.parts}
    for name in names:
        uploaded = web.post("/gradio_api/upload", files={"files": (name, b"RIFF", "audio/wav")})
        assert uploaded.status_code < 500 or len(name) > 255, name
        for path in uploaded.json() if uploaded.status_code == 200 else ():
            assert Path(path).resolve().is_relative_to(guarded.data / "uploads"), name
        written = web.post("/v1/audio/transcriptions", files={"file": (name, b"RIFF")}, data={"model": "auto"})
        assert written.status_code in (400, 422) and code_of(written), name
    after = {path for path in guarded.data.rglob("*") if path.is_file() and "uploads" not in path.parts}
    assert not [path for path in after - before if "evil" in path.name]
    assert not list(guarded.data.parent.glob("*evil*"))


def voice_archives(folder: Path) -> dict[str, Path]:
    """Voices as an attacker packs them: one that unfolds to 257 MiB, one full of entries, and some that want out."""
    record, sound = json.dumps({"schema_version": 1, "name": "Evil"}).encode(), SAMPLE.read_bytes()
    bomb = folder / "bomb.greenroom-voice"
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr("voice.json", record)
        with archive.open("master.wav", "w") as member:
            for _ in range(257):
                member.write(bytes(1 << 20))
    crowd = folder / "crowd.greenroom-voice"
    with zipfile.ZipFile(crowd, "w") as archive:
        for number in range(5000):
            archive.writestr(f"../../evil-{number}", b"")
    made = {"bomb": bomb, "crowd": crowd}
    for name, inside in (
        ("up", "../../evil.sh"),
        ("root", "/tmp/evil.sh"),
        ("windows", "..\\..\\evil.sh"),
        ("drive", "C:\\evil.sh"),
    ):
        made[name] = folder / f"{name}.greenroom-voice"
        with zipfile.ZipFile(made[name], "w") as archive:
            archive.writestr("voice.json", record)
            archive.writestr("master.wav", sound)
            archive.writestr(inside, b"#!/bin/sh")
    return made


def test_archives_given_as_voices(guarded: RunningStudio, web: httpx.Client, tmp_path: Path) -> None:
    """Through /import_voice, and through the page's own import, which Gradio calls by its number."""
    buttons = {one["id"] for one in web.get("/config").json()["components"] if one["props"].get("elem_id") == "voice-package"}
    imports = [
        one["id"] for one in web.get("/config").json()["dependencies"] if any(target[0] in buttons for target in one["targets"])
    ]
    assert len(imports) == 1
    before = {path for path in guarded.data.rglob("*") if "uploads" not in path.parts}
    voices = web.post("/gradio_api/run/voices", json={"data": []}).json()["data"][0]
    for name, path in voice_archives(tmp_path).items():
        (uploaded,) = web.post("/gradio_api/upload", files={"files": (path.name, path.read_bytes())}).json()
        file = {"path": uploaded, "meta": {"_type": "gradio.FileData"}}
        answer = web.post("/gradio_api/run/import_voice", json={"data": [file]})
        said = "larger than any real" if name == "bomb" else "nothing else"
        assert answer.status_code >= 400 and said in answer.text and "/" not in answer.json()["error"].replace("\\/", ""), (
            answer.text
        )
        drawn = web.post("/gradio_api/run/predict", json={"fn_index": imports[0], "data": [file, 0], "session_hash": "attack"})
        assert drawn.status_code >= 400 and said in drawn.text, (name, drawn.text)
    assert web.post("/gradio_api/run/voices", json={"data": []}).json()["data"][0] == voices
    after = {path for path in guarded.data.rglob("*") if "uploads" not in path.parts}
    assert not [path for path in after - before if "evil" in path.name or "incoming" in path.name]
    assert not list(guarded.data.parent.glob("*evil*")) and not Path("/tmp/evil.sh").exists()
    assert log_of(guarded, "Refused a file that was given as a voice", "larger than any real")


def test_what_was_uploaded_never_runs_as_a_page_of_ours(web: httpx.Client) -> None:
    page = b"<!doctype html><script>alert(1)</script>"
    drawing = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
    for name, content in (
        ("a.html", page),
        ("a.svg", drawing),
        ("a.xhtml", page),
        ("a.js", b"alert(1)"),
        ("a.xml", drawing),
        ("a.wav", page),
    ):
        (path,) = web.post("/gradio_api/upload", files={"files": (name, content)}).json()
        answer = web.get(f"/gradio_api/file={path}")
        assert answer.status_code == 200 and answer.content == content, name
        assert answer.headers["content-security-policy"].startswith("sandbox"), name
        assert answer.headers["x-content-type-options"] == "nosniff"
        shown = answer.headers["content-type"].partition(";")[0]
        assert shown.startswith("audio/") or (
            shown == "application/octet-stream" and answer.headers["content-disposition"].startswith("attachment")
        ), (name, shown)
        former = web.get(f"/gradio_api/file/{path}")
        assert former.status_code == 404 and "no such page" in former.text


def test_a_page_put_among_the_outputs_is_a_download(guarded: RunningStudio, web: httpx.Client) -> None:
    for name in ("planted.html", "planted.svg"):
        path = guarded.data / "outputs" / name
        path.write_text("<script>alert(1)</script>")
        answer = web.get(f"/gradio_api/file={path}")
        assert answer.status_code == 200 and answer.headers["content-disposition"].startswith("attachment")
        assert web.get(f"/media/outputs/{name}").status_code == 404
        path.unlink()


# Addresses of elsewhere


ELSEWHERE = [
    "http://169.254.169.254/latest/meta-data", "https://example.com/a.wav", "file:///etc/passwd", "ftp://example.com/a",
    "//evil/share", "\\\\evil\\share", "HTTP://127.0.0.1:22/", "gopher://127.0.0.1/",
]  # fmt: skip


@pytest.mark.parametrize("address", ELSEWHERE)
def test_no_file_is_fetched_from_an_address(guarded: RunningStudio, web: httpx.Client, address: str) -> None:
    file = {"path": address, "url": address, "meta": {"_type": "gradio.FileData"}}
    for path in ("/gradio_api/run/transcribe", "/gradio_api/call/transcribe", "/gradio_api/call/v2/transcribe"):
        answer = web.post(path, json={"data": [file], "audio": file})
        assert answer.status_code == 422 and code_of(answer) == "call.file-from-address", path
    joined = web.post("/gradio_api/queue/join", json={"data": [{"deep": [file]}], "fn_index": 0, "session_hash": "x"})
    assert joined.status_code == 422 and code_of(joined) == "call.file-from-address"
    answer = web.get(f"/gradio_api/file={address}")
    assert answer.status_code == 403 and code_of(answer) in ("request.fetches-nothing", "request.file-not-ours")
    answer = web.get(f"/gradio_api/proxy={address}")
    assert answer.status_code == 404 and code_of(answer) == "request.no-such-page"
    assert log_of(guarded, "Refused POST '/gradio_api/queue/join'", "[call.file-from-address]")


def test_routes_of_gradio_that_the_studio_has_no_use_for(web: httpx.Client) -> None:
    for path in (
        "/gradio_api/vibe-code/",
        "/gradio_api/deep_link?session_hash=x",
        "/monitoring",
        "/gradio_api/runs",
        "/monitoring/x",
    ):
        assert web.get(path).status_code == 404 and code_of(web.get(path)) == "request.no-such-page", path
    answer = web.post("/gradio_api/vibe-edit/", json={"prompt": "x"})
    assert answer.status_code == 404 and code_of(answer) == "request.no-such-page"


# Too much, too deep, too little


def test_bodies_that_are_too_much(guarded: RunningStudio, web: httpx.Client) -> None:
    for path in ("/gradio_api/upload", "/gradio_api/run/jobs", "/v1/audio/speech", "/gradio_api/mcp/"):
        with socket.create_connection(("127.0.0.1", guarded.port), 30) as line:
            lengths = f"Content-Length: {600 << 20}\r\nContent-Type: application/json\r\nAuthorization: Bearer {TOKEN}"
            line.sendall(f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{guarded.port}\r\n{lengths}\r\n\r\n".encode())
            assert b" 413 " in line.recv(100), path
    deep = b"[" * 200_000 + b"]" * 200_000
    answer = web.post("/gradio_api/run/jobs", content=b'{"data": ' + deep + b"}", headers={"Content-Type": "application/json"})
    assert answer.status_code == 422 and code_of(answer) == "call.too-deep"
    squeezed = gzip.compress(b'{"data": ["' + b"a" * 50_000_000 + b'"]}')
    answer = web.post("/gradio_api/run/jobs", content=squeezed, headers={"Content-Encoding": "gzip"})
    assert answer.status_code == 422 and code_of(answer) == "call.body-not-json", "nothing is unpacked on the way in"
    assert log_of(guarded, "Refused POST '/gradio_api/upload'", "[request.too-large]")


def lying_wave() -> bytes:
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16000)
        file.writeframes(b"\0\0" * 1600)
    said = bytearray(buffer.getvalue())
    said[4:8] = said[40:44] = struct.pack("<I", 0xFFFFFFF0)
    return bytes(said)


@pytest.mark.parametrize(
    ("name", "content"), [("empty.wav", b""), ("lies.wav", lying_wave()), ("zero.mp4", b"\0" * 4096), ("text.mp3", b"hello")]
)
def test_media_that_is_none_is_refused_in_words(web: httpx.Client, name: str, content: bytes) -> None:
    answer = web.post("/v1/audio/transcriptions", files={"file": (name, content)}, data={"model": "auto"})
    told = answer.json()["error"]["message"]
    assert code_of(answer).partition(".")[0] in ("media", "sound", "transcription")
    assert 400 <= answer.status_code < 500 and name.partition(".")[0] in told and "/" not in told, told
