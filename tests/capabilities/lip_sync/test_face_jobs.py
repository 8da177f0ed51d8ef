"""Lip-sync and portrait animation as jobs of a real studio: results with reports and parents, refusals, cancel, resume."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from capabilities.common import render_engines
from capabilities.lip_sync.capability import beginning
from capabilities.registry import all_capabilities
from engines.contract.engine import READY
from media.audio.decode import probe
from media.errors import MediaError
from media.video.images import write_picture
from media.video.read import probe_video
from studio.errors import InvalidInput
from studio.jobs.model import JobState
from studio.jobs.runtime_stats import RuntimeStats, Workload
from studio.services import Services
from studio.settings import load_settings
from tests.engines.faces.puppet.conftest import ASSETS, SENTENCE, write_video

PORTRAIT = str(ASSETS / "portraits" / "astronaut.png")
CALM = str(ASSETS / "portraits" / "la-donna-velata.jpg")
"""Lips that are closed: in a grin small openings cannot be told."""


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
    made = Services.open(load_settings(data={"folder": tmp_path_factory.mktemp("faces") / "data"}), all_capabilities)
    yield made
    made.close()


def done(studio: Services, kind: str, **spec: Any) -> Any:
    job = studio.jobs.wait(studio.jobs.submit(kind, spec).id, 180)
    assert job.state is JobState.DONE, job.error
    return studio.library.get(job.outputs[0].id)


def test_a_text_becomes_a_speaking_face_and_leads_a_portrait(studio: Services) -> None:
    spoken = done(studio, "lip_sync", face=CALM, text="Papa may be home by seven.", engine="puppet")
    report = spoken.recipe["report"]
    assert report["edited"] == report["frames"] and report["sync_correlation"] >= 0.85 and abs(report["sync_lag_frames"]) <= 1
    assert abs(report["drift_seconds"]) <= 1 / 25 and spoken.recipe["mouth_from"] == "exact"
    (voice,) = spoken.parents
    assert studio.library.get(voice).kind == "audio"
    assert probe(spoken.path).has_audio and probe_video(spoken.path).frames == report["frames"]
    followed = done(studio, "animate_portrait", portrait=PORTRAIT, driving_video=spoken.id, engine="puppet", seconds=1.0)
    assert followed.parents == (spoken.id,) and followed.recipe["report"]["frames"] == 25


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"face": "/etc/hostname"}, "not an uploaded file"),
        ({"face": "none.mp4"}, "no output"),
        ({"audio": ""}, "something to say"),
        ({"text": "And this too."}, "something to say"),
        ({"options": {"nose": 1}}, "nose"),
    ],
)
def test_what_cannot_be_is_refused_before_it_is_queued(studio: Services, changes: dict[str, Any], words: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        studio.jobs.submit("lip_sync", {"face": PORTRAIT, "audio": str(SENTENCE), "engine": "puppet", **changes})
    assert words in str(caught.value)


def test_a_picture_without_a_face_fails_before_anything_is_spoken(studio: Services) -> None:
    empty = studio.paths.root / "uploads" / "wall.png"
    empty.parent.mkdir(exist_ok=True)
    write_picture(empty, np.full((200, 200, 3), 90, np.uint8))
    spec = {"face": str(empty), "text": "Nobody is there who could say this.", "engine": "puppet"}
    job = studio.jobs.wait(studio.jobs.submit("lip_sync", spec).id, 60)
    assert job.state is JobState.FAILED and job.error is not None and "No face was found" in job.error.reason
    assert not [one for one in studio.library.list() if one.title.startswith("Nobody")]


def test_a_preview_speaks_the_beginning_of_a_long_text() -> None:
    """Sentences end where a language ends them; enough of them for any speed of speech."""
    said = beginning("The tide goes out at four. " * 200, 3.0)
    assert 90 <= len(said) < 130 and said.endswith("four.")
    assert beginning("Home.", 3.0) == "Home." and len(beginning("你好。" * 200, 3.0)) == 93


@pytest.mark.realtime
def test_a_job_is_cancelled_within_two_seconds_and_goes_on_in_another_studio(tmp_path: Path) -> None:
    settings = load_settings(data={"folder": tmp_path / "data"})
    spec = {"face": PORTRAIT, "audio": str(ASSETS / "voices" / "LJ001-0005.wav"), "engine": "puppet", "fps": 10}
    first = Services.open(settings, all_capabilities)
    try:
        job = first.jobs.submit("lip_sync", spec)
        deadline = time.monotonic() + 60
        while not (parts := [one for one in first.jobs.events(job.id) if one.kind == "part"]):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        other = first.jobs.submit("lip_sync", {**spec, "seed": 1})
        first.jobs.cancel(other.id)
        assert first.jobs.wait(other.id, 2).state is JobState.CANCELLED
    finally:
        first.close()  # interrupts the running job
    second = Services.open(settings, all_capabilities)
    try:
        ended = second.jobs.wait(job.id, 120)
        assert ended.state is JobState.DONE, ended.error
        again = [one.data["first"] for one in second.jobs.events(job.id) if one.kind == "part"]
        assert sorted(again) == [0, 40, 80] and len(parts) >= 1, again
    finally:
        second.close()


def test_how_long_a_face_takes_is_foretold_once_it_was_measured(studio: Services, tmp_path: Path) -> None:
    production: Any = studio.capabilities["lip_sync"]
    other = production.Spec(face=PORTRAIT, text="Papa may be home by eight.", engine="puppet")
    done(studio, "lip_sync", face=PORTRAIT, text="Home.", engine="puppet")
    forecast = production.estimate(other)
    assert forecast.engine == "puppet" and forecast.frames == pytest.approx(25 * forecast.seconds, abs=2)
    assert forecast.time is not None and forecast.time.exact and 0 < forecast.time.seconds < 600
    assert RuntimeStats(tmp_path / "none.json").seconds(Workload("puppet", "lip_sync", 512, 512, 25)) is None
    row = next(row for row in studio.estimate_accuracy() if row.work.variant == "lip_sync")
    assert row.work.engine == "puppet" and row.work.width > 0 and row.seconds > 0


def test_a_video_as_the_portrait_is_refused_where_only_pictures_are_animated_and_the_shorter_video_counts(
    studio: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    films = []
    for name, frames in (("short", 20), ("long", 50)):
        film = studio.paths.root / "uploads" / f"{name}.mp4"
        film.parent.mkdir(exist_ok=True)
        films.append(str(write_video(film, [np.full((64, 64, 3), 90, np.uint8)] * frames)))
    with pytest.raises(InvalidInput, match=r"Puppet animates pictures only.*LivePortrait"):
        studio.jobs.submit("animate_portrait", {"portrait": films[0], "driving_video": films[1]})
    monkeypatch.setattr(render_engines, "readiness_of", lambda engine, site: READY)
    asked = {"portrait": films[0], "driving_video": films[1]}
    told = studio.jobs.estimate("animate_portrait", asked)
    assert (told.engine, told.frames) == ("liveportrait", 20)


@pytest.mark.parametrize("kind", ["lip_sync", "animate_portrait"])
def test_a_damaged_film_is_refused_by_its_own_name(studio: Services, kind: str) -> None:
    """At once, and not as "face.mp4" after it has waited for its turn."""
    uploads = studio.paths.root / "uploads"
    uploads.mkdir(exist_ok=True)
    whole = write_video(uploads / "holiday.mp4", [np.zeros((64, 64, 3), np.uint8)] * 30).read_bytes()
    torn = uploads / "my holiday.mp4"
    torn.write_bytes(whole[: len(whole) // 3])
    given = {"face": str(torn), "audio": str(SENTENCE)} if kind == "lip_sync" else {"portrait": CALM, "driving_video": str(torn)}
    with pytest.raises(MediaError, match=r"my holiday\.mp4 is damaged"):
        studio.jobs.submit(kind, given)
