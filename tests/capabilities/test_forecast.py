"""What a job would take, before it is handed in: through the API, learned from this studio's own runs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from gradio_client.exceptions import AppError

from tests.repository.sources import ROOT
from tests.servers import RunningStudio


def test_a_narration_is_foretold_once_one_has_run(client: Any) -> None:
    pieces = [f"Ferry number {number} leaves the northern harbour a little after noon." for number in range(12)]
    spec = {"script": "\n\n".join(pieces)}  # a script of its own: what another test has rendered takes no time
    client.predict("voiceover", spec, api_name="/estimate")
    client.predict(spec["script"], api_name="/voiceover")
    told = client.predict("voiceover", {"script": spec["script"] + "And more."}, api_name="/estimate")
    assert told["engine"] == "hibari" and told["frames"] == 0
    assert 5 < told["seconds"] < 120
    assert 0 < told["time"]["seconds"] < 60 and told["time"]["runs"] >= 1
    assert told["fits"] is True and told["memory"]
    before = {job["id"] for job in client.predict("", 50, api_name="/jobs")}
    client.predict("voiceover", spec, api_name="/estimate")
    assert {job["id"] for job in client.predict("", 50, api_name="/jobs")} == before, "nothing is queued"


def test_a_clip_and_a_face_are_foretold(client: Any, server: RunningStudio) -> None:
    shots = [{"prompt": "a boat", "frames": 48}, {"prompt": "a house", "seconds": 2.0}]
    told = client.predict("text_to_video", {"shots": shots, "size": "640x360", "fps": 24}, api_name="/estimate")
    assert (told["engine"], told["frames"], told["seconds"]) == ("animatic", 96, 4.0)
    portrait = server.data / "uploads" / "forecast.png"
    portrait.parent.mkdir(exist_ok=True)
    portrait.write_bytes(Path(ROOT / "assets/portraits/astronaut.png").read_bytes())
    spec = {"face": str(portrait), "text": "Good morning, and welcome."}
    face = client.predict("lip_sync", spec, api_name="/estimate")
    assert face["engine"] == "puppet" and face["frames"] == pytest.approx(25 * face["seconds"], abs=2)


@pytest.mark.parametrize(
    ("kind", "spec", "words"),
    [
        ("install_environment", {"name": "models"}, "Nothing can be foretold"),
        ("nonsense", {}, "Nothing can be foretold"),
        ("voiceover", {"script": "  "}, "empty"),
        ("text_to_video", {"prompt": "a boat", "size": "513x511"}, "513"),
    ],
)
def test_what_cannot_be_is_said(client: Any, kind: str, spec: dict[str, Any], words: str) -> None:
    with pytest.raises(AppError, match=words):
        client.predict(kind, spec, api_name="/estimate")
