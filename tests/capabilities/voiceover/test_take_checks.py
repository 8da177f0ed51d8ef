"""Takes of real speech with planted faults, through the studio: marked, made again, kept, picked."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest

from capabilities.registry import all_capabilities
from capabilities.voiceover import render
from capabilities.voiceover.capability import Voiceover
from capabilities.voiceover.segments import SegmentState
from capabilities.voiceover.take_review import _Verifiers
from engines.common.weights import repo_folder_name
from engines.contract import SpeakingVoice, SpeechRequest
from engines.transcription.common.whisper_weights import FASTER
from media.audio.decode import decode_audio
from media.audio.encode import write_audio
from studio.jobs.capability import JobContext
from studio.jobs.model import Job, JobState
from studio.services import Services
from studio.settings import load_settings
from studio.verification.verifiers import band
from studio.workers.model import WorkerState
from tests.engines.hearts import Hearts
from tests.studio.verification.conftest import SWALLOWING

pytest.importorskip("pocketsphinx", reason="pocketsphinx has no wheel for this Python")

SCRIPT = (
    "The weather was cold and the road was empty. She opened the window and looked at the garden. "
    "My brother bought a small house near the river. The old clock on the wall stopped at midnight."
)
SPEC = {"voice": "swallowing/heart", "check_with": "reading-follower"}


def narrations(studio: Services) -> Voiceover:
    return studio.capability(Voiceover)


def speak(studio: Services, **spec: Any) -> Job:
    job = studio.jobs.wait(studio.jobs.submit("voiceover", {"script": SCRIPT, **SPEC, **spec}).id, 120)
    assert job.state is JobState.DONE, job.error
    return job


def faulty(job: Job, studio: Services) -> list[int]:
    """Which pieces were made with an odd seed, and so with a fault."""
    plan = narrations(studio).plan(narrations(studio).Spec.model_validate(job.spec))
    return [segment.index for segment in plan.segments if segment.seed % 2]


def test_flag_marks_exactly_the_faulty_takes_and_changes_nothing(studio: Services) -> None:
    off = speak(studio, check="off", seed=7)
    flagged = speak(studio, check="flag", seed=7)
    odd = faulty(flagged, studio)
    assert 0 < len(odd) < 4, "the seed was chosen so that some pieces are faulty and some are not"
    views = narrations(studio).segments_of(flagged)
    assert [view.index for view in views if view.state is SegmentState.DOUBTFUL] == odd
    assert all("is left out" in views[index].note for index in odd)
    assert decode_audio(Path(off.outputs[0].path)) == decode_audio(Path(flagged.outputs[0].path))
    assert [event for event in studio.jobs.events(flagged.id) if event.kind == "segment"] == []
    assert all(view.takes == () for view in narrations(studio).segments_of(off))


def test_who_spoke_gives_its_memory_back_while_a_long_round_is_heard(studio: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    speak(studio, check="flag", seed=7)
    assert studio.workers.residency("swallowing") is WorkerState.WARM, "a short round is not worth a reload"
    monkeypatch.setattr(render, "_WORTH_RELOADING", 0.0)
    monkeypatch.setattr(render, "_LITTLE_GIB", 0.0)
    speak(studio, check="flag", seed=8)
    assert studio.workers.residency("swallowing") is WorkerState.COLD
    studio.workers.set_idle("swallowing", 0)
    speak(studio, check="flag", seed=9)
    assert studio.workers.residency("swallowing") is WorkerState.WARM, "the user has set that it stays"


@pytest.mark.parametrize("fault", ["drop", "repeat"])
def test_repair_makes_the_faulty_takes_again_and_keeps_the_good_one(studio: Services, fault: str) -> None:
    job = speak(studio, check="repair", seed=7, options={"fault": fault})
    odd = faulty(job, studio)
    views = narrations(studio).segments_of(job)
    assert odd
    for view in views:
        assert len(view.takes) > 1 if view.index in odd else len(view.takes) == 1
        used = next(take for take in view.takes if take.used)
        assert used.review.score == max(take.review.score for take in view.takes)
        if any(take.seed % 2 == 0 for take in view.takes):
            assert used.seed % 2 == 0
            assert view.state is SegmentState.READY
    recipe = studio.library.get(job.outputs[0].id).recipe
    assert [len(segment["takes"]) for segment in recipe["segments"]] == [len(view.takes) for view in views]
    assert all(segment["takes"][0]["problems"] for segment in recipe["segments"] if len(segment["takes"]) > 1)
    resumed = studio.capabilities["voiceover"].prepare(narrations(studio).Spec.model_validate(job.spec))
    assert resumed.check_with == "reading-follower"


def test_when_no_take_is_good_the_best_is_kept_and_marked(studio: Services) -> None:
    job = speak(studio, check="repair", seed=9, options={"always": True})
    views = narrations(studio).segments_of(job)
    assert all(view.state is SegmentState.DOUBTFUL for view in views)
    assert all(len(view.takes) == 2 for view in views), "the same words in the same voice again: no third try"


def test_another_take_can_be_used_and_is_then_left_alone(studio: Services) -> None:
    job = speak(studio, check="repair", seed=7)
    view = next(view for view in narrations(studio).segments_of(job) if len(view.takes) > 1)
    loser = next(take for take in view.takes if not take.used)
    spec = narrations(studio).with_picked_take(narrations(studio).Spec.model_validate(job.spec), view.id, loser.seed)
    picked = studio.jobs.wait(studio.jobs.submit("voiceover", spec.model_dump()).id, 60)
    assert picked.state is JobState.DONE
    now = narrations(studio).segments_of(picked)[view.index]
    assert now.path == loser.path
    assert [take.seed for take in now.takes] == [loser.seed]
    again = narrations(studio).with_new_take(spec, view.id)
    assert view.id not in again.picks


def test_losers_are_deleted_where_the_setting_says_so_and_the_result_is_the_same(tmp_path: Path, studio: Services) -> None:
    kept = speak(studio, check="repair", seed=11)
    settings = load_settings(data={"folder": tmp_path}, engines={"extra": (SWALLOWING,)}, voiceover={"keep_takes": False})
    other = Services.open(settings, all_capabilities)
    try:
        first, second = (speak(other, check="repair", seed=11, title=title) for title in ("one", "two"))
        sounds = [decode_audio(Path(job.outputs[0].path)) for job in (kept, first, second)]
        assert sounds[0] == sounds[1] == sounds[2]
    finally:
        other.close()


def test_voices_that_speak_by_rule_are_not_listened_to_unless_asked(studio: Services) -> None:
    production = narrations(studio)
    usual = production.prepare(production.Spec(script="A short line.", voice="hibari/heart"))
    asked = production.prepare(production.Spec(script="A short line.", voice="hibari/heart", check="flag"))
    cloning = production.prepare(production.Spec(script="A short line.", voice="swallowing/heart"))
    assert (usual.check, usual.check_with) == ("off", "")
    assert (asked.check, bool(asked.check_with)) == ("flag", True)
    assert cloning.check == "flag"


def test_a_stranger_is_told_from_the_reference_and_made_again(studio: Services, hearts: Hearts, tmp_path: Path) -> None:
    said = "The train to the north leaves in twenty minutes, and the road to the station is long and cold."
    write_audio(tmp_path / "heart.wav", hearts.synthesize(SpeechRequest(said, SpeakingVoice(preset="heart"))).audio)
    studio.voices.add("Hart", tmp_path / "heart.wav", transcript=said)
    job = speak(studio, voice="Hart", engine="swallowing", check="repair", seed=7, options={"fault": "stranger"})
    odd, views = faulty(job, studio), narrations(studio).segments_of(job)
    assert odd
    for view in views:
        first, *others = view.takes
        assert first.review.likeness is not None
        assert ("is another voice" in " ".join(map(str, first.review.problems))) == first.review.redo == (view.index in odd)
        used = next(take for take in view.takes if take.used)
        if any(take.seed % 2 == 0 for take in (first, *others)):
            assert used.seed % 2 == 0 and used.review.problems == ()


def test_contractions_are_no_words_left_out(studio: Services) -> None:
    """Whoever listens is told "don't", of which no "do" can be heard."""
    script = "I don't know who wasn't there. You'd only have to whisper, and they wouldn't hear it. I hadn't the slightest idea."
    job = speak(studio, script=script, voice="hibari/heart", check="flag")
    assert [view.note for view in narrations(studio).segments_of(job)] == ["", "", ""]


def test_a_recogniser_is_trusted_by_the_size_that_is_here(studio: Services, tmp_path: Path) -> None:
    weights = FASTER["base"]
    for name in weights.paths:
        path = tmp_path / repo_folder_name(weights.repo) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"{}")
    site = replace(studio.site, weights=(tmp_path,))
    with _Verifiers("faster-whisper", studio.catalog, site, cast(JobContext, None)) as verifiers:
        assert verifiers.settled["size"] == "base"
        assert band("faster-whisper", "en", verifiers.settled).flag > band("faster-whisper", "en").flag
