"""Jobs, scripts and recipes that name a voice of an engine that is gone: spoken by the nearest one, and said so."""

from __future__ import annotations

from pathlib import Path

import pytest

from capabilities.voiceover.spec import VoiceoverSpec
from media.audio.decode import decode_audio
from studio.jobs.model import JobState
from tests.capabilities.voiceover.conftest import Narrator

SCRIPT = "The tide of long ago goes out.\nBen (voice=flite/rms, pitch=2, speed=1.2): And comes back at noon."


def test_an_old_script_is_spoken_and_the_job_says_by_whom(narrator: Narrator) -> None:
    job = narrator.speak(SCRIPT, voice="flite/slt", engine="flite", options={"speed": 1.1, "pitch": -2.0, "pitch_range": 20})
    ben = job.spec["replaced_voices"]["flite/rms"]
    assert job.spec["replaced_voices"]["flite/slt"] == job.spec["voice"] == "hibari/heart"
    assert job.spec["options"] == {"speed": 1.1}
    assert f"flite/rms is no longer part of the studio; {ben} speaks" in job.note
    assert decode_audio(Path(job.outputs[0].path)).duration > 2
    (output,) = [one for one in narrator.studio.library.list() if one.job == job.id]
    assert "hibari/heart in the place of flite/slt" in " ".join(output.recipe["facts"])
    assert narrator.prepared(SCRIPT, voice="hibari/heart").replaced_voices.keys() == {"flite/rms"}


def test_a_job_that_was_queued_before_still_runs(narrator: Narrator) -> None:
    """Its spec was settled when the engine was there: no check, no title is open in it."""
    present = narrator.prepared("An old job waits in the queue.", voice="hibari/heart").model_dump(mode="json")
    del present["replaced_voices"]
    old = VoiceoverSpec.model_validate(present | {"voice": "flite/slt", "engine": "flite", "options": {"pitch": 3.0}})
    plan = narrator.voiceover.plan(old)
    assert plan.replaced_voices == {"flite/slt": "hibari/heart"}
    assert {segment.role.voice_name for segment in plan.segments} == {"hibari/heart"}
    job = narrator.run(old.model_dump(mode="json"))
    assert job.state is JobState.DONE and "flite/slt" in job.note


@pytest.mark.parametrize("speed", [0.5, 2.0])
def test_the_pace_goes_along_to_an_engine_that_counts_words(narrator: Narrator, speed: float) -> None:
    spec = narrator.prepared("Hello there.", voice="flite/awb", options={"speed": speed})
    assert spec.options["speed"] in (speed, round(165 * speed))


def test_a_clip_names_who_speaks_instead(narrator: Narrator) -> None:
    shots = [{"prompt": "the sea", "frames": 24, "say": "An old clip."}]
    job = narrator.run({"shots": shots, "size": "320x180", "fps": 24, "voice": "flite/slt"}, "text_to_video")
    assert job.state is JobState.DONE, job.error
    assert "hibari/heart speaks in its place" in job.note
