"""The two public calls, as a script makes them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from gradio_client import handle_file
from gradio_client.exceptions import AppError

from media.audio.decode import probe
from media.video.read import probe_video
from tests.engines.faces.puppet.conftest import ASSETS, SENTENCE

pytestmark = pytest.mark.slow


def path_of(given: Any) -> Path:
    return Path(given["video"] if isinstance(given, dict) else given)


def test_a_face_speaks_and_leads_another_by_calls(client: Any) -> None:
    portraits = ASSETS / "portraits"
    video, job = client.predict(
        handle_file(str(portraits / "astronaut.png")), handle_file(str(SENTENCE)), "puppet", {"motion": 0.5}, api_name="/lip_sync"
    )
    assert job["state"] == "done" and job["kind"] == "lip_sync" and job["error"] is None
    spoken = path_of(video)
    assert abs(probe_video(spoken).duration - probe(SENTENCE).duration) < 0.06 and probe(spoken).has_audio
    followed, job = client.predict(
        handle_file(str(portraits / "mona-lisa.jpg")), handle_file(str(spoken)), api_name="/animate_portrait"
    )
    assert job["state"] == "done" and job["outputs"][0]["kind"] == "video"
    assert probe_video(path_of(followed)).frames == probe_video(spoken).frames


@pytest.mark.parametrize(
    ("face", "options", "words"),
    [(SENTENCE, {}, "no pictures"), (ASSETS / "portraits" / "astronaut.png", {"nose": 1}, "nose")],
    ids=["sound as a face", "unknown option"],
)
def test_what_cannot_be_is_told_to_the_caller(client: Any, face: Path, options: dict[str, Any], words: str) -> None:
    with pytest.raises(AppError, match=words):
        client.predict(handle_file(str(face)), handle_file(str(SENTENCE)), "puppet", options, api_name="/lip_sync")
