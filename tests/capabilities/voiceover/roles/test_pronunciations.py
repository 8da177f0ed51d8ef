"""The pronunciation list in narrations: said by each engine, kept with the work, and a change costs only what it touches."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from capabilities.voiceover.segments import SegmentState
from studio.errors import InvalidInput
from studio.jobs.model import JobState
from studio.voices.preview import VoicePreviews
from tests.capabilities.voiceover.conftest import Narrator

SCRIPT = "Nguyen opened the blue door. It was raining over the old town. The doctor waved at Nguyen’s cat."


@pytest.fixture(autouse=True)
def _emptied(narrator: Narrator) -> Iterator[None]:
    yield
    for one in narrator.studio.pronunciations.list():
        narrator.studio.pronunciations.delete(one.id)


def planned(narrator: Narrator, script: str, **spec: str) -> list[tuple[str, str, str]]:
    segments = narrator.voiceover.plan(narrator.prepared(script, **spec)).segments
    return [(one.written, one.text, one.spoken) for one in segments]


@pytest.mark.parametrize("voice", ["hibari/heart", "espeak/gmw/en-US"])
def test_ipa_goes_to_engines_that_read_it_and_the_text_stays(narrator: Narrator, voice: str) -> None:
    narrator.studio.pronunciations.set("Nguyen", "/nwɪn/")
    written, said, shown = planned(narrator, "Nguyen paid $5.", voice=voice, language="en")[0]
    assert (written, said, shown) == ("Nguyen paid $5.", "Nguyen paid five dollars.", "/nwɪn/ paid five dollars.")
    job = narrator.speak("Nguyen and Siobhan.", voice=voice, language="en")
    marks = json.loads(next(Path(one.path) for one in job.outputs if one.path.endswith(".srt")).with_suffix(".json").read_text())
    sounds = "".join(mark[0] for mark in marks["segments"][0]["phonemes"])
    assert sounds.startswith("nwɪn")
    assert "Nguyen" in [word[0] for word in marks["segments"][0]["words"]]


def test_a_respelling_goes_to_every_engine_and_one_voice_may_have_its_own(narrator: Narrator) -> None:
    narrator.studio.pronunciations.set("gif", "jiff")
    narrator.studio.pronunciations.set("gif", "ghif", of="espeak/gmw/en-US")
    assert planned(narrator, "A GIF is here.", voice="hibari/heart", language="en")[0][1] == "A jiff is here."
    assert planned(narrator, "A GIF is here.", voice="espeak/gmw/en-US", language="en")[0][1] == "A ghif is here."
    assert planned(narrator, "Ein GIF.", voice="espeak/gmw/de", language="de")[0][1] == "Ein jiff."


def test_a_word_that_the_engine_could_not_read_is_said_by_its_sounds(narrator: Narrator) -> None:
    script = "The sign read 猫 twice."
    with pytest.raises(InvalidInput):
        narrator.prepared(script, voice="hibari/heart", language="en")
    narrator.studio.pronunciations.set("猫", "/ˈnɛkoʊ/")
    assert planned(narrator, script, voice="hibari/heart", language="en")[0][1] == script
    assert narrator.run({"script": script, "voice": "hibari/heart", "language": "en"}).state is JobState.DONE


def test_a_change_of_the_list_marks_and_costs_the_sentences_it_touches(narrator: Narrator) -> None:
    job = narrator.speak(SCRIPT, voice="hibari/heart", language="en")
    assert [view.outdated for view in narrator.voiceover.segments_of(job)] == [False, False, False]
    narrator.studio.pronunciations.set("Nguyen", "/nwɪn/")
    assert [view.outdated for view in narrator.voiceover.segments_of(job)] == [True, False, True]
    narrator.studio.pronunciations.set("unheard", "of")
    narrator.studio.pronunciations.set("town", "toon", of="espeak/gmw/en-US")
    assert [view.outdated for view in narrator.voiceover.segments_of(job)] == [True, False, True]
    spec = narrator.voiceover.with_present_sayings(narrator.voiceover.Spec(**job.spec))
    again = narrator.run(spec.model_dump())
    assert again.state is JobState.DONE
    assert len(narrator.spoken(again)) == 2
    views = narrator.voiceover.segments_of(again)
    assert [(view.outdated, view.state) for view in views] == [(False, SegmentState.READY)] * 3
    assert views[0].spoken == "/nwɪn/ opened the blue door."
    # The narration of before is as it was, and a retake of any of its sentences is said as the list has it now.
    assert [view.text for view in narrator.voiceover.segments_of(job)] == [view.text for view in views]
    retaken = narrator.voiceover.prepare(narrator.voiceover.with_new_take(spec, views[1].id))
    assert narrator.voiceover.plan(retaken).segments[0].phonemes


def test_what_a_narration_was_made_with_stays_with_it(narrator: Narrator) -> None:
    entry = narrator.studio.pronunciations.set("town", "toon")
    narrator.studio.pronunciations.set("elsewhere", "unused")
    spec = narrator.prepared("An old town.", voice="hibari/heart", language="en")
    assert [one.word for one in spec.lexicon] == ["town"]
    narrator.studio.pronunciations.delete(entry.id)
    assert narrator.voiceover.plan(spec).segments[0].text == "An old toon."
    assert narrator.voiceover.prepare(spec) == spec


def test_the_estimate_says_words_as_the_list_has_them(narrator: Narrator) -> None:
    narrator.studio.pronunciations.set("gif", "jiff")
    assert narrator.voiceover.count("A gif.", "hibari/heart").spoken == (("A gif.", "A jiff."),)


def test_a_voice_is_previewed_and_a_word_heard_as_they_will_be_said(narrator: Narrator) -> None:
    studio = narrator.studio
    previews = VoicePreviews(studio.catalog, studio.site, studio.voices, studio.pronunciations, studio.workers, studio.segments)
    plain = previews.clip("hibari/heart")
    studio.pronunciations.set("voice", "/ˈvaɪs/")
    assert previews.clip("hibari/heart") != plain
    one, other = previews.word("Nguyen", "Win", "hibari/heart"), previews.word("Nguyen", "/nwɪn/", "hibari/heart")
    assert one.read_bytes() != other.read_bytes()
    assert previews.word("Nguyen", "Win", "hibari/heart") == one
    with pytest.raises(InvalidInput):
        previews.word("Nguyen", "/nw1n/", "hibari/heart")
