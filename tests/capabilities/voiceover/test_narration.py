"""Narrations from the script to the file, in a real studio with real engines."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np
import pyloudnorm
import pytest

from capabilities.voiceover.segments import SegmentState
from media.audio.decode import decode_audio
from media.audio.encode import AUDIO_FORMATS, read_chapters, read_tags
from media.audio.loudness import true_peak
from media.text.cues import Cue
from media.text.formats import parse_srt
from studio.errors import InvalidInput
from studio.jobs.model import Job, JobState
from tests.capabilities.voiceover.conftest import Narrator

NARRATION = Path(__file__).parents[2] / "data" / "narration.txt"
CAST = {"voice": "hibari/heart", "speakers": {"Alice": "espeak/gmw/en-US", "Hatter": "espeak/gmw/en-GB-scotland"}}
SHORT = (
    "# The Tea\n\nThe table was large. [pause 900ms] They sat at one corner.\n\n"
    "Alice: There is plenty of room!\nHatter: No room!\n\nAlice: I see."
)


def cues_of(job: Job) -> list[Cue]:
    return parse_srt(Path(job.outputs[1].path).read_text("utf-8"))


def check_levels(job: Job, target: float = -16.0, peak: float = -1.0) -> None:
    sound = decode_audio(Path(job.outputs[0].path))
    assert pyloudnorm.Meter(sound.rate).integrated_loudness(sound.samples.astype(float)) == pytest.approx(target, abs=0.5)
    assert true_peak(sound) <= peak


def check_subtitles(job: Job) -> None:
    cues = cues_of(job)
    duration = decode_audio(Path(job.outputs[0].path)).duration
    assert cues[0].start < 0.2
    assert cues[-1].end == pytest.approx(duration, abs=0.6)
    assert all(one.start < one.end <= other.start for one, other in pairwise(cues))


def test_three_speakers_a_chapter_and_a_pause(narrator: Narrator) -> None:
    job = narrator.speak(SHORT, format="m4a", **CAST)
    check_levels(job, peak=-0.5)  # a lossy encoder takes some of the headroom
    check_subtitles(job)
    path = Path(job.outputs[0].path)
    assert [chapter.title for chapter in read_chapters(path)] == ["The Tea"]
    tags = read_tags(path)
    assert tags["title"] == "The Tea"
    assert json.loads(tags["comment"])["voices"] == ["espeak/gmw/en-GB-scotland", "espeak/gmw/en-US", "hibari/heart"]
    output = narrator.studio.library.get(job.outputs[0].id)
    recipe = output.recipe
    assert [segment["attempts"] for segment in recipe["segments"]] == [1] * 5
    assert recipe["spec"]["script"] == SHORT
    assert {path.suffix for path in output.companions} == {".srt", ".vtt", ".json"}
    words = " ".join(" ".join(cue.text.split()) for cue in cues_of(job))
    assert words == "The table was large. They sat at one corner. There is plenty of room! No room! I see."


def test_marks_for_lip_sync_rise_and_stay_in_the_programme(narrator: Narrator) -> None:
    job = narrator.speak(SHORT, **CAST)
    output = narrator.studio.library.get(job.outputs[0].id)
    marks = json.loads(next(path for path in output.companions if path.suffix == ".json").read_text("utf-8"))
    phonemes = [mark for segment in marks["segments"] for mark in segment["phonemes"]]
    assert len(phonemes) > 50
    assert all(0 <= start <= end <= marks["duration"] for _, start, end in phonemes)
    starts = [start for _, start, _ in phonemes]
    assert starts == sorted(starts)


@pytest.mark.parametrize("format", sorted(AUDIO_FORMATS))
def test_every_format(narrator: Narrator, format: str) -> None:
    job = narrator.speak("A short line in every format, said once.", voice="espeak/gmw/en", format=format)
    assert Path(job.outputs[0].path).suffix == AUDIO_FORMATS[format].extension
    assert decode_audio(Path(job.outputs[0].path)).duration > 1.0


@pytest.mark.parametrize("target", [-14, -19, -23])
def test_other_loudness(narrator: Narrator, target: int) -> None:
    check_levels(narrator.speak("The loudness of this line is chosen by the one who asked for it.", loudness=target), target)


def test_an_edit_renders_one_piece_and_leaves_the_others(narrator: Narrator) -> None:
    text = "The first of five. The second of five. The third of five. The fourth of five. The fifth of five."
    first = narrator.speak(text)
    assert len(narrator.spoken(first)) == 5
    spec = narrator.voiceover.Spec.model_validate(first.spec)
    edited = narrator.voiceover.with_edited_text(spec, narrator.spoken(first)[2], "The third was changed.")
    second = narrator.run(edited.model_dump(mode="json"))
    assert len(narrator.spoken(second)) == 1
    again = narrator.speak(text.replace("fourth", "next"))  # the whole script sent anew, as a program would
    assert len(narrator.spoken(again)) == 1
    assert narrator.spoken(narrator.speak(text)) == []


def test_the_same_spec_gives_the_same_file(narrator: Narrator) -> None:
    one, other = (narrator.speak("Twice the same line.", voice="moody/one", seed=3) for _ in range(2))
    assert Path(one.outputs[0].path).read_bytes() == Path(other.outputs[0].path).read_bytes()


def test_pieces_can_be_watched(narrator: Narrator) -> None:
    text = "Watch this line. And hopeless is this one."
    planned = narrator.prepared(text, voice="moody/one")
    job = narrator.speak(text, voice="moody/one")
    good, bad = narrator.voiceover.segments_of(job)
    assert (good.state, bad.state) == (SegmentState.READY, SegmentState.DOUBTFUL)
    assert good.path is not None and good.path.is_file() and good.duration is not None
    assert "Nothing can be heard" in bad.note
    assert planned.script[slice(*bad.span)] == bad.text
    narrator.studio.segments.remove(narrator.voiceover.plan(planned).segments[0].key)
    assert narrator.voiceover.segments_of(job)[0].state is SegmentState.MISSING


@pytest.mark.no_cover
def test_a_thousand_pieces_are_looked_at_quickly(narrator: Narrator) -> None:
    script = "\n\n".join(f"This is line number {number} of many." for number in range(1_000))
    job = narrator.studio.jobs.submit("voiceover", {"script": script})
    narrator.studio.jobs.cancel(job.id)
    assert len(narrator.voiceover.segments_of(job)) == 1_000
    taken = []
    for _ in range(3):
        started = time.thread_time()
        narrator.voiceover.segments_of(job)
        taken.append(time.thread_time() - started)
    assert min(taken) < 0.25


def test_a_take_that_fails_is_tried_with_another_seed(narrator: Narrator) -> None:
    lines = [f"A moody line, the {number}th of them." for number in range(12)]
    job = narrator.speak("\n\n".join(lines), voice="moody/one")
    segments = narrator.studio.library.get(job.outputs[0].id).recipe["segments"]
    repeated = [segment for segment in segments if segment["attempts"] > 1]
    assert 2 <= len(repeated) < 12
    assert all(segment["seed"] >= 2**30 or segment["problems"] for segment in segments)
    assert len({segment["seed"] for segment in segments}) == 12


def test_a_job_with_doubtful_pieces_ends_well_and_says_so(narrator: Narrator) -> None:
    job = narrator.speak("A fine line. This one is endless. This is clipped.", voice="moody/one")
    recipe = narrator.studio.library.get(job.outputs[0].id).recipe
    assert "2 doubtful" in recipe["facts"]
    fine, endless, clipped = (segment["problems"] for segment in recipe["segments"])
    assert fine == []
    assert "too long" in endless[0]
    assert "clipped" in clipped[0]


def test_a_line_that_its_engine_cannot_say_is_refused_before_the_job_and_named(narrator: Narrator) -> None:
    with pytest.raises(InvalidInput) as error:
        narrator.run({"script": "Good morning to you all.\n\nThe word 猫 means cat.", "voice": "hibari/heart"})
    assert "“猫” in line 3" in error.value.reason


def test_a_piece_removed_or_damaged_between_two_jobs_is_made_again(narrator: Narrator) -> None:
    first = narrator.speak("The keeper lit the lamp. The keeper slept.")
    key = narrator.voiceover.plan(narrator.voiceover.Spec.model_validate(first.spec)).segments[1].key
    narrator.studio.segments.path(key).write_bytes(b"RIFF")
    second = narrator.speak("The keeper lit the lamp. The keeper slept.")
    assert len(narrator.spoken(second)) == 1
    assert Path(first.outputs[0].path).read_bytes() == Path(second.outputs[0].path).read_bytes()


def test_an_interrupted_job_goes_on_and_ends_as_if_nothing_had_happened(
    tmp_path: Path, open_narrator: Callable[..., Narrator], narrator: Narrator
) -> None:
    script = "\n\n".join(f"Number {number} of the lines that will be interrupted." for number in range(14))
    one = open_narrator(tmp_path / "data")
    job = one.studio.jobs.submit("voiceover", {"script": script, "voice": "hibari/heart"})
    while len(one.spoken(job)) < 3:
        time.sleep(0.02)
    one.studio.close()
    two = open_narrator(tmp_path / "data")
    ended = two.studio.jobs.wait(job.id, 120)
    assert ended.state is JobState.DONE
    rendered = two.spoken(ended)
    assert len(rendered) == len(set(rendered))  # none twice
    assert len(rendered) >= 13  # the server may end between keeping a piece and saying so
    undisturbed = narrator.speak(script, voice="hibari/heart")
    assert Path(ended.outputs[0].path).read_bytes() == Path(undisturbed.outputs[0].path).read_bytes()


@pytest.mark.slow
def test_a_whole_narration(narrator: Narrator) -> None:
    text = NARRATION.read_text("utf-8")
    assert 1_400 < len(text.split()) < 1_700
    job = narrator.speak(text, format="flac", **CAST)
    check_levels(job)
    check_subtitles(job)
    assert [chapter.title for chapter in read_chapters(Path(job.outputs[0].path))] == ["Down the Rabbit-Hole", "A Mad Tea-Party"]
    sound = decode_audio(Path(job.outputs[0].path))
    heard = np.flatnonzero(np.abs(sound.samples).max(axis=1) >= 1e-4)
    longest = (np.diff(heard).max() - 1) / sound.rate
    assert longest == pytest.approx(1.5, abs=0.1)  # the longest pause in the text is [pause 1.5s], in place of the chapter's
    recipe = narrator.studio.library.get(job.outputs[0].id).recipe
    assert not [segment for segment in recipe["segments"] if segment["problems"]]


def test_a_piece_that_is_refused_is_marked_and_the_rest_is_finished(narrator: Narrator) -> None:
    script = "Batch line one.\n\nBatch line two.\n\nAn unsayable line.\n\nBatch line four."
    job = narrator.run({"script": script, "voice": "moody/one"})
    assert job.state is JobState.DONE, job.error
    assert len(narrator.spoken(job)) == 4
    assert "Line 5" in job.note and "unsayable" in job.note
    views = narrator.voiceover.segments_of(job)
    assert [view.state.value for view in views if view.index != 2] == ["ready"] * 3
    assert (views[2].state.value, views[2].path) == ("failed", None) and "gave no sound" in views[2].note
    output = narrator.studio.library.get(job.outputs[0].id)
    assert "1 to be mended" in output.facts
    assert "unsayable" not in Path(job.outputs[1].path).read_text("utf-8")

    edited = narrator.voiceover.with_edited_text(narrator.voiceover.Spec.model_validate(job.spec), views[2].id, "A better line.")
    mended = narrator.run(edited.model_dump())
    assert len(narrator.spoken(mended)) == 1
    assert [view.state.value for view in narrator.voiceover.segments_of(mended)] == ["ready"] * 4
    assert mended.note == ""


def test_a_narration_of_which_nothing_can_be_spoken_fails_and_names_its_line(narrator: Narrator) -> None:
    job = narrator.run({"script": "An unsayable line.\n\nAnother unsayable line.", "voice": "moody/one"})
    assert job.state is JobState.FAILED and job.error is not None
    assert "Line 1" in job.error.reason and "unsayable" in job.error.reason


def test_a_file_bears_the_title_that_a_person_gave(narrator: Narrator) -> None:
    job = narrator.speak("The sixth lamp was lit.", title="My Book, chapter 1")
    assert Path(job.outputs[0].path).name == "my-book-chapter-1.wav"
    assert "my-book" not in Path(narrator.speak("The sixth lamp was lit.").outputs[0].path).name


def test_a_text_that_kills_its_worker_costs_its_own_piece_and_no_other(narrator: Narrator) -> None:
    script = "A first living line.\n\nA second living line.\n\nA deadly line.\n\nA third living line."
    job = narrator.speak(script, voice="moody/one")
    assert "Line 5" in job.note and "SIGSEGV" in job.note
    views = narrator.voiceover.segments_of(job)
    assert [view.state for view in views] == [SegmentState.READY] * 2 + [SegmentState.FAILED, SegmentState.READY]
    assert "SIGSEGV" in views[2].note
