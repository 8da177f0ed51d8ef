"""Stamps of the studio's lists: they move with what they are about, and with nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest
import soundfile

from capabilities.registry import all_capabilities
from studio.changes.stamps import Changes, Topic
from studio.services import Services
from studio.settings import load_settings
from tests.repository.sources import ROOT

pytestmark = pytest.mark.slow
CLIP = ROOT / "assets/voices/LJ001-0001.wav"


def test_a_stamp_moves_with_its_own_list_alone(tmp_path: Path) -> None:
    studio = Services.open(load_settings(data={"folder": tmp_path}), all_capabilities)
    try:
        changes = Changes(studio)

        def moved(act: object) -> set[Topic]:
            before = changes.stamps()
            assert callable(act)
            act()
            return {topic for topic, stamp in changes.stamps().items() if before[topic] != stamp}

        assert moved(lambda: None) == set()
        assert moved(lambda: studio.voices.add("Ada", CLIP)) == {Topic.VOICES}
        assert moved(lambda: studio.voices.rename("Ada", "Ida")) == {Topic.VOICES}
        assert studio.voices.renamed("Ada") == "Ida"
        assert moved(lambda: studio.voices.delete("Ida")) == {Topic.VOICES}
        samples, rate = soundfile.read(CLIP)
        assert moved(lambda: soundfile.write(studio.paths.outputs / "by hand.wav", samples, rate)) == {Topic.OUTPUTS}
        assert Changes(studio).stamps() == changes.stamps(), "another page, or the server after a restart, tells the same"
        job = studio.jobs.submit("voiceover", {"script": "One line."})
        assert studio.jobs.wait(job.id, 60).state.ended
        assert moved(lambda: studio.jobs.remove(job.id)) == {Topic.JOBS}
    finally:
        studio.close()
