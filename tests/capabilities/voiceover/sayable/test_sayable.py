"""A plan is tried on its engine before the job is accepted."""

from __future__ import annotations

import pytest

from engines.contract import SpeakingVoice, SpeechRequest
from engines.speech.espeak.engine import Espeak
from engines.speech.hibari.engine import Hibari
from studio.errors import InvalidInput
from studio.jobs.model import JobState
from tests.capabilities.voiceover.conftest import Narrator

NOVEL = " ".join(f"It was the sentence number {number} of a long book." for number in range(40))


def spoken_by(narrator: Narrator, script: str, **spec: object) -> tuple[str, list[str]]:
    prepared = narrator.prepared(script, **spec)
    return prepared.engine, [segment.text for segment in narrator.voiceover.plan(prepared).segments]


@pytest.mark.parametrize("letter", ["Ъ", "ж", "π", "Ω", "한국"])
def test_automatic_takes_an_engine_that_can_say_it_all(narrator: Narrator, letter: str) -> None:
    engine, texts = spoken_by(narrator, f"{NOVEL} The sign read {letter}.")
    assert (engine, texts[-1]) == ("espeak", f"The sign read {letter}.")


@pytest.mark.parametrize("script", [f"{NOVEL}\n\nThe sign read 猫.", f"{NOVEL}\n\nHe wrote สวัสดี on it."])
def test_what_no_engine_can_say_is_refused_before_the_job_and_named(narrator: Narrator, script: str) -> None:
    with pytest.raises(InvalidInput) as error:
        narrator.studio.jobs.submit("voiceover", {"script": script})
    foreign = next(word for word in ("猫", "สวัสดี") if word in script)
    assert f"“{foreign}” in line 3" in error.value.reason
    assert "replace_unsayable" in error.value.hint


@pytest.mark.parametrize(
    ("foreign", "instead"), [("猫", "Mao"), ("слово", "slovo"), ("π", "pi"), ("Ω", "omega"), ("Ъ", "hard sign")]
)
def test_places_are_replaced_where_that_is_asked_for(narrator: Narrator, foreign: str, instead: str) -> None:
    engine, texts = spoken_by(narrator, f"It was late. The sign read {foreign}.", replace_unsayable=True)
    assert (engine, texts) == (narrator.prepared("It was late.").engine, ["It was late.", f"The sign read {instead}."])


def test_a_sentence_of_which_nothing_can_be_said_is_left_out_and_the_rest_is_spoken(narrator: Narrator) -> None:
    job = narrator.run({"script": "It was very late. ʹʹʹ. She went out again.", "replace_unsayable": True})
    assert job.state is JobState.DONE
    assert [view.text for view in narrator.voiceover.segments_of(job)] == ["It was very late.", "She went out again."]


def test_the_estimate_says_it_while_the_script_is_written(narrator: Narrator) -> None:
    switched = narrator.voiceover.count(f"{NOVEL} The sign read Ъ.")
    assert (switched.engine, switched.problem) == ("espeak", "")
    assert [(place.text, place.instead, place.engine) for place in switched.unsayable] == [("Ъ", "hard sign", "Hibari")]
    refused = narrator.voiceover.count("One.\n\nThe sign read 猫.")
    assert "“猫” in line 3" in refused.problem
    assert narrator.voiceover.count("One.\n\nThe sign read 猫.", replace_unsayable=True).problem == ""
    assert narrator.voiceover.count("He said “café”, — naïve…").unsayable == ()


def test_japanese_in_kanji_is_refused_in_words(narrator: Narrator) -> None:
    with pytest.raises(InvalidInput) as error:
        narrator.prepared("吾輩は猫である。名前はまだ無い。")
    assert "Chinese characters" in error.value.reason
    assert "“吾輩”" in error.value.reason and "line" not in error.value.reason
    assert spoken_by(narrator, "わがはいは ねこ である。 なまえは まだ ない。")[0] == "espeak"


def test_a_speaker_of_another_engine_is_tried_on_that_one(narrator: Narrator) -> None:
    script = "It was late.\n\nIvan (voice=espeak/zle/ru, language=ru): Привет!"
    planned = narrator.voiceover.plan(narrator.prepared(script)).segments
    assert [segment.role.engine_id for segment in planned] == [narrator.prepared("It was late.").engine, "espeak"]


@pytest.mark.parametrize(
    ("voice", "text", "said"),
    [
        ("gmw/en-US", "π, Ж and א", True), ("gmw/en-US", "слово", False), ("gmw/en-US", "नमस्ते", True), ("zle/ru", "слово", True),
        ("jpx/ja", "さくら", True), ("jpx/ja", "桜", False), ("sit/cmn", "你好", True), ("ko", "안녕", True),
        ("tai/th", "สวัสดี", False),
        ("roa/fr", "Où est-ce ? Là-bas.", True), ("gmw/en-US", "—", False),
    ],
)  # fmt: skip
def test_espeak_says_what_it_cannot_read(voice: str, text: str, said: bool, narrator: Narrator) -> None:
    request = SpeechRequest(text, SpeakingVoice(preset=voice))
    assert (Espeak.unsayable(request, narrator.studio.site) == ()) is said


def test_hibari_names_the_place(narrator: Narrator) -> None:
    (found,) = Hibari.unsayable(SpeechRequest("A café and 猫犬 too."), narrator.studio.site)
    assert "A café and 猫犬 too."[found.start : found.end] == "猫犬"
