"""Answers in all their forms, read without a server."""

from __future__ import annotations

import socket
import struct

import psutil
import pytest

from studio.access.local_listeners import is_local
from studio.comfyui.client.events import RunProgress, read_preview
from studio.comfyui.client.refusal import read_refusal
from studio.comfyui.client.status import (
    Failed,
    Finished,
    Interrupted,
    Queued,
    Running,
    ServerQueue,
    explain_error,
    read_history,
)

FILE = {"filename": "out_00001_.mp4", "subfolder": "studio/x", "type": "output"}


@pytest.mark.parametrize("name", ["images", "gifs", "video", "audio", "something_new"])
def test_results_are_found_under_whatever_name(name: str) -> None:
    told = {"p": {"outputs": {"9": {name: [FILE, {"filename": "t.png", "type": "temp"}], "animated": [True], "text": ["x"]}}}}
    status = read_history(told, "p")
    assert isinstance(status, Finished) and [file.filename for file in status.files] == ["out_00001_.mp4"]


def test_nothing_is_told_of_a_job_that_is_not_in_the_history() -> None:
    assert read_history({}, "p") is None and read_history([], "p") is None and read_history({"p": None}, "p") is None


@pytest.mark.parametrize("messages", [[["execution_interrupted", {}]], ["execution_interrupted: by someone"]])
def test_an_interrupted_job_is_not_a_failed_one(messages: list) -> None:
    assert isinstance(read_history({"p": {"status": {"status_str": "error", "messages": messages}}}, "p"), Interrupted)


def test_sentences_of_errors_hold_neither_paths_nor_tracebacks() -> None:
    words = "No such file: /home/anna/ComfyUI/models/vae/x.safetensors\n"
    told = {"node_id": "4", "node_type": "VAEDecode", "exception_type": "FileNotFoundError", "exception_message": words}
    told["traceback"] = "File /home/anna"
    failed = explain_error(told, {"4": "Decode the result"})
    assert isinstance(failed, Failed) and failed.message.code == "comfyui.model-file-damaged"
    assert str(failed.message) == "ComfyUI failed in Decode the result: No such file: x.safetensors."
    assert isinstance(explain_error({}), Failed)


@pytest.mark.parametrize(
    "words",
    ["CUDA out of memory. Tried to allocate", "Allocation on device", "HIP out of memory", "ran out of memory on your GPU"],
)
def test_out_of_memory_is_known_by_type_or_words(words: str) -> None:
    kind = "torch.OutOfMemoryError" if "memory" not in words else "RuntimeError"
    assert explain_error({"exception_type": kind, "exception_message": words}).out_of_memory


def test_all_objections_of_a_refusal_are_told() -> None:
    def objection(kind: str, name: str, value: object = None) -> dict:
        return {"type": kind, "message": "m", "details": "d", "extra_info": {"input_name": name, "received_value": value}}

    unknown = "C:\\models\\vae\\a.safetensors"
    told = {
        "error": {"type": "prompt_outputs_failed_validation", "message": "Prompt outputs failed validation", "details": ""},
        "node_errors": {
            "3": {"class_type": "KSampler", "errors": [objection("value_bigger_than_max", "steps", 99_999)]},
            "4": {"class_type": "VAELoader", "errors": [objection("value_not_in_list", "vae_name", unknown)]},
        },
    }  # fmt: skip
    refusal = read_refusal(told, {"4": "The decoder"})
    assert refusal is not None
    assert refusal.sentences == (
        "KSampler: steps is too large at 99999.",
        "The decoder knows no vae_name called “a.safetensors”.",
    )
    assert read_refusal({"prompt_id": "x", "number": 1, "node_errors": {}}) is None
    assert read_refusal({"error": "no prompt", "node_errors": []}) is not None


def test_places_in_the_queue_follow_the_numbers() -> None:
    told = {"queue_running": [[4, "a", {}, {}, []]], "queue_pending": [[9, "c", {}, {}, []], [5, "b", {}, {}, []], ["x"], None]}
    queue = ServerQueue.read(told)
    assert [queue.place(name) for name in "abcd"] == [Running(), Queued(1), Queued(2), None]
    assert ServerQueue.read(None) == ServerQueue() == ServerQueue.read({"queue_running": 1})


def test_progress_counts_nodes_and_never_falls() -> None:
    course = RunProgress({"1": "Load", "2": "Sample", "3": "Save"})
    seen = []
    for kind, data in (
        ("execution_cached", {"nodes": ["1"]}),
        ("executing", {"node": "2"}),
        ("progress", {"node": "2", "value": 2, "max": 4}),
        ("progress_state", {"nodes": {"2": {"state": "running", "value": 3, "max": 4}, "1": {"state": "finished"}}}),
        ("progress", {"node": "2", "value": 0, "max": 0}),
        ("executing", {"node": "3"}),
        ("executed", {"node": "3"}),
    ):
        course.hear(kind, data)
        seen.append(round(course.fraction, 2))
    assert seen == [0.33, 0.33, 0.5, 0.58, 0.58, 0.67, 1.0]


def test_pictures_come_out_of_binary_frames_of_this_job_alone() -> None:
    from io import BytesIO

    from PIL import Image

    written = BytesIO()
    Image.new("RGB", (8, 8), "red").save(written, "PNG")
    about = b'{"prompt_id": "p", "node_id": "2"}'
    frame = struct.pack(">II", 4, len(about)) + about + written.getvalue()
    assert (read_preview(frame, "p") or b"")[:2] == b"\xff\xd8"
    assert read_preview(frame, "another") is None
    assert (read_preview(struct.pack(">II", 1, 2) + written.getvalue(), "p") or b"")[:2] == b"\xff\xd8"
    for nothing in (b"", struct.pack(">II", 3, 1) + b"1text", struct.pack(">II", 1, 1) + b"no picture"):
        assert read_preview(nothing, "p") is None


def test_this_machine_is_known_by_loopback_name_and_address() -> None:
    own = next(one.address for listed in psutil.net_if_addrs().values() for one in listed if one.family == socket.AF_INET)
    for host in ("127.0.0.1", "localhost", "[::1]", own, socket.gethostname()):
        assert is_local(f"http://{host}:8188"), host
    assert not is_local("http://gpu-box.invalid:8188") and not is_local("http://192.0.2.7")
