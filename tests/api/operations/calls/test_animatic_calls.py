"""The endpoints that make clips, through gradio_client."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from gradio_client import handle_file
from PIL import Image

from media.video.read import probe_video


def test_a_clip_from_a_picture(client: Any, tmp_path: Path) -> None:
    Image.new("RGB", (120, 80), (30, 120, 200)).save(tmp_path / "sky.png")
    spec = {
        "image": handle_file(str(tmp_path / "sky.png")),
        "prompt": "pan left",
        "engine": "animatic",
        "options": {"motion": 0.5},
    }
    video, job = client.predict(**spec, api_name="/image_to_video")
    info = probe_video(video)
    assert (info.width, info.height) == (1280, 720) and 3.5 < info.duration < 4.5
    assert job["kind"] == "image_to_video" and job["state"] == "done" and job["outputs"][0]["kind"] == "video"


def test_a_spoken_clip_from_words(client: Any) -> None:
    video, job = client.predict("Night falls.", "animatic", {}, api_name="/text_to_video")
    info = probe_video(video)
    assert (info.width, info.height, info.has_audio) == (1280, 720, True) and 1 < info.duration < 5
    assert (job["kind"], job["state"]) == ("text_to_video", "done")
    assert [output["kind"] for output in job["outputs"]] == ["video", "subtitles", "subtitles"]


def test_wrong_calls_are_answered_in_words(client: Any) -> None:
    with pytest.raises(Exception, match="mood"):
        client.predict("the sea", "animatic", {"mood": "jolly"}, api_name="/text_to_video")
    with pytest.raises(Exception, match="no prompt"):
        client.predict(" ", api_name="/text_to_video")
