"""Five hundred broken files: no crash, no hang, each a written reason or a right result."""

from __future__ import annotations

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.attacks.broken_media import COUNT, break_them, readings
from tests.attacks.test_requests import SHOWN, ended
from tests.repository.sources import ROOT
from tests.servers import RunningStudio

PROCESSES = 2
LONGEST_SECONDS = 10


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    return break_them(tmp_path_factory.mktemp("broken"))


def read_in_a_process(folder: Path, first: int, last: int) -> list[dict[str, Any]]:
    command = [sys.executable, "-X", "faulthandler", "-m", "tests.attacks.broken_media", str(folder), str(first), str(last)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=400)
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 0 and len(found) == last - first, f"it ended at file {first + len(found)}: {done.stderr[-2000:]}"
    return found


@pytest.mark.slow
def test_every_way_in_reads_five_hundred_broken_files(broken: list[Path]) -> None:
    share = COUNT // PROCESSES
    with ThreadPoolExecutor(PROCESSES) as pool:
        parts = pool.map(lambda at: read_in_a_process(broken[0].parent, at, at + share), range(0, COUNT, share))
        found = [one for part in parts for one in part]
    assert len(found) == COUNT
    odd = [
        (one["file"], name, one[name])
        for one in found
        for name in readings()
        if one[name] != "right" and not one[name].startswith("reason: ")
    ]
    assert not odd
    assert not [one["file"] for one in found if one["seconds"] > LONGEST_SECONDS]
    reasons = [one[name] for one in found for name in readings() if one[name] != "right"]
    assert not [reason for reason in reasons if "/" in reason.replace("PNG, JPEG or WebP", "") or "Traceback" in reason]
    right = sum(one[name] == "right" for one in found for name in readings())
    assert 0.05 < right / (COUNT * len(readings())) < 0.8, "the files are not broken, or nothing is read"


@pytest.mark.slow
def test_a_few_of_them_over_http(guarded: RunningStudio, broken: list[Path]) -> None:
    """Of each kind of damage to each kind of file one, through the uploads and the jobs behind them."""
    ways = {
        "wav-cut_off": "transcribe", "mp3-other_head": "save_voice", "m4a-cut_off": "save_voice", "flac-nonsense": "transcribe",
        "png-cut_off": "image_to_video", "jpg-hole": "lip_sync", "webp-nonsense_head": "lip_sync",
        "mp4-cut_off": "animate_portrait",
    }  # fmt: skip
    with httpx.Client(base_url=guarded.url, headers=SHOWN, timeout=60) as web:
        jobs = []
        for damage, way in ways.items():
            path = next(one for one in broken if damage in one.name)
            (at,) = web.post("/gradio_api/upload", files={"files": (path.name, path.read_bytes())}).raise_for_status().json()
            if way == "save_voice":
                file = {"path": at, "meta": {"_type": "gradio.FileData"}}
                told = web.post("/gradio_api/run/save_voice", json={"data": [path.stem, file]})
                jobs.append((path.name, told.json()))
                continue
            spec = {
                "transcribe": ("transcription", {"audio": at}),
                "image_to_video": ("image_to_video", {"image": at, "prompt": "push in"}),
                "lip_sync": ("lip_sync", {"face": at, "audio": at}),
                "animate_portrait": ("animate_portrait", {"portrait": at, "driving_video": at}),
            }[way]
            answer = web.post("/gradio_api/run/submit", json={"data": list(spec)})
            jobs.append((path.name, answer.json() if answer.status_code != 200 else answer.json()["data"][0]))
        for name, told in jobs:
            if "state" in told:
                told = ended(web, told["id"])
                assert told["state"] == "done" or (
                    told["error"]["reason"] and "inside the studio" not in told["error"]["reason"]
                ), name
            else:
                assert told.get("error") or told.get("data"), (name, told)
    assert "Traceback" not in guarded.log.partition("not a media file")[2]
