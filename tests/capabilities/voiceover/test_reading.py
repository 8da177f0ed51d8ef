"""Text read before the engine: what is said, what is shown, what an edit touches, and that nothing is lost."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from media.text.formats import parse_srt
from tabs.voiceover.segments_list import segments_list
from tests.capabilities.voiceover.conftest import Narrator

SCRIPT = (
    "# The **Big** Day\n\n**Anna:** He paid $5 in 1984 — see [the guide](https://example.com).[3]\n\n"
    "Anna: “It’s Dr. Hale,” she said.\n\n"
    "```\nprint(1)\n```\n\n- milk\n- eggs\n"
)


def test_sentences_are_shown_as_written_and_said_in_words(narrator: Narrator) -> None:
    spec = narrator.prepared(SCRIPT, voice="espeak/gmw/en-US", language="en")
    planned = narrator.voiceover.plan(spec)
    shown = [segment.written for segment in planned.segments if segment.text]
    said = [segment.text for segment in planned.segments]
    assert "He paid $5 in 1984 — see the guide." in shown
    assert "He paid five dollars in nineteen eighty-four - see the guide." in said
    assert said[-2:] == ["milk.", "eggs"]
    assert [chapter.title for chapter in planned.chapters] == ["The Big Day"]
    assert [segment.spoken for segment in planned.segments if segment.written == "milk"] == [""]
    assert planned.coverage is not None
    assert planned.coverage.unaccounted == 0
    assert planned.coverage.left_out["code"] == len("```print(1)```")
    assert planned.coverage.left_out["link address"] >= len("https://example.com")


def test_subtitles_keep_the_author_s_spelling_and_word_times_find_their_words(narrator: Narrator) -> None:
    job = narrator.speak("“It’s 1984,” he said—and paid $5 to Dr. Hale.", voice="espeak/gmw/en-US", language="en")
    paths = {Path(output.path).suffix: Path(output.path) for output in job.outputs}
    cues = parse_srt(paths[".srt"].read_text("utf-8"))
    assert " ".join(" ".join(cue.text.split()) for cue in cues) == "“It’s 1984,” he said—and paid $5 to Dr. Hale."
    marks = json.loads(paths[".srt"].with_suffix(".json").read_text("utf-8"))["segments"][0]
    words = {word: (start, end) for word, start, end in marks["words"]}
    assert marks["spoken"].startswith("\"It's nineteen eighty-four")
    assert words["1984"][1] - words["1984"][0] > 0.6
    assert words["1984"][1] <= words["he"][0] + 0.05
    assert "nineteen" not in words


def test_the_report_counts_every_character(narrator: Narrator) -> None:
    job = narrator.speak("He paid $5.\n\n<!-- not this --> And so on.[7]", voice="espeak/gmw/en-US", language="en")
    recipe = narrator.studio.library.get(job.outputs[0].id).recipe
    assert recipe["reading"]["share"] == 1.0
    assert recipe["reading"]["unaccounted"] == 0
    assert recipe["reading"]["left_out"] == {"comment": 14, "note mark": 3}
    assert "100% of the text accounted for" in recipe["facts"]


def test_an_edit_goes_into_the_source_and_touches_one_sentence(narrator: Narrator) -> None:
    spec = narrator.prepared("It was 1984. See [the guide](https://a.com). He paid $5.", voice="espeak/gmw/en-US", language="en")
    planned = narrator.voiceover.plan(spec)
    changed = narrator.voiceover.with_edited_text(spec, planned.segments[1].id, "Look at page 12.")
    assert changed.script == "It was 1984. Look at page 12. He paid $5."
    again = narrator.voiceover.plan(narrator.voiceover.prepare(changed))
    assert again.segments[1].text == "Look at page twelve."
    assert [again.segments[at].key for at in (0, 2)] == [planned.segments[at].key for at in (0, 2)]


def test_a_narration_from_before_there_was_a_reader_stays_as_it_was(narrator: Narrator) -> None:
    old = narrator.prepared("It was 1984 then. He paid $5.", voice="espeak/gmw/en-US", language="en").model_copy(
        update={"reading": None}
    )
    planned = narrator.voiceover.plan(old)
    assert [segment.text for segment in planned.segments] == ["It was 1984 then.", "He paid $5."]
    assert planned.coverage is None
    edited = narrator.voiceover.prepare(narrator.voiceover.with_edited_text(old, planned.segments[1].id, "He paid."))
    assert narrator.voiceover.plan(edited).segments[0].key == planned.segments[0].key


def test_the_estimate_shows_what_will_be_said(narrator: Narrator) -> None:
    found = narrator.voiceover.count("Good morning. It cost $5.", "espeak/gmw/en-US")
    assert found.spoken == (("It cost $5.", "It cost five dollars."),)


def test_words_are_said_as_the_request_spells_them_and_an_edit_keeps_that(narrator: Narrator) -> None:
    spec = narrator.prepared("Dr. Nguyen came. He left.", voice="espeak/gmw/en", language="en", pronunciations={"Nguyen": "Win"})
    planned = narrator.voiceover.plan(spec)
    assert [segment.text for segment in planned.segments] == ["Doctor Win came.", "He left."]
    assert planned.segments[0].written == "Dr. Nguyen came."
    changed = narrator.voiceover.prepare(narrator.voiceover.with_edited_text(spec, planned.segments[1].id, "He stayed."))
    again = narrator.voiceover.plan(changed)
    assert again.segments[0].key == planned.segments[0].key


@pytest.mark.parametrize("wrong", [{"": "x"}, {" ": "x"}, {"a" * 101: "x"}])
def test_a_pronunciation_of_nothing_is_refused(narrator: Narrator, wrong: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="pronunciations"):
        narrator.voiceover.Spec(script="Hello.", pronunciations=wrong)


def test_the_list_of_sentences_shows_what_is_said_where_it_differs(narrator: Narrator) -> None:
    job = narrator.speak("It cost $5. It was cheap.", voice="espeak/gmw/en-US", language="en")
    views = narrator.voiceover.segments_of(job)
    assert [view.spoken for view in views] == ["It cost five dollars.", ""]
    html = segments_list(views, 0, editable=False)
    assert html.count("read as:") == 1
    assert "read as: It cost five dollars." in html


def test_in_verse_a_line_ends_in_a_pause_and_a_stanza_in_a_longer_one(narrator: Narrator) -> None:
    poem = "Tyger Tyger, burning bright\nIn the forests of the night\n\nIn what distant deeps\nBurnt the fire of thine eyes?"
    spec = narrator.prepared(poem, voice="hibari/heart", language="en", verse=True)
    planned = narrator.voiceover.plan(spec).segments
    assert [one.written for one in planned] == poem.replace("\n\n", "\n").split("\n")
    assert [poem[slice(*one.span)] for one in planned] == [one.written for one in planned]
    assert [one.pause_before for one in planned] == [0.0, spec.clause_pause, spec.paragraph_pause, spec.clause_pause]
    prose = narrator.voiceover.plan(narrator.prepared(poem, voice="hibari/heart", language="en")).segments
    assert len(prose) == 2
    edited = narrator.voiceover.with_edited_text(spec, planned[0].id, "Tiger, tiger, burning bright")
    assert edited.script == poem.replace("Tyger Tyger", "Tiger, tiger")


def test_an_edited_item_of_a_list_stays_one(narrator: Narrator) -> None:
    script = "Buy:\n1. bread\n2. wine\n- milk"
    spec = narrator.prepared(script, voice="hibari/heart", language="en")
    planned = narrator.voiceover.plan(spec).segments
    assert [script[slice(*one.span)] for one in planned] == ["Buy:", "1. bread", "2. wine", "milk"]
