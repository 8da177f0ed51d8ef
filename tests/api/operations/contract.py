"""What scripts depend on, recorded: every public call as gradio_client sees it, the shapes of answers, the words of errors.

`python -m tests.api.operations.contract` records it anew into contract.json, from the studio as it stands. A record is made
when the public API is meant to change, and never to make a test pass: what stands in it is promised.
"""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import soundfile
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError
from PIL import Image

from tests.repository.sources import ROOT
from tests.servers import RunningStudio, running_studio, wait_until

RECORD = Path(__file__).with_name("contract.json")
SAMPLE = ROOT / "assets" / "voices" / "LJ001-0001.wav"
PORTRAIT = ROOT / "assets" / "portraits" / "astronaut.png"
LINES = "The first one stays, because it is long enough to catch how somebody speaks. The second one goes."
SHORT_SPEECH = 33_000
"""Samples of the sound that a portrait speaks: each second of its film is swapped and enlarged after it."""
DEEPEST = 3
FREE_KEYS = frozenset({"options", "spec", "data", "params", "defaults", "totals", "models", "versions", "rooms"})
"""Keys whose dicts hold whatever the engine, the kind of job or the machine brings."""


def calls_of(client: Client) -> dict[str, Any]:
    """Names, parameters with their types and defaults, and types of what comes back."""
    named = client.view_api(return_format="dict", print_info=False)["named_endpoints"]
    return {
        name: {
            "parameters": [
                [one["parameter_name"], one["python_type"]["type"], one["parameter_has_default"], one["parameter_default"]]
                for one in endpoint["parameters"]
            ],
            "returns": [one["python_type"]["type"] for one in endpoint["returns"]],
        }
        for name, endpoint in sorted(named.items())
    }


def tools_of(studio: RunningStudio) -> dict[str, Any]:
    """The tools of the MCP server: what each needs, its arguments, and what it is said to do to the studio."""
    asked = {"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {}}
    accepts = {"Accept": "application/json, text/event-stream"}
    answer = httpx.post(f"{studio.url}/gradio_api/mcp/", json=asked, headers=accepts, timeout=30)
    line = next(line for line in answer.text.splitlines() if line.startswith("data: "))
    return {
        tool["name"]: {
            "required": tool["inputSchema"].get("required", []),
            "arguments": {
                name: one.get("type", sorted(str(each.get("type")) for each in one.get("anyOf", [])))
                for name, one in tool["inputSchema"]["properties"].items()
            },
            "reads": tool["annotations"]["readOnlyHint"],
            "destroys": bool(tool["annotations"].get("destructiveHint")),
        }
        for tool in json.loads(line.removeprefix("data: "))["result"]["tools"]
    }


def shape(value: Any, key: str = "", depth: int = 0) -> Any:
    """What kind of thing `value` is: keys of dicts, what lists hold, names of plain kinds."""
    if isinstance(value, dict):
        if key in FREE_KEYS or depth == DEEPEST:
            return "object"
        return {name: shape(inner, name, depth + 1) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        items = [shape(one, key, depth + 1) for one in value]
        return [_merged(items)] if isinstance(value, list) else items
    if isinstance(value, bool) or value is None:
        return "boolean" if value is not None else "null"
    return "number" if isinstance(value, int | float) else "file" if _is_file(value) else "text"


def _is_file(value: str) -> bool:
    return value.startswith(tempfile.gettempdir()) and Path(value).is_file()


def _merged(items: list[Any]) -> Any:
    if not items:
        return None
    dicts = [one for one in items if isinstance(one, dict)]
    if len(dicts) != len(items):
        return next((one for one in items if one != "null"), "null")
    common = [key for key in dicts[0] if all(key in one for one in dicts)]
    return {key: _merged([one[key] for one in dicts]) for key in common}


Step = tuple[str, tuple[Any, ...]]


class Session:
    """A day in the studio: calls that build on each other, each answer kept. Two that take long are left out: the answer of
    `animate_portrait` is that of `lip_sync`, and the doctor's is held by its own tests."""

    def __init__(self, client: Client, folder: Path) -> None:
        self.client, self.folder = client, folder
        self.shapes: dict[str, Any] = {}

    def call(self, name: str, *values: Any) -> Any:
        answer = self.client.predict(*values, api_name=f"/{name}")
        self.shapes[name] = shape(answer)
        return answer

    def done(self, job: dict[str, Any]) -> dict[str, Any]:
        wait_until(lambda: self.client.predict(job["id"], api_name="/job")["state"] in ("done", "failed"), 90)
        found: dict[str, Any] = self.client.predict(job["id"], api_name="/job")
        assert found["state"] == "done", found
        return found

    def play(self) -> dict[str, Any]:
        for part in (self._voices, self._narration, self._pictures, self._machine):
            part()
        return dict(sorted(self.shapes.items()))

    def _voices(self) -> None:
        clip = handle_file(str(SAMPLE))
        self.call("judge_voice", clip)
        self.call("nearest_voice", clip)
        self.call("save_voice", "Linda", clip, "", ["calm"], "Public domain")
        self.call("save_voice_part", "Part", clip, 0.0, 4.0, "printing")
        self.call("update_voice", "Part", "Whole", None, ["warm"])
        self.call("voice_sample", "Linda")
        package = self.call("export_voice", "Whole")
        self.call("import_voice", handle_file(package))
        self.call("voices")
        self.call("delete_voice", "Whole")

    def _narration(self) -> None:
        audio, _, job = self.call("voiceover", LINES, "hibari/heart", "hibari")
        self.call("job", job["id"])
        self.call("jobs", "done", 10)
        self.call("job_history", job["id"])
        pieces = self.call("segments", job["id"])
        edited = self.done(self.call("edit_segment", job["id"], pieces[1]["id"], "The second one came."))
        again = self.done(self.call("respeak_segment", job["id"], pieces[0]["id"]))
        takes = self.client.predict(again["id"], api_name="/segments")[0]["takes"]
        seed = takes[0]["seed"] if takes else 1
        self.done(self.call("pick_take", job["id"], pieces[0]["id"], seed))
        self.call("keep_voice", edited["id"], pieces[0]["id"], "Kept")
        self.call("transcribe", handle_file(audio), "auto", "en")
        self.call("estimate", "voiceover", {"script": "How long is this?"})
        self.call("retry", self.done(self.call("submit", "voiceover", {"script": "Short."}))["id"])
        name = Path(job["outputs"][0]["path"]).name
        self.call("recipe", name)
        self.call("outputs", 5)
        self.call("delete_output", name)
        self.call("remove_job", edited["id"])
        self._waiting()

    def _waiting(self) -> None:
        """Three that take long, so that the last one is still in the queue."""
        scripts = ("\n\n".join(f"Number {which}, paragraph {count} of many." for count in range(400)) for which in range(3))
        jobs = [self.call("submit", "voiceover", {"script": script}) for script in scripts]
        self.call("move_job", jobs[-1]["id"], 1)
        for job in jobs:
            self.call("cancel", job["id"])

    def _pictures(self) -> None:
        Image.new("RGB", (120, 80), (30, 120, 200)).save(self.folder / "sky.png")
        options = {"motion": 0.5}
        speech = self.folder / "speech.wav"
        soundfile.write(speech, *soundfile.read(SAMPLE, frames=SHORT_SPEECH))
        video, _ = self.call("lip_sync", handle_file(str(PORTRAIT)), handle_file(str(speech)), "puppet", options)
        film = handle_file(_path(video))
        self.call("character_swap", "basic-face-swap", handle_file(str(PORTRAIT)), film)
        clip, _ = self.call("image_to_video", handle_file(str(self.folder / "sky.png")), "pan left", "animatic")
        self.call("text_to_video", "Night falls.", "animatic")
        self.call("upscale", handle_file(_path(clip)), "auto", {"scale": 2})

    def _machine(self) -> None:
        self.call("load", "hibari")
        for name in ("engines", "memory", "memory_history", "machine_events", "environments", "weights", "run_times", "disk"):
            self.call(name)
        self.call("unload", "hibari")
        self.call("set_idle", "hibari", 60)
        self.call("free_disk", "logs")
        self.call("log", "greenroom", "INFO")
        self.call("support_bundle")
        self.call("templates")
        self.call("template", "wan22-animate-swap")
        self.call("comfyui_models")


def _path(video: Any) -> str:
    return str(video["video"] if isinstance(video, dict) else video)


def wrong_calls(folder: Path) -> Iterator[tuple[str, str, tuple[Any, ...]]]:
    """A label, a call and values that it refuses."""
    (folder / "noise.wav").write_bytes(b"RIFF nothing of the kind")
    (folder / "graph.json").write_text("{}")
    shutil.copy(SAMPLE, folder / "sound.wav")  # a name that no way in writes otherwise
    broken, sound, graph = (handle_file(str(folder / name)) for name in ("noise.wav", "sound.wav", "graph.json"))
    yield "an empty script", "voiceover", ("",)
    yield "an unknown format", "voiceover", ("Hi.", "", "auto", {}, "wma")
    yield "an unknown engine", "voiceover", ("Hi.", "", "hibar")
    yield "an unknown voice", "voiceover", ("Hi.", "hibari/hear")
    yield "an unknown option", "voiceover", ("Hi.", "", "hibari", {"loudnes": 3})
    yield "a number for a text", "voiceover", (5,)
    yield "a list for options", "voiceover", ("Hi.", "", "auto", ["rate"])
    yield "no sound", "save_voice", ("Broken", broken)
    yield "a name with a slash", "save_voice", ("../x", sound)
    yield "no voice file", "import_voice", (sound,)
    yield "an end before the start", "save_voice_part", ("Part", sound, 4.0, 1.0)
    yield "a sound as a face", "lip_sync", (sound, sound, "puppet")
    yield "no prompt", "text_to_video", (" ",)
    yield "no server", "import_template", (graph, "Mine")
    yield "an unknown template", "template", ("scail-swap",)
    yield "a template that ships", "delete_template", ("scail2-swap",)
    yield "an unknown kind", "submit", ("voice-over", {})
    yield "a kind without its field", "submit", ("voiceover", {})
    yield "a text for a spec", "submit", ("voiceover", "a text")
    yield "nothing to foretell", "estimate", ("doctor", {})
    for name in ("job", "cancel", "retry", "remove_job", "job_history", "segments"):
        yield f"an unknown job for {name}", name, ("nonsense",)
    yield "an unknown job to move", "move_job", ("nonsense",)
    yield "no place", "move_job", ("nonsense", 0)
    for name in ("respeak_segment",):
        yield f"an unknown job for {name}", name, ("nonsense", "x")
    yield "an unknown state", "jobs", ("finished",)
    yield "too small a limit", "jobs", ("", 0)
    yield "a text for a limit", "jobs", ("", "many")
    yield "too large a limit", "outputs", (100_000,)
    for name in ("delete_voice", "voice_sample", "export_voice", "update_voice"):
        yield f"an unknown voice for {name}", name, ("nobody",)
    yield "a path for an output", "delete_output", ("../jobs.db",)
    yield "an unknown output", "recipe", ("nothing.wav",)
    for name in ("load", "unload", "set_idle"):
        yield f"an unknown engine for {name}", name, ("hibar",)
    yield "a room that stays", "free_disk", ("voices",)
    yield "an address that is never asked", "set_language_server", ("http://169.254.169.254",)
    yield "an empty question", "ask_language", (" ",)
    yield "no language model", "ask_language", ("Say hello.",)
    yield "an unknown level", "log", ("greenroom", "LOUD")
    yield "too large a limit of events", "machine_events", (1000,)


def errors_of(client: Client, folder: Path) -> dict[str, list[str]]:
    """What a caller is told, by label: the call and the sentence."""
    told = {}
    for label, name, values in wrong_calls(folder):
        told[label] = [name, sentence(lambda name=name, values=values: client.predict(*values, api_name=f"/{name}"))]  # type: ignore[misc]
    return told


def sentence(call: Callable[[], Any]) -> str:
    """The words of the error that `call` raises, as gradio_client gives them; "" when it raises none."""
    try:
        call()
    except AppError as error:
        return str(error)
    return ""


def observe(studio: RunningStudio, folder: Path) -> dict[str, Any]:
    """The whole contract as one studio keeps it."""
    client = studio.client()
    return {
        "calls": calls_of(client),
        "tools": tools_of(studio),
        "errors": errors_of(client, folder),
        "answers": Session(client, folder).play(),
    }


def main() -> int:
    with tempfile.TemporaryDirectory() as made, running_studio(Path(made) / "data") as studio:
        found = observe(studio, Path(made))
    RECORD.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", "utf-8")
    sys.stdout.write(f"{len(found['calls'])} calls are recorded in {RECORD.name}\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
