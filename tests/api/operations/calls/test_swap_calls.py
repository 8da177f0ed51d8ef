"""A swap over the API, as a script makes it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest
from gradio_client import handle_file
from gradio_client.exceptions import AppError

from media.video.read import Picture, probe_video
from tests.engines.swap.conftest import DONOR, write_clip
from tests.servers import RunningStudio


def test_a_script_swaps_a_face(client: Any, server: RunningStudio, face: Picture, tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "clip.mp4", [face] * 10, sound=True)
    video, job = client.predict(
        "basic-face-swap", handle_file(str(DONOR)), handle_file(str(clip)), {"light": 0.5}, api_name="/character_swap"
    )
    info = probe_video(video)
    assert job["state"] == "done" and job["kind"] == "character_swap"
    assert (info.width, info.height, info.frames, info.has_audio) == (240, 240, 10, True)
    with pytest.raises(AppError, match="light"):
        client.predict(
            "basic-face-swap", handle_file(str(DONOR)), handle_file(str(clip)), {"light": 5}, api_name="/character_swap"
        )
    assert client.predict(api_name="/templates")[0]["id"] == "basic-face-swap"


def test_files_of_swaps_are_looked_up_and_never_named(server: RunningStudio) -> None:
    """The graph of a template comes as ComfyUI opens it; nothing else can be asked for that way."""
    template = next(one for one in server.client().predict(api_name="/templates") if not one.get("builtin"))
    graph = httpx.get(f"{server.url}/media/templates/{template['id']}").json()
    assert graph and all("class_type" in node for node in graph.values())
    for wrong in ("templates/none", "assets/none", "assets/..%2Fjobs.db"):
        assert httpx.get(f"{server.url}/media/{wrong}").status_code == 404
