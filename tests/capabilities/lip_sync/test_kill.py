"""kill -9 of the server in the middle of a lip-sync: it goes on at the part, and the file is that of an undisturbed run."""

from __future__ import annotations

import time
from collections import Counter
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import cv2
import pytest

from capabilities.registry import all_capabilities
from media.video.images import read_image, write_picture
from studio.services import Services
from studio.settings import load_settings
from tests.engines.faces.puppet.conftest import ASSETS
from tests.studio.jobs.server import READY, Server

pytestmark = pytest.mark.slow

PARTS = [0, 40, 80]
"""First pictures of the four-second parts of the speech."""


def speak_on(tell: Connection, data: str, specs: list[dict[str, Any]]) -> None:
    """The life of one server: the first submits the job, each later one goes on with it, and the last does it once more."""
    studio = Services.open(load_settings(data={"folder": data}), all_capabilities)
    tell.send(READY)
    (spec,) = specs
    first = studio.jobs.wait((studio.jobs.list() or [studio.jobs.submit("lip_sync", spec)])[0].id)
    again = studio.jobs.wait(studio.jobs.submit("lip_sync", spec).id)
    tell.send([(job.as_dict(), rendered(studio, job.id)) for job in (first, again)])
    studio.close()


def rendered(studio: Services, job: str) -> list[int]:
    return [event.data["first"] for event in studio.jobs.events(job) if event.kind == "part"]


def kill_when(data: Path, spec: dict[str, Any], parts: int) -> dict[Path, int]:
    """The finished parts, with the time each was written, when the server died with the next one begun."""
    server = Server(data, [spec], speak_on)
    assert server.hear() == READY
    patience = time.monotonic() + 60
    while len(finished := list(data.glob("scratch/*/parts/part-*.json"))) < parts or not list(
        data.glob("scratch/*/parts/.*.part.mp4")
    ):
        assert time.monotonic() < patience and server.process.is_alive()
        time.sleep(0.002)
    server.kill()
    return {one.with_suffix(".mp4"): one.with_suffix(".mp4").stat().st_mtime_ns for one in finished}


def test_a_killed_lip_sync_goes_on_at_the_part_and_ends_the_same(tmp_path: Path) -> None:
    data, face = tmp_path / "data", tmp_path / "data" / "uploads" / "face.png"
    face.parent.mkdir(parents=True)
    write_picture(face, cv2.resize(read_image(ASSETS / "portraits" / "astronaut.png")[20:300, 80:360], (200, 200)))
    sound = str(ASSETS / "voices" / "LJ001-0003.wav")
    spec = {"face": str(face), "audio": sound, "engine": "puppet", "fps": 10, "language": "de"}  # heard by loudness: quick
    first = kill_when(data, spec, parts=1)
    second = kill_when(data, spec, parts=2)
    assert len(second) < len(PARTS) and {path: second[path] for path in first} == first, "a finished part was written again"

    server = Server(data, [spec], speak_on)
    assert server.hear() == READY
    (killed, parts), (undisturbed, parts_of_it) = server.hear(120)
    server.process.join()
    assert killed["state"] == undisturbed["state"] == "done", (killed["error"], undisturbed["error"])
    assert parts_of_it == PARTS
    assert set(parts) <= set(PARTS) and max(Counter(parts).values()) == 1, "a finished part was rendered again"
    files = [Path(job["outputs"][0]["path"]) for job in (killed, undisturbed)]
    assert files[0] != files[1] and files[0].read_bytes() == files[1].read_bytes()
