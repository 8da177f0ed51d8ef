"""A file of this machine, named by its path in every way a request has: refused, with the reason, and copied nowhere."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
import httpx
import numpy as np
import pytest

from api.operations.registry import OPERATIONS
from tests.conftest import TOKEN
from tests.repository.sources import ROOT
from tests.servers import RunningStudio

SAMPLE = ROOT / "assets" / "voices" / "LJ001-0001.wav"
SHOWN = {"Authorization": f"Bearer {TOKEN}"}
MARK = {"meta": {"_type": "gradio.FileData"}}
FILE_CODES = {"call.file-not-uploaded", "call.file-missing", "call.file-by-address", "call.no-data-address"}


@pytest.fixture(scope="module")
def web(guarded: RunningStudio) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=guarded.url, headers=SHOWN, timeout=30) as client:
        yield client


@pytest.fixture(scope="module")
def private(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A sound, a picture and a film that every endpoint would take, in a folder that its owner alone may open."""
    folder = tmp_path_factory.mktemp("private")
    folder.chmod(0o700)
    made = {"sound": folder / "diary.wav", "picture": folder / "face.png", "film": folder / "home.mp4"}
    made["sound"].write_bytes(SAMPLE.read_bytes() + b"diary")
    portrait = next((ROOT / "assets" / "portraits").glob("*.*g"))
    with av.open(str(portrait)) as source:
        next(source.decode(video=0)).to_image().save(made["picture"])
    with av.open(str(made["film"]), "w") as container:
        stream = container.add_stream("mpeg4", rate=10)
        stream.width, stream.height, stream.pix_fmt = 64, 64, "yuv420p"
        for shade in range(10):
            picture = np.full((64, 64, 3), 20 * shade, np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture)))
        container.mux(stream.encode(None))
    return made


def copies(studio: RunningStudio, files: dict[str, Path]) -> list[Path]:
    """Files under the data folder that hold what one of `files` does."""
    digests = {hashlib.sha256(path.read_bytes()).hexdigest() for path in files.values()}
    found = (path for path in studio.data.rglob("*") if path.is_file() and not path.is_symlink())
    return [path for path in found if hashlib.sha256(path.read_bytes()).hexdigest() in digests]


def uploads(studio: RunningStudio) -> set[Path]:
    return set((studio.data / "uploads").rglob("*"))


def shapes(path: str) -> list[Any]:
    """A file as values can hold one."""
    file = {"path": path, **MARK}
    own = {"url": f"/gradio_api/file={path}", "orig_name": "innocent.wav", "size": 1, "mime_type": "audio/wav"}
    return [
        file, {"path": path}, {"path": path, "meta": {"_type": "other"}}, {**file, **own}, {**file, "is_stream": True},
        [file], [[{"image": file, "caption": None}]], {"video": file, "subtitles": None}, {"a": {"b": [{"c": file}]}},
        {"files": [file], "text": ""}, {"path": 7, "inner": file},
    ]  # fmt: skip


def test_parts_of_forms(guarded: RunningStudio, web: httpx.Client, private: dict[str, Path]) -> None:
    """A call that comes with its files in it may still name one: by text only what is ours."""
    named = [*map(str, private.values()), *odd_paths(guarded, private).values(), "upload:../door.json", "upload:../../jobs.db"]
    before, tried = uploads(guarded), 0
    for name, operation in OPERATIONS.items():
        for path in named if operation.files else ():
            others = {field: "1" for field in operation.input.model_fields if field not in operation.files}
            parts = {field: (None, value) for field, value in (others | dict.fromkeys(operation.files, path)).items()}
            answer = web.post(f"/api/v1/{name}", files=parts)
            told = answer.json()
            assert answer.status_code == 422, (name, path, answer.text[:200])
            assert told["code"] in FILE_CODES or "options" in told["detail"] or "tags" in told["detail"], (name, path, told)
            tried += 1
    assert tried > 200
    assert uploads(guarded) == before and not copies(guarded, private)


def refused(answer: httpx.Response) -> bool:
    return answer.status_code == 422 and answer.json()["code"] == "call.file-not-ours"


def asked(web: httpx.Client, value: Any) -> Iterator[tuple[str, httpx.Response]]:
    """The value through every way into every named endpoint and every handler of the page."""
    config = web.get("/config").json()
    for dependency in config["dependencies"]:
        body = {"fn_index": dependency["id"], "data": [value] * max(1, len(dependency["inputs"])), "session_hash": "thief"}
        for way in ("run/predict", "queue/join"):
            yield f"{way} {dependency['id']}", web.post(f"/gradio_api/{way}", json=body)
    named = web.get("/gradio_api/info").json()["named_endpoints"]
    assert len(named) > 30
    for name, operation in OPERATIONS.items():
        by_name = dict.fromkeys(operation.input.model_fields or ("x",), value)
        yield f"v1/{name}", web.post(f"/api/v1/{name}", json=by_name)
    for name, told in named.items():
        values = [value] * max(1, len(told["parameters"]))
        for way in ("run", "api", "call"):
            yield f"{way}{name}", web.post(f"/gradio_api/{way}{name}", json={"data": values})
        by_name = {one["parameter_name"]: value for one in told["parameters"]} or {"x": value}
        yield f"call/v2{name}", web.post(f"/gradio_api/call/v2{name}", json=by_name)


def test_every_way_into_every_endpoint(guarded: RunningStudio, web: httpx.Client, private: dict[str, Path]) -> None:
    before = uploads(guarded)
    ways = set()
    for path in private.values():
        for way, answer in asked(web, {"path": str(path), **MARK}):
            ways.add(way)
            assert refused(answer), (way, answer.status_code, answer.text[:200])
            assert str(path) not in answer.text
    assert len(ways) > 250, "the endpoints are no longer found"
    assert uploads(guarded) == before and not copies(guarded, private)
    assert web.get("/healthz").json()["ok"] is True


def test_every_shape_of_a_file(guarded: RunningStudio, web: httpx.Client, private: dict[str, Path]) -> None:
    before = uploads(guarded)
    for value in shapes(str(private["film"])):
        for body in ({"data": [value]}, {"data": ["x"], "event_data": value}, {"data": ["x", "y", value]}):
            for path in ("run/_as_it_is", "run/transcribe", "call/upscale", "queue/join", "cancel", "reset"):
                answer = web.post(f"/gradio_api/{path}", json={"fn_index": 0, "session_hash": "thief", **body})
                assert refused(answer), (path, value, answer.text[:200])
    assert uploads(guarded) == before and not copies(guarded, private)


def odd_paths(studio: RunningStudio, private: dict[str, Path]) -> dict[str, str]:
    data, sound = studio.data, private["sound"]
    made = data / "uploads" / "made-by-another-program"
    made.mkdir(parents=True, exist_ok=True)
    if not (made / "link.wav").is_symlink():
        (made / "link.wav").symlink_to(sound)
        (made / "folder").symlink_to(sound.parent)
        (made / "loop.wav").symlink_to(made / "loop.wav")
        os.mkfifo(made / "pipe.wav")
    inside = str(sound).lstrip("/")
    return {
        "token": f"{data}/door.json", "jobs": f"{data}/jobs.db", "zero": "/dev/zero", "environment": "/proc/self/environ",
        "passwords": "/etc/passwd", "link": f"{made}/link.wav", "linked folder": f"{made}/folder/{sound.name}",
        "loop": f"{made}/loop.wav", "pipe": f"{made}/pipe.wav", "folder": str(made), "up": f"{data}/uploads/../door.json",
        "out of outputs": f"{data}/outputs/../jobs.db", "percent": f"{data}/uploads/%2e%2e/door.json",
        "percent root": f"%2f{inside.replace('/', '%2f')}", "relative": os.path.relpath(sound, data.parent),
        "by process": f"/proc/self/cwd/{data.name}/door.json", "by root": f"/proc/self/root/{inside}", "dots": f"/./{inside}",
        "stdin": "/dev/stdin", "long": "/" + "a/" * 3000, "long name": f"{data}/uploads/{'a' * 300}",
        "zero byte": f"{sound}\0.wav", "nothing": "", "home": "~/diary.wav", "gone": f"{data}/uploads/gone.wav",
    }  # fmt: skip


def test_odd_paths(guarded: RunningStudio, web: httpx.Client, private: dict[str, Path]) -> None:
    paths = odd_paths(guarded, private)
    before = uploads(guarded)
    for what, path in paths.items():
        for value in ({"path": path, **MARK}, {"path": path, **MARK, "is_stream": True}, {"path": path}):
            for way in ("run/transcribe", "call/lip_sync", "run/_as_it_is"):
                answer = web.post(f"/gradio_api/{way}", json={"data": [value, value]})
                assert refused(answer), (what, way, answer.text[:200])
    assert web.get("/healthz").json()["ok"] is True
    assert uploads(guarded) == before and not copies(guarded, private)


def test_two_paths_in_one_object(guarded: RunningStudio, web: httpx.Client, private: dict[str, Path]) -> None:
    """Of two keys alike the last one counts, for every reader."""
    (good,) = web.post("/gradio_api/upload", files={"files": ("good.wav", SAMPLE.read_bytes())}).json()
    named = f'"path": {json.dumps(good)}, "path": {json.dumps(str(private["film"]))}'
    body = f'{{"data": [{{{named}, "meta": {json.dumps(MARK["meta"])}}}]}}'
    for kind in ("application/json", "text/plain", "application/x-www-form-urlencoded"):
        answer = web.post("/gradio_api/run/_as_it_is", content=body, headers={"Content-Type": kind})
        assert refused(answer), kind
    for encoding in ("utf-16", "utf-32", "utf-8-sig"):
        answer = web.post(
            "/gradio_api/run/_as_it_is", content=body.encode(encoding), headers={"Content-Type": "application/json"}
        )
        assert refused(answer), encoding
    assert not copies(guarded, private)


def test_the_route_for_files(guarded: RunningStudio, web: httpx.Client, private: dict[str, Path]) -> None:
    for what, path in (odd_paths(guarded, private) | {name: str(path) for name, path in private.items()}).items():
        if "\0" in path:
            path = path.replace("\0", "%00")
        answer = web.get(f"/gradio_api/file={path}")
        assert answer.status_code == 403 and answer.json()["code"] == "request.file-not-ours", (what, answer.text[:200])
    (good,) = web.post("/gradio_api/upload", files={"files": ("good.wav", SAMPLE.read_bytes())}).json()
    assert web.get(f"/gradio_api/file={good}").content == SAMPLE.read_bytes()


def test_tools(guarded: RunningStudio, web: httpx.Client, private: dict[str, Path]) -> None:
    before = uploads(guarded)
    accept = {"Accept": "application/json, text/event-stream"}

    def told(method: str, **params: Any) -> dict[str, Any]:
        answer = web.post(
            "/gradio_api/mcp/", json={"jsonrpc": "2.0", "id": 1, "method": method, "params": params}, headers=accept
        )
        line = next(line for line in answer.text.splitlines() if line.startswith("data: "))
        found: dict[str, Any] = json.loads(line.removeprefix("data: "))["result"]
        return found

    tried = 0
    for tool in told("tools/list")["tools"]:
        schema = tool["inputSchema"]
        files = [name for name, one in schema["properties"].items() if "data: address" in str(one)]
        others = {name: "x" for name in schema.get("required", ()) if name not in files} | {"start": 1, "end": 9}
        others = {name: value for name, value in others.items() if name in schema["properties"]}
        for path in (*private.values(), *odd_paths(guarded, private).values()) if files else ():
            result = told("tools/call", name=tool["name"], arguments=others | {name: str(path) for name in files})
            said = result["content"][0]["text"]
            assert result["isError"] and ("is not an uploaded file" in said or (not path and "is missing" in said)), (tool, said)
            tried += 1
    assert tried > 100
    assert uploads(guarded) == before and not copies(guarded, private)


def test_jobs_by_their_fields(guarded: RunningStudio, web: httpx.Client, private: dict[str, Path]) -> None:
    sound, picture, film = (str(path) for path in private.values())
    for kind, spec in (
        ("transcription", {"audio": sound}), ("lip_sync", {"face": picture, "audio": sound}),
        ("animate_portrait", {"portrait": picture, "driving_video": film}), ("upscale", {"video": film}),
        ("image_to_video", {"image": picture, "prompt": "x"}), ("text_to_video", {"prompt": "x", "music": sound}),
    ):  # fmt: skip
        answer = web.post("/gradio_api/run/submit", json={"data": [kind, spec]})
        assert answer.status_code == 500 and "studio" in answer.json()["error"], (kind, answer.text)
        assert any(word in answer.text for word in ("not an uploaded file", "not one of the studio's files")), (kind, answer.text)
    assert not copies(guarded, private)


def test_what_was_uploaded_or_made_here_is_taken(guarded: RunningStudio, web: httpx.Client) -> None:
    (path,) = web.post("/gradio_api/upload", files={"files": ("said.wav", SAMPLE.read_bytes())}).json()
    output = guarded.data / "outputs" / "said-before.wav"
    shutil.copy(SAMPLE, output)
    for named in (path, str(output)):
        for value in ({"path": named, **MARK}, {"path": named}):
            answer = web.post("/gradio_api/run/judge_voice", json={"data": [value]})
            assert answer.status_code == 200, answer.text
    output.unlink()
