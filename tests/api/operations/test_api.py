"""The public API against a real server: what scripts depend on, and what they are told when they are wrong."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest
import soundfile
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError

from api.operations.registry import OPERATIONS
from media.messages.catalogue import is_code
from studio.version import studio_version
from tests.repository.sources import ROOT
from tests.servers import RunningStudio, long_script, wait_until

SAMPLE = ROOT / "assets" / "voices" / "LJ001-0001.wav"
JOB_KEYS = {"id", "kind", "state", "progress", "note", "created", "started", "ended", "error", "outputs"}
ENGINE_KEYS = {
    "id", "title", "capability", "ready", "readiness", "residency", "tier", "environment", "licence", "commercial_use", "options",
}  # fmt: skip

SIGNATURES = {
    "/voiceover": [("script", None), ("voice", ""), ("engine", "auto"), ("options", {}), ("format", "wav")],
    "/transcribe": [("audio", None), ("engine", "auto"), ("language", "auto")],
    "/lip_sync": [("face", None), ("audio", None), ("engine", "auto"), ("options", {})],
    "/animate_portrait": [("portrait", None), ("driving_video", None), ("engine", "auto"), ("options", {})],
    "/text_to_video": [("prompt", None), ("engine", "auto"), ("options", {})],
    "/image_to_video": [("image", None), ("prompt", None), ("engine", "auto"), ("options", {})],
    "/character_swap": [("template", None), ("reference_image", None), ("driving_video", None), ("options", {})],
    "/upscale": [("video", None), ("engine", "auto"), ("options", {})],
    "/templates": [],
    "/template": [("template", None)],
    "/import_template": [("workflow", None), ("title", None), ("fields", []), ("use", "other"), ("memory_gib", 0)],
    "/delete_template": [("template", None)],
    "/comfyui_models": [],
    "/submit": [("kind", None), ("spec", None)],
    "/job": [("job_id", None)],
    "/jobs": [("state", ""), ("limit", 50), ("kind", ""), ("text", "")],
    "/cancel": [("job_id", None)],
    "/retry": [("job_id", None)],
    "/move_job": [("job_id", None), ("place", 1)],
    "/remove_job": [("job_id", None)],
    "/job_history": [("job_id", None)],
    "/voices": [],
    "/save_voice": [("name", None), ("audio", None), ("transcript", ""), ("tags", []), ("consent", ""), ("mend", False)],
    "/delete_voice": [("voice", None)],
    "/voice_sample": [("voice", None)],
    "/judge_voice": [("audio", None)],
    "/made_voices": [("job_id", None)],
    "/pronunciations": [],
    "/conversations": [("limit", 50)],
    "/conversation": [("conversation", None)],
    "/delete_conversation": [("conversation", None)],
    "/restore_conversation": [("conversation", None)],
    "/rename_conversation": [("conversation", None), ("title", None)],
    "/export_conversation": [("conversation", None), ("format", "zip")],
    "/keep_turn": [("conversation", None), ("turn", None)],
    "/speak_turn": [("conversation", None), ("turn", None), ("voice", ""), ("whole", False)],
    "/keep_turn_voice": [("conversation", None), ("turn", None), ("name", None), ("consent", "")],
    "/set_pronunciation": [("word", None), ("saying", None), ("voice", ""), ("language", ""), ("replaces", "")],
    "/delete_pronunciation": [("entry", None)],
    "/restore_pronunciation": [("entry", None)],
    "/hear_pronunciation": [("word", None), ("saying", None), ("voice", ""), ("language", "")],
    "/export_pronunciations": [],
    "/import_pronunciations": [("file", None)],
    "/apply_pronunciations": [("job_id", None)],
    "/nearest_voice": [("audio", None)],
    "/import_document": [("file", None), ("quotes", False)],
    "/settings": [],
    "/update_settings": [("settings", None)],
    "/test_comfyui": [],
    "/projects": [("archived", False)],
    "/project": [("project", None), ("film", False)],
    "/make_project": [
        ("topic", ""),
        ("notes", ""),
        ("title", ""),
        ("document", {}),
        ("copy_of", ""),
        ("restore", ""),
        ("seed", 0),
    ],
    "/import_project": [("file", None), ("kind", "audiobook"), ("find_speakers", True)],
    "/update_project": [("project", None), ("changes", []), ("version", -1), ("turn", ""), ("who", "")],
    "/estimate_project": [("project", None)],
    "/render_project": [("project", None), ("approve", False)],
    "/export_project": [("project", None), ("format", "project")],
    "/delete_project": [("project", None)],
    "/import_timeline": [("project", None), ("file", None), ("version", -1)],
    "/snapshots": [("project", None)],
    "/keep_snapshot": [("project", None), ("name", "")],
    "/restore_snapshot": [("project", None), ("snapshot", None), ("who", "")],
    "/check_file": [("file", None), ("statement", "")],
    "/sign_output": [("output", None)],
    "/signing_certificate": [],
    "/save_voice_part": [
        ("name", None),
        ("audio", None),
        ("start", None),
        ("end", None),
        ("transcript", ""),
        ("tags", []),
        ("consent", ""),
        ("mend", False),
    ],
    "/update_voice": [
        ("voice", None),
        ("name", None),
        ("transcript", None),
        ("tags", None),
        ("notes", None),
        ("consent", None),
    ],
    "/export_voice": [("voice", None)],
    "/import_voice": [("file", None)],
    "/segments": [("job_id", None)],
    "/respeak_segment": [("job_id", None), ("segment", None)],
    "/pick_take": [("job_id", None), ("segment", None), ("seed", None)],
    "/edit_segment": [("job_id", None), ("segment", None), ("text", None)],
    "/keep_voice": [("job_id", None), ("segment", None), ("name", None)],
    "/outputs": [("limit", 50)],
    "/delete_output": [("output", None)],
    "/recipe": [("output", None)],
    "/language": [],
    "/set_language_server": [("url", None), ("model", ""), ("api_key", None)],
    "/test_language_server": [],
    "/find_language_servers": [],
    "/ask_language": [
        ("prompt", None),
        ("system", ""),
        ("json_schema", {}),
        ("longest", 512),
        ("temperature", 0.5),
        ("seed", 0),
    ],
    "/engines": [],
    "/load": [("engine", None)],
    "/unload": [("engine", None)],
    "/memory": [],
    "/memory_history": [],
    "/machine_events": [("limit", 50)],
    "/set_idle": [("engine", None), ("seconds", -1)],
    "/environments": [],
    "/weights": [],
    "/run_times": [],
    "/disk": [("fresh", False)],
    "/free_disk": [("what", None)],
    "/log": [("name", "greenroom"), ("level", ""), ("text", ""), ("limit", 100)],
    "/support_bundle": [],
    "/estimate": [("kind", None), ("spec", None)],
    "/doctor": [("fresh", True)],
}


def told(call: Any) -> str:
    """What a client reads when a call fails; never a path or a traceback."""
    with pytest.raises(AppError) as refused:
        call()
    words = str(refused.value)
    assert is_code(refused.value.title), "gradio_client's error bears the code as its title"
    assert not re.search(r"Traceback|File \"|/tmp/|/home/|\.py\b|None$", words), words
    return words


def local(path: Any) -> Path:
    return Path(path["path"] if isinstance(path, dict) else path)


# What scripts depend on


def test_endpoints_and_their_parameters_are_as_promised(client: Client) -> None:
    named = client.view_api(return_format="dict", print_info=False)["named_endpoints"]
    found = {
        name: [(part["parameter_name"], part["parameter_default"]) for part in endpoint["parameters"]]
        for name, endpoint in named.items()
    }
    assert found == SIGNATURES


def test_a_voiceover_is_spoken(client: Client) -> None:
    audio, subtitles, job = client.predict("Hello from the studio.\n\nThis is a second paragraph.", api_name="/voiceover")
    sound = soundfile.info(local(audio))
    assert 2 < sound.duration < 15
    assert local(subtitles).read_text().startswith("1\n00:00:")
    assert set(job) == JOB_KEYS
    assert (job["kind"], job["state"], job["progress"], job["error"]) == ("voiceover", "done", 1.0, None)
    assert {output["kind"] for output in job["outputs"]} >= {"audio", "subtitles"}
    assert client.predict(job["id"], api_name="/job") == job


def test_a_job_is_handed_in_followed_and_found(client: Client) -> None:
    job = client.predict("voiceover", {"script": "Short.", "format": "flac"}, api_name="/submit")
    assert set(job) == JOB_KEYS
    wait_until(lambda: client.predict(job["id"], api_name="/job")["state"] == "done", 60)
    done = client.predict("done", 10, api_name="/jobs")
    assert job["id"] in [one["id"] for one in done]
    assert all(one["state"] == "done" for one in done)


def test_looking_at_jobs_downloads_nothing(server: RunningStudio, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """gradio_client takes dicts with a path for files; the studio keeps it from doing that to a job's outputs."""
    client = Client(server.url, verbose=False, download_files=str(tmp_path))
    client.predict("Once more.", api_name="/voiceover")
    fetched = sorted(path for path in tmp_path.rglob("*") if path.is_file())
    assert len(fetched) == 2
    jobs = client.predict("done", 50, api_name="/jobs")
    assert all(Path(output["path"]).is_absolute() for job in jobs for output in job["outputs"])
    assert sorted(path for path in tmp_path.rglob("*") if path.is_file()) == fetched


def test_a_job_is_cancelled(client: Client) -> None:
    job = client.predict("voiceover", {"script": long_script()}, api_name="/submit")
    client.predict(job["id"], api_name="/cancel")
    wait_until(lambda: client.predict(job["id"], api_name="/job")["state"] == "cancelled", 10)


def test_engines_tell_of_themselves(client: Client) -> None:
    engines = client.predict(api_name="/engines")
    assert {"espeak", "hibari"} <= {engine["id"] for engine in engines}
    for engine in engines:
        assert set(engine) >= ENGINE_KEYS
        assert engine["options"]["type"] == "object"
        assert engine["readiness"].endswith(".")
        assert engine["residency"] in ("cold", "loading", "warm", "busy")


def test_an_engine_is_loaded_and_unloaded(client: Client) -> None:
    assert client.predict("hibari", api_name="/load")["residency"] in ("warm", "busy")
    report = client.predict("hibari", api_name="/unload")
    assert report["engine_id"] == "hibari" and report["workers"] >= 1 and report["held_gib"] > 0
    (hibari,) = [engine for engine in client.predict(api_name="/engines") if engine["id"] == "hibari"]
    assert hibari["residency"] == "cold"


def test_memory_is_told_alike_over_api_and_http(client: Client, server: RunningStudio) -> None:
    report = client.predict(api_name="/memory")
    assert report.keys() == httpx.get(f"{server.url}/memory").json().keys()
    assert report


def test_a_voice_is_saved_heard_and_deleted(client: Client) -> None:
    voice = client.predict("Linda", handle_file(str(SAMPLE)), "", ["calm"], "Public domain recording", api_name="/save_voice")
    assert voice["name"] == "Linda" and voice["tags"] == ["calm"]
    assert not any(str(value).startswith("/") for value in voice.values())
    assert "Linda" in [one["name"] for one in client.predict(api_name="/voices")]
    assert soundfile.info(local(client.predict("Linda", api_name="/voice_sample"))).duration > 3
    assert client.predict("Linda", api_name="/delete_voice")["name"] == "Linda"
    assert "no voice" in told(lambda: client.predict("Linda", api_name="/voice_sample"))


def test_preset_voices_are_listed_and_heard(client: Client) -> None:
    presets = [voice for voice in client.predict(api_name="/voices") if voice["preset"]]
    assert {"hibari", "espeak"} <= {voice["engine"] for voice in presets}
    for name in ("hibari/heart", next(voice["name"] for voice in presets if voice["engine"] == "espeak")):
        assert soundfile.info(local(client.predict(name, api_name="/voice_sample"))).duration > 0.5


def test_an_output_is_listed_and_deleted(client: Client) -> None:
    _, _, job = client.predict("Keep this not.", api_name="/voiceover")
    path = next(output["path"] for output in job["outputs"] if output["kind"] == "audio")
    (output,) = [one for one in client.predict(api_name="/outputs") if one["id"] == Path(path).name]
    assert Path(path).is_file()
    assert client.predict(output["id"], api_name="/delete_output")["id"] == output["id"]
    assert not Path(path).exists()


# What they are told when they are wrong


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"script": ""}, ["script"]),
        ({"script": "Hi.", "format": "wma"}, ["format", "wav"]),
        ({"script": "Hi.", "engine": "hibar"}, ["hibar", "hibari"]),
        ({"script": "Hi.", "voice": "hibari/hear"}, ["hear"]),
        ({"script": "Hi.", "voice": "Ann"}, ["Ann"]),
        ({"script": "Hi.", "engine": "hibari", "options": {"loudnes": 3}}, ["loudnes"]),
        ({"script": 5}, ["script"]),
        ({"script": "Hi.", "options": ["rate"]}, ["options"]),
    ],
)
def test_a_wrong_voiceover_is_refused_by_name(client: Client, arguments: dict[str, Any], words: list[str]) -> None:
    sentence = told(lambda: client.predict(**arguments, api_name="/voiceover"))
    assert all(word in sentence for word in words), sentence


@pytest.mark.parametrize(
    ("name", "arguments", "words"),
    [
        ("/job", ["nonsense"], ["nonsense"]),
        ("/cancel", ["nonsense"], ["nonsense"]),
        ("/jobs", ["finished"], ["finished", "done"]),
        ("/jobs", ["", 0], ["limit"]),
        ("/jobs", ["", "many"], ["limit"]),
        ("/outputs", [100_000], ["limit"]),
        ("/submit", ["voice-over", {}], ["voice-over", "voiceover"]),
        ("/submit", ["voiceover", {}], ["script"]),
        ("/submit", ["voiceover", {"script": "Hi.", "voise": "x"}], ["voise", "voice"]),
        ("/submit", ["voiceover", "a text"], ["spec"]),
        ("/delete_voice", ["nobody"], ["nobody"]),
        ("/delete_output", ["../jobs.db"], ["no output"]),
        ("/load", ["hibar"], ["hibari"]),
        ("/unload", ["nothing"], ["nothing"]),
    ],
)
def test_a_wrong_call_is_refused_in_words(client: Client, name: str, arguments: list[Any], words: list[str]) -> None:
    sentence = told(lambda: client.predict(*arguments, api_name=name))
    assert all(word in sentence for word in words), sentence


def test_a_clip_that_is_no_sound_is_refused(client: Client, tmp_path: Path) -> None:
    clip = tmp_path / "noise.wav"
    clip.write_bytes(b"RIFF nothing of the kind")
    told(lambda: client.predict("Broken", handle_file(str(clip)), api_name="/save_voice"))


# Raw HTTP


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({}, "script is missing"),
        ({"data": []}, "script is missing"),
        ({"data": "x"}, 'no list "data"'),
        ({"data": [1] * 9}, "takes 5"),
    ],
)
@pytest.mark.parametrize("route", ["run", "api", "call"])
def test_a_raw_call_that_is_short_is_told_so(server: RunningStudio, route: str, body: Any, words: str) -> None:
    answer = httpx.post(f"{server.url}/gradio_api/{route}/voiceover", json=body)
    assert answer.status_code == 422 and words in answer.json()["error"]


def test_a_raw_call_gets_defaults(server: RunningStudio) -> None:
    answer = httpx.post(f"{server.url}/gradio_api/run/jobs", json={"data": []})
    assert answer.status_code == 200 and isinstance(answer.json()["data"][0], list)


@pytest.mark.parametrize("data", [[None], [{"a": 1}], [["x"]], [3.5]])
def test_a_raw_call_with_garbage_is_told_so(server: RunningStudio, data: list[Any]) -> None:
    answer = httpx.post(f"{server.url}/gradio_api/run/job", json={"data": data})
    assert answer.status_code == 500 and "job_id" in answer.json()["error"]


@pytest.mark.parametrize("path", ["/etc/hostname", "/proc/self/environ"])
def test_a_raw_call_cannot_read_the_machine(server: RunningStudio, path: str) -> None:
    for clip, said in (
        ({"path": path}, "neither an upload nor an output"),
        ({"path": path, "meta": {"_type": "gradio.FileData"}}, "neither an upload nor an output"),
        (path, "audio is not an uploaded file"),
    ):
        answer = httpx.post(f"{server.url}/gradio_api/run/save_voice", json={"data": ["Thief", clip]})
        assert answer.status_code == (500 if clip is path else 422)
        assert said in answer.json()["error"] and path not in answer.text


def test_files_of_the_data_folder_are_not_served(server: RunningStudio) -> None:
    for name in ("jobs.db", "jobs.db-wal", "page.secret", "studio.lock", "logs/greenroom.log", "voices", "memory.db"):
        for address, status, said in (
            (f"/gradio_api/file={server.data / name}", 403, "neither an upload nor an output"),
            (f"/file={server.data / name}", 404, "no such page"),
            (f"/media/outputs/..%2F{name}", 404, "error" if "/" not in name else "no such"),
        ):
            answer = httpx.get(server.url + address)
            assert answer.status_code == status and said in answer.text, (address, answer.text[:200])


def test_an_uploaded_page_does_not_run_as_ours(server: RunningStudio) -> None:
    page = {"files": ("page.html", b"<script>alert(1)</script>", "text/html")}
    (path,) = httpx.post(f"{server.url}/gradio_api/upload", files=page).json()
    answer = httpx.get(f"{server.url}/gradio_api/file={path}")
    assert answer.status_code == 200 and answer.headers["content-security-policy"].startswith("sandbox")


def test_health_and_readiness(server: RunningStudio) -> None:
    assert httpx.get(f"{server.url}/healthz").json() == {"ok": True, "version": studio_version()}
    assert httpx.get(f"{server.url}/readyz").json() == {"ready": True}


@pytest.mark.parametrize("path", ["/", "/config", "/healthz", "/gradio_api/info", "/gradio_api/mcp/schema", "/media/outputs/x"])
def test_no_route_answers_to_a_foreign_host(server: RunningStudio, path: str) -> None:
    assert httpx.get(server.url + path, headers={"Host": "evil.example"}).status_code == 400


@pytest.mark.parametrize(
    "path", ["/gradio_api/run/jobs", "/gradio_api/upload", "/gradio_api/queue/join", "/gradio_api/mcp/", "/healthz"]
)
def test_no_route_takes_a_write_of_another_page(server: RunningStudio, path: str) -> None:
    for origin in ("http://evil.example", "http://localhost:3000", "null"):
        assert httpx.post(server.url + path, json={"data": []}, headers={"Origin": origin}).status_code == 403


# Media by id


def test_a_result_is_played_in_ranges_and_downloaded(client: Client, server: RunningStudio) -> None:
    _, _, job = client.predict("Play this again.", api_name="/voiceover")
    name = Path(next(output["path"] for output in job["outputs"] if output["kind"] == "audio")).name
    address = f"{server.url}/media/outputs/{name}"
    whole = httpx.get(address)
    assert whole.status_code == 200 and whole.headers["content-type"] == "audio/wav" and whole.content[:4] == b"RIFF"
    part = httpx.get(address, headers={"Range": "bytes=100-199"})
    assert part.status_code == 206 and part.content == whole.content[100:200]
    named = httpx.get(f"{address}?download=true").headers["content-disposition"]
    assert named == "attachment; filename*=utf-8''Play%20this%20again.wav", "a download bears its title"
    assert httpx.get(f"{address}/vtt").text.startswith("WEBVTT")
    assert httpx.get(f"{address}/exe").status_code == 404


def test_voices_and_portraits_that_ship_are_given_over_http(client: Client, server: RunningStudio) -> None:
    samples = f"{server.url}/media/voice-samples"
    assert httpx.get(samples, params={"voice": "hibari/heart"}, timeout=60).content[:4] == b"RIFF"
    shipped = next(voice["name"] for voice in client.predict(api_name="/voices") if voice.get("built_in"))
    assert httpx.get(samples, params={"voice": shipped}).content[:4] == b"RIFF"
    export = httpx.get(f"{server.url}/media/voices/{shipped}/export")
    assert export.status_code == 200 and export.headers["content-disposition"].startswith("attachment")
    missing = httpx.get(samples, params={"voice": "nobody"})
    assert missing.status_code == 404 and "nobody" in missing.json()["error"]
    assert httpx.get(f"{server.url}/media/voices/nobody/export").status_code == 404
    portrait = httpx.get(f"{server.url}/media/portraits/mona-lisa.jpg")
    assert portrait.status_code == 200 and portrait.headers["content-type"] == "image/jpeg"
    assert httpx.get(f"{server.url}/media/portraits/nobody.jpg").status_code == 404


@pytest.mark.parametrize("key", ["x", "..%2f..%2fjobs", "0" * 64, "A" * 64, "%00"])
def test_a_segment_that_is_none(server: RunningStudio, key: str) -> None:
    assert httpx.get(f"{server.url}/media/segments/{key}").status_code == 404


# Tools


def test_tools_are_listed_and_called(server: RunningStudio) -> None:
    import anyio
    from mcp import ClientSession
    from mcp.client.streamable_http import streamablehttp_client

    async def look() -> tuple[dict[str, Any], Any, Any]:
        async with (
            streamablehttp_client(f"{server.url}/gradio_api/mcp/") as (read, write, _),
            ClientSession(read, write) as session,
        ):
            await session.initialize()
            tools = {tool.name: tool for tool in (await session.list_tools()).tools}
            return tools, await session.call_tool("jobs", {"limit": 1}), await session.call_tool("job", {"job_id": "nonsense"})

    tools, listed, wrong = anyio.run(look)
    assert set(tools) == {name for name, one in OPERATIONS.items() if one.tool}
    assert "script" in tools["voiceover"].inputSchema["properties"]
    assert "wav" in tools["voiceover"].inputSchema["properties"]["format"]["description"]
    assert not listed.isError
    assert wrong.isError and "nonsense" in wrong.content[0].text


# Clients that go away


@pytest.mark.slow
def test_a_killed_client_leaves_its_job_running(client: Client, server: RunningStudio) -> None:
    call = f"Client({server.url!r}, verbose=False).predict({long_script()!r}, api_name='/voiceover')"
    script = f"from gradio_client import Client; {call}"
    process = subprocess.Popen([sys.executable, "-c", script])
    known = {job["id"] for job in client.predict("", 1000, api_name="/jobs")}

    def mine() -> list[dict[str, Any]]:
        return [job for job in client.predict("", 1000, api_name="/jobs") if job["id"] not in known]

    wait_until(lambda: any(job["state"] == "running" for job in mine()), 60)
    process.send_signal(signal.SIGKILL)
    process.wait()
    before = mine()[0]
    further = before["progress"] + 0.05  # some twenty pieces, by when the server has long noticed
    wait_until(lambda: mine()[0]["progress"] > further or mine()[0]["state"] == "done", 120)
    client.predict(before["id"], api_name="/cancel")
    wait_until(lambda: mine()[0]["state"] in ("cancelled", "done"))
