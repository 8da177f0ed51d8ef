"""A data folder that was written before the packages had their present names opens, with its voices, jobs and outputs."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from capabilities.registry import all_capabilities
from capabilities.voiceover.capability import Voiceover
from media.audio.decode import probe
from studio.jobs.model import JobState
from studio.services import Services
from studio.settings import load_settings
from tests.repository.sources import ROOT

WRITTEN = ROOT / "tests" / "data" / "former-data-folder"
"""Written by the version whose parts were `studio.productions` and `studio.voices`, then moved here from another path."""
OUTPUT = "flite_slt_2026-11-30_131042.opus"


@pytest.fixture
def studio(tmp_path: Path) -> Iterator[Services]:
    folder = tmp_path / "data"
    shutil.copytree(WRITTEN, folder)
    studio = Services.open(load_settings(data={"folder": str(folder)}, jobs={"keep_days": 36500}), all_capabilities)
    yield studio
    studio.close()


def test_its_voices_jobs_and_outputs_are_there(studio: Services) -> None:
    voice = studio.voices.get("Ada, as saved before")
    assert not voice.damage and voice.consent == "Ada, by mail" and voice.transcript == "in being comparatively modern"
    assert probe(voice.master).duration == pytest.approx(3.4, abs=0.05)
    jobs = {job.title: job for job in studio.jobs.list()}
    assert jobs["Kept from before."].state is JobState.DONE and jobs["Another one."].state is JobState.CANCELLED
    output = studio.library.get(OUTPUT)
    assert output.title == "Kept from before." and output.recipe["spec"]["voice"] == "flite/slt" and not output.damage
    assert probe(output.path).duration == pytest.approx(1.09, abs=0.2)
    assert studio.library.get(jobs["Kept from before."].outputs[0].id).path == output.path


def test_its_narration_can_be_used_again(studio: Services) -> None:
    job = next(one for one in studio.jobs.list() if one.title == "Kept from before.")
    (sentence,) = studio.capability(Voiceover).segments_of(job)
    assert sentence.text == "Kept from before." and sentence.voice, "a voice that is gone is answered by a present one"
    again = studio.jobs.retry(job.id)
    assert again.kind == "voiceover" and again.spec["script"] == job.spec["script"]
