"""A disk that is really full, under a studio at work: every way says so in words, and nothing is lost once there is room."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from api.security.uploads import UPLOAD
from tests.servers import RunningStudio, long_script, running_studio, wait_until

SIZE_MB = 800


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A folder that is a disk of its own."""
    folder = tmp_path / "disk"
    folder.mkdir()
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={SIZE_MB}m", "tmpfs", str(folder)], capture_output=True, text=True
    )
    if made.returncode:
        pytest.skip(f"No disk may be mounted here: {made.stderr.strip()[:100]}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=False)


def fill(folder: Path) -> Path:
    ballast = folder / "ballast"
    with ballast.open("ab", buffering=0) as file, pytest.raises(OSError, match="No space"):
        for size in (1 << 20, 1 << 12):
            while file.write(bytes(size)):
                pass
    return ballast


def job(studio: RunningStudio, call: str, *values: object) -> dict[str, object]:
    answer = httpx.post(f"{studio.url}/gradio_api/run/{call}", json={"data": list(values)}, timeout=60)
    assert answer.status_code == 200, answer.text
    return dict(answer.json()["data"][0])


@pytest.mark.slow
def test_a_disk_that_is_full_in_the_middle_of_the_work(small_disk: Path) -> None:
    with running_studio(small_disk / "data") as studio:
        running = job(studio, "submit", "voiceover", {"script": long_script(30)})["id"]
        wait_until(
            lambda: job(studio, "job", running)["state"] == "running" and float(str(job(studio, "job", running)["progress"])) > 0
        )
        ballast = fill(small_disk)

        ready = httpx.get(f"{studio.url}/readyz", timeout=60)
        assert ready.status_code == 503 and "full" in ready.text
        sent = httpx.post(studio.url + UPLOAD, files={"files": ("a.wav", os.urandom(3_000_000))}, timeout=60)
        assert sent.status_code == 507 and "full" in sent.json()["error"]
        heard = httpx.post(f"{studio.url}/v1/audio/transcriptions", files={"file": ("a.wav", os.urandom(3_000_000))}, timeout=60)
        assert heard.status_code >= 400 and "full" in heard.json()["error"]["message"]
        refused = httpx.post(f"{studio.url}/gradio_api/run/submit", json={"data": ["voiceover", {"script": "One."}]}, timeout=60)
        assert refused.status_code >= 400 and "free" in refused.text

        def told() -> bool:
            """The end stands in the note, or in the row where the database had room left in its log."""
            row = job(studio, "job", running)
            return "cannot be written yet" in str(row["note"]) or row["state"] == "failed"

        wait_until(told, 120)
        row = job(studio, "job", running)
        assert "full" in str(row["note"]) + str(row["error"])
        ballast.unlink()
        wait_until(lambda: job(studio, "job", running)["state"] in ("done", "failed"))
        ended = job(studio, "job", running)
        assert ended["note"] == "" and str(small_disk) not in str(ended)
        if ended["state"] == "failed":
            assert "full" in str(ended["error"])
            again = job(studio, "retry", running)["id"]
            wait_until(lambda: job(studio, "job", again)["state"] == "done", 120)
        assert httpx.get(f"{studio.url}/readyz", timeout=60).status_code == 200
        assert not list((studio.data / "uploads").glob("tmp*"))
