"""kill -9 of the server in the middle of a clip: it goes on at the shot, and cancel ends it soon."""

from __future__ import annotations

import time
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import pytest

from capabilities.registry import all_capabilities
from media.video.write import count_pictures
from studio.jobs.model import JobState
from studio.services import Services
from studio.settings import load_settings
from tests.capabilities.video.conftest import ClipMaker
from tests.studio.jobs.server import READY, Server

SPEC = {
    "shots": [{"prompt": f"hills number {number} in the morning", "frames": 60} for number in range(8)],
    "size": "480x270", "seed": 3, "captions": "off",
}  # fmt: skip


def film(tell: Connection, data: str, specs: list[dict[str, Any]]) -> None:
    """The life of one server: the clip is submitted by the first one, and gone on with by each later one."""
    studio = Services.open(load_settings(data={"folder": data}), all_capabilities)
    tell.send(READY)
    if not studio.jobs.list():
        studio.jobs.submit("text_to_video", specs[0])
    job = studio.jobs.wait(studio.jobs.list()[0].id)
    tell.send((job.as_dict(), [event.data["index"] for event in studio.jobs.events(job.id) if event.kind == "shot"]))
    studio.close()


@pytest.mark.slow
def test_a_killed_clip_goes_on_at_the_shot(tmp_path: Path) -> None:
    data = tmp_path / "data"
    server = Server(data, [SPEC], film)
    assert server.hear() == READY
    patience = time.monotonic() + 90
    while len(list((data / "clips").rglob("[!.]*.json"))) < 3:
        assert time.monotonic() < patience
        time.sleep(0.01)
    server.kill()
    noted = [path.with_suffix(".mp4") for path in (data / "clips").rglob("[!.]*.json")]  # a clip without its note is not kept yet
    kept = {path.stem: path.stat().st_mtime_ns for path in noted}
    assert 3 <= len(kept) < 8
    server = Server(data, [SPEC], film)
    assert server.hear() == READY
    job, rendered = server.hear(120)
    server.process.join()
    assert job["state"] == "done", job["error"]
    assert len(rendered) == len(set(rendered)), "a shot that was kept was rendered again"
    now = {path.stem: path.stat().st_mtime_ns for path in (data / "clips").rglob("*.mp4")}
    assert len(now) == 8 and all(now[name] == at for name, at in kept.items())
    assert count_pictures(Path(job["outputs"][0]["path"])) == 480


@pytest.mark.realtime
def test_cancel_ends_a_clip_soon(maker: ClipMaker) -> None:
    shots = [{"prompt": f"a long look at hill {number}", "seconds": 60} for number in range(4)]
    job = maker.studio.jobs.submit("text_to_video", {"shots": shots, "size": "720p", "seed": 1})
    patience = time.monotonic() + 60
    preview = maker.studio.paths.scratch / job.id / "preview.jpg"
    while not preview.exists():
        assert time.monotonic() < patience
        time.sleep(0.05)
    assert preview.read_bytes()[:2] == b"\xff\xd8"
    asked = time.monotonic()
    maker.studio.jobs.cancel(job.id)
    ended = maker.studio.jobs.wait(job.id, 30)
    assert ended.state is JobState.CANCELLED
    assert time.monotonic() - asked < 5
