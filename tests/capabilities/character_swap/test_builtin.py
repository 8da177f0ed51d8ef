"""The built-in swap as a job of a real studio: a result with its recipe, refusals, cancel, resume."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from capabilities.character_swap.builtin import BUILTIN, BuiltinOptions, builtin_as_dict, builtin_parameters
from capabilities.registry import all_capabilities
from media.audio.decode import probe
from media.video.read import Picture, probe_video
from studio.errors import InvalidInput
from studio.jobs.model import JobState
from studio.services import Services
from studio.settings import load_settings
from tests.engines.swap.conftest import DONOR, swayed, uploads, write_clip


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
    made = Services.open(load_settings(data={"folder": tmp_path_factory.mktemp("swaps") / "data"}), all_capabilities)
    yield made
    made.close()


@pytest.fixture(scope="module")
def clip(studio: Services, face: Picture) -> Path:
    return write_clip(uploads(studio.paths.root) / "clip.mp4", swayed(face, 30), sound=True)


def spec(clip: Path, **changes: Any) -> dict[str, Any]:
    return {"template": BUILTIN, "reference_image": str(DONOR), "driving_video": str(clip), "options": {}, **changes}


def test_a_face_is_swapped_and_told_how(studio: Services, clip: Path) -> None:
    before = studio.jobs.estimate("character_swap", spec(clip))
    assert (before.engine, before.frames, before.time) == (BUILTIN, 30, None), "nothing like it was measured here"
    job = studio.jobs.wait(studio.jobs.submit("character_swap", spec(clip, options={"strength": 0.9})).id, 120)
    assert job.state is JobState.DONE, job.error
    made = studio.library.get(job.outputs[0].id)
    info = probe_video(made.path)
    assert (info.frames, info.width, info.has_audio) == (30, 240, True) and abs(probe(made.path).duration - 1.2) < 0.1
    recipe = made.recipe
    assert recipe["report"]["edited"] == recipe["report"]["frames"] == 30 and recipe["report"]["gaps"] == []
    assert recipe["kind"] == "character_swap" and recipe["options"]["strength"] == 0.9 and recipe["commercial_use"]
    assert any("basic" in fact for fact in recipe["facts"])
    told = studio.jobs.estimate("character_swap", spec(clip, options={"seconds": 0.4}))
    assert told.frames == 10 and told.time is not None and 0 < told.time.seconds < 60 and told.memory
    again = studio.jobs.submit(
        "character_swap", {**recipe["spec"], "driving_video": made.id, "trim_start": 0.4, "trim_end": 0.8}
    )  # fmt: skip
    again = studio.jobs.wait(again.id, 120)
    assert again.state is JobState.DONE, again.error
    second = studio.library.get(again.outputs[0].id)
    assert second.parents == (made.id,) and second.recipe["report"]["frames"] == 10


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"reference_image": "/etc/hostname"}, "not an uploaded file"),
        ({"driving_video": ""}, "missing"),
        ({"driving_video": str(DONOR)}, "still picture"),
        ({"options": {"nose": 1}}, "nose"),
        ({"options": {"strength": 7}}, "strength"),
        ({"options": {"subject_points": [{"x": 2, "y": 0}]}}, "subject_points"),
    ],
)
def test_what_cannot_be_is_refused_before_it_is_queued(studio: Services, clip: Path, changes: dict[str, Any], words: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        studio.jobs.submit("character_swap", spec(clip, **changes))
    assert words in str(caught.value)


def test_a_clip_without_a_face_fails_in_words(studio: Services) -> None:
    empty = write_clip(uploads(studio.paths.root) / "empty.mp4", [np.full((96, 96, 3), 90, np.uint8)] * 6)
    job = studio.jobs.wait(studio.jobs.submit("character_swap", spec(empty)).id, 60)
    assert job.state is JobState.FAILED and job.error is not None and "No face was found in the clip" in job.error.reason


def test_it_is_told_as_a_template() -> None:
    """Its parameters are its options, with the defaults and within the limits that jobs take."""
    told = builtin_as_dict()
    assert told["id"] == BUILTIN and told["valid"] and "basic" in told["title"].lower()
    defaults = {each.key: each.default for each in builtin_parameters()}
    assert BuiltinOptions(**defaults) == BuiltinOptions()
    for each in builtin_parameters():
        for edge in (each.minimum, each.maximum):
            assert edge is None or BuiltinOptions(**{each.key: edge}) is not None


@pytest.mark.realtime
@pytest.mark.slow
def test_a_job_is_cancelled_within_two_seconds_and_goes_on_in_another_studio(face: Picture, tmp_path: Path) -> None:
    settings = load_settings(data={"folder": tmp_path / "data"})
    clip = write_clip(uploads(tmp_path / "data") / "clip.mp4", [face] * 140)
    first = Services.open(settings, all_capabilities)
    try:
        job = first.jobs.submit("character_swap", spec(clip))
        deadline = time.monotonic() + 60
        while not (parts := [one for one in first.jobs.events(job.id) if one.kind == "part"]):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        other = first.jobs.submit("character_swap", spec(clip, options={"strength": 0.5}))
        first.jobs.cancel(other.id)
        assert first.jobs.wait(other.id, 2).state is JobState.CANCELLED
    finally:
        first.close()  # interrupts the running job
    second = Services.open(settings, all_capabilities)
    try:
        ended = second.jobs.wait(job.id, 120)
        assert ended.state is JobState.DONE, ended.error
        again = [one.data["first"] for one in second.jobs.events(job.id) if one.kind == "part"]
        assert sorted(again) == [0, 100] and len(parts) >= 1, again
    finally:
        second.close()
