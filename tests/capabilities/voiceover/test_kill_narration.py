"""kill -9 of the server in the middle of a real narration, twenty times: the programme is the same to the last sample."""

from __future__ import annotations

import random
import re
import time
from collections import Counter
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from capabilities.registry import all_capabilities
from media.audio.decode import decode_audio
from studio.services import Services
from studio.settings import load_settings
from tests.repository.sources import ROOT
from tests.studio.jobs.server import READY, Server

KILLS_WHILE_SPEAKING = 16
KILLS_AT_ANY_MOMENT = 4
SENTENCES = 40

pytestmark = pytest.mark.slow


def narrate(tell: Connection, data: str, specs: list[dict[str, Any]]) -> None:
    """The life of one server: the narration is submitted by the first one, and gone on with by each later one."""
    studio = Services.open(load_settings(data={"folder": data}), all_capabilities)
    tell.send(READY)
    if not studio.jobs.list():
        studio.jobs.submit("voiceover", specs[0])
    job = studio.jobs.wait(studio.jobs.list()[0].id)
    rendered = [event.data["id"] for event in studio.jobs.events(job.id) if event.kind == "segment"]
    tell.send((job.as_dict(), rendered))
    studio.close()


def short_sentences(many: int) -> list[str]:
    """Of a real text, so that little speech makes many pieces."""
    text = (ROOT / "tests/data/narration.txt").read_text("utf-8")
    sentences = dict.fromkeys(re.findall(r"[A-Z][\w’, -]{10,40}[.!?]", text))
    assert len(sentences) >= many
    return list(sentences)[:many]


def pieces(data: Path) -> int:
    return sum(1 for _ in (data / "segments").rglob("*.json"))


def finish(data: Path, spec: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    server = Server(data, [spec], narrate)
    assert server.hear() == READY
    ended = server.hear(300)
    server.process.join()
    return ended


def kill_somewhere(data: Path, spec: dict[str, Any], chance: random.Random, *, after_pieces: int) -> None:
    server, before = Server(data, [spec], narrate), pieces(data)
    assert server.hear() == READY
    patience = time.monotonic() + 60
    while pieces(data) < before + after_pieces and server.process.is_alive():
        assert time.monotonic() < patience, "the narration does not go on"
        time.sleep(0.005)
    time.sleep(chance.uniform(0, 0.1))
    assert server.process.is_alive(), "the narration was finished before it could be killed"
    server.kill()


@pytest.mark.timeout(600)
def test_a_narration_killed_twenty_times_equals_an_undisturbed_one(tmp_path: Path) -> None:
    spec = {"script": "\n\n".join(short_sentences(SENTENCES))}
    calm, stormy = tmp_path / "calm", tmp_path / "stormy"
    undisturbed, rendered = finish(calm, spec)
    assert undisturbed["state"] == "done" and max(Counter(rendered).values()) == 1

    chance = random.Random(20261121)
    for _ in range(KILLS_WHILE_SPEAKING):
        kill_somewhere(stormy, spec, chance, after_pieces=chance.randint(1, 2))
    for _ in range(KILLS_AT_ANY_MOMENT):
        kill_somewhere(stormy, spec, chance, after_pieces=0)
    resumed, rendered_in_all = finish(stormy, spec)

    assert resumed["state"] == "done", resumed["error"]
    assert set(rendered_in_all) <= set(rendered)
    assert max(Counter(rendered_in_all).values()) == 1, "a piece that was kept was rendered again"
    sounds = [decode_audio(Path(job["outputs"][0]["path"])) for job in (undisturbed, resumed)]
    assert np.array_equal(sounds[0].samples, sounds[1].samples)
    texts = [Path(job["outputs"][1]["path"]).read_text("utf-8") for job in (undisturbed, resumed)]
    assert texts[0] == texts[1]
