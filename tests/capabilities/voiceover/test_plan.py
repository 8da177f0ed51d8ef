from __future__ import annotations

from pathlib import Path

import pytest

from capabilities.voiceover.plan import PlannedSegment
from studio.errors import GreenroomError, InvalidInput, NotFound
from studio.jobs.capability import CPU_LANE
from studio.settings import load_settings
from tests.capabilities.voiceover.conftest import Narrator

SCRIPT = """# One

It was late. The tide went out.

Anna: Hello! [pause 2s] Are you there?
Ben: Yes.

Anna: Good.

# Two

The end.
"""


def pieces(narrator: Narrator, script: str, **spec: object) -> tuple[PlannedSegment, ...]:
    return narrator.voiceover.plan(narrator.prepared(script, **spec)).segments


def test_pieces_pauses_and_chapters(narrator: Narrator) -> None:
    plan = narrator.voiceover.plan(narrator.prepared(SCRIPT, speakers={"Ben": "espeak/gmw/en"}))
    assert [(segment.speaker, segment.text, segment.pause_before) for segment in plan.segments] == [
        ("", "It was late.", 0.0), ("", "The tide went out.", 0.45), ("Anna", "Hello!", 0.8), ("Anna", "Are you there?", 2.0),
        ("Ben", "Yes.", 0.5), ("Anna", "Good.", 0.8), ("", "The end.", 1.6),
    ]  # fmt: skip
    assert [(chapter.title, chapter.first) for chapter in plan.chapters] == [("One", 0), ("Two", 6)]
    assert plan.segments[4].role.voice_name == "espeak/gmw/en"
    assert all(SCRIPT[slice(*segment.span)] == segment.text for segment in plan.segments)


def test_pauses_at_both_ends_are_kept_and_spoken_headings_are_pieces(narrator: Narrator) -> None:
    plan = narrator.voiceover.plan(narrator.prepared("[pause 3s]\n# Start\n\nHi.\n[pause 4s]", speak_chapters=True))
    assert [(segment.text, segment.pause_before) for segment in plan.segments] == [("Start", 3.0), ("Hi.", 1.6)]
    assert plan.tail_pause == 4.0


def test_keys_depend_on_what_is_said_and_not_on_where(narrator: Narrator) -> None:
    before = {segment.id: segment.key for segment in pieces(narrator, SCRIPT)}
    after = {segment.id: segment.key for segment in pieces(narrator, "Something new.\n\n" + SCRIPT.replace("late", "early"))}
    assert len(set(after.values()) - set(before.values())) == 2
    assert sum(before[name] == after[name] for name in before.keys() & after.keys()) == 6


def test_the_same_sentence_twice_is_rendered_once_but_can_be_told_apart(narrator: Narrator) -> None:
    one, other = pieces(narrator, "Again and again.\n\nAgain and again.")
    assert one.key == other.key
    assert one.id != other.id


@pytest.mark.parametrize(
    "change", [{"seed": 5}, {"options": {"speed": 1.5}}, {"voice": "espeak/gmw/en"}, {"voice": "espeak/gmw/en-US"}, {"takes": {}}]
)
def test_everything_that_can_be_heard_is_in_the_key(narrator: Narrator, change: dict[str, object]) -> None:
    (before,) = pieces(narrator, "The tide goes out.", voice="hibari/heart")
    if "takes" in change:
        change = {"takes": {before.id: 1}}
    (after,) = pieces(narrator, "The tide goes out.", **{"voice": "hibari/heart", **change})
    assert before.key != after.key


def test_a_prepared_spec_is_complete_and_stays_as_it_is(narrator: Narrator) -> None:
    spec = narrator.prepared(SCRIPT)
    assert (spec.engine, spec.voice, spec.language, spec.loudness, spec.title) == ("hibari", spec.voice, "en", -16, "One")
    assert spec.voice == "hibari/heart"
    assert spec.seed is not None
    assert narrator.voiceover.prepare(spec) == spec
    assert narrator.voiceover.prepare(narrator.voiceover.Spec.model_validate(spec.model_dump(mode="json"))) == spec
    assert narrator.voiceover.lane(spec) == CPU_LANE


def test_settings_of_one_turn(narrator: Narrator) -> None:
    first, second = pieces(narrator, "Anna (speed=200, voice=espeak/gmw/en): Quick.\n\nSlow.", voice="hibari/heart")
    assert first.role.options.speed == 200  # type: ignore[attr-defined]
    assert (first.role.voice_name, second.role.voice_name) == ("espeak/gmw/en", "hibari/heart")
    assert second.role.options.speed == 1.0  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("script", "spec", "kind", "says"),
    [
        ("", {}, InvalidInput, "empty"),
        ("# Only a heading", {}, InvalidInput, "nothing to say"),
        ("Hi.", {"voice": "hibari/hart"}, NotFound, "hart"),
        ("Hi.", {"voice": "Nobody"}, NotFound, "Nobody"),
        ("Hi.", {"options": {"speeed": 2}}, InvalidInput, "speeed"),
        ("Hi.", {"options": {"speed": 9}}, InvalidInput, "speed"),
        ("Hi.\n\nAnna (speeed=2): Hm.", {}, InvalidInput, "Line 3"),
        ("Hi.\n\nAnna (voice=hibari/hart): Hm.", {}, NotFound, "Line 3"),
        ("Hi.\n\nAnna: Hm.", {"speakers": {"Anna": "espeak/xx"}}, NotFound, "Line 3"),
        ("Hi. [pause soon]", {}, InvalidInput, "Line 1"),
        ("Это был холодный ясный апрельский день, и часы били тринадцать. " * 5, {"voice": "hibari/heart"}, GreenroomError, "ru"),
    ],
)
def test_what_cannot_work_is_refused_before_the_job(
    narrator: Narrator, script: str, spec: dict[str, object], kind: type[GreenroomError], says: str
) -> None:
    with pytest.raises(kind) as error:
        narrator.prepared(script, **spec)
    assert says in error.value.reason


def test_long_sentences_are_split_below_every_limit_and_without_a_pause(narrator: Narrator) -> None:
    sentence = "and then " * 100 + "it was over."
    planned = pieces(narrator, sentence)
    assert all(len(segment.text) <= 300 for segment in planned)
    assert {segment.pause_before for segment in planned} == {0.0}
    assert all(len(segment.text) <= 200 for segment in pieces(narrator, sentence, voice="moody/one"))


@pytest.mark.parametrize(("mark", "pause"), [(";", 0.28), (":", 0.28), (" -", 0.28), (",", 0.16), ("", 0.0)])
def test_a_long_sentence_keeps_the_pause_of_the_mark_at_which_it_is_split(narrator: Narrator, mark: str, pause: float) -> None:
    half = " ".join(["along the grey and empty shore"] * 7)
    first, second = pieces(narrator, f"She walked {half}{mark} and he went {half}.")
    assert (first.text.endswith(mark or "shore"), second.pause_before) == (True, pause)


def test_a_scene_break_has_a_pause_of_its_own(narrator: Narrator) -> None:
    planned = pieces(narrator, "He left.\n\n***\n\nShe came.\n\nThey met.\n* * *\nIt was May.", scene_pause=2.5)
    assert [segment.pause_before for segment in planned] == [0.0, 2.5, 0.8, 2.5]


def test_a_full_stop_is_longer_than_what_voices_leave_at_a_comma() -> None:
    usual = load_settings().voiceover
    assert 0.35 <= usual.sentence_pause <= 0.6
    assert usual.comma_pause < usual.clause_pause < usual.sentence_pause < usual.paragraph_pause < usual.scene_pause
    assert usual.scene_pause < usual.chapter_pause


def test_a_narration_that_was_prepared_before_there_were_these_pauses_keeps_its_own(narrator: Narrator) -> None:
    """Its pieces are found again, and an edit renders the edited one alone."""
    old = narrator.prepared("It was late. The tide went out, said he.", sentence_pause=0.12).model_dump(mode="json")
    for name in ("scene_pause", "clause_pause", "comma_pause"):
        del old[name]
    before = narrator.voiceover.plan(narrator.voiceover.Spec.model_validate(old))
    edited = narrator.voiceover.with_edited_text(
        narrator.voiceover.Spec.model_validate(old), before.segments[0].id, "It was early."
    )
    after = narrator.voiceover.plan(narrator.voiceover.prepare(edited))
    assert [one.key == other.key for one, other in zip(before.segments, after.segments, strict=True)] == [False, True]
    assert after.segments[1].pause_before == 0.12


SSML = (
    '<speak>One. <break time="2s"/> Two &amp; more. <prosody rate="slow">Three is slow. Four is too.</prosody>'
    "<p>Five.</p></speak>"
)


@pytest.mark.parametrize("voice", ["espeak/gmw/en-US", "hibari/heart"])
def test_ssml_goes_over_many_sentences_with_every_engine(narrator: Narrator, voice: str) -> None:
    planned = pieces(narrator, SSML, voice=voice)
    assert [(segment.text, segment.pause_before) for segment in planned] == [
        ("One.", 0.0), ("Two and more.", 2.0), ("Three is slow.", 0.45), ("Four is too.", 0.45), ("Five.", 0.8),
    ]  # fmt: skip
    assert [segment.written for segment in planned][2:] == ["Three is slow.", "Four is too.", "Five."]
    assert [SSML[slice(*segment.span)] for segment in planned][2:] == ["Three is slow.", "Four is too.", "Five."]
    job = narrator.speak(SSML, voice=voice)
    assert not any(sign in Path(job.outputs[1].path).read_text("utf-8") for sign in ("<", "speak", "prosody"))
