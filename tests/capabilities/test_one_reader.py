"""Whatever way a text comes in, the same reader stands before the engine, and the same trial before the job."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from api.openai.speech import OpenAISpeechAdapter, SpeechCall
from capabilities.lip_sync.capability import LipSync
from capabilities.video.capability import TextToVideo
from capabilities.voiceover.batch.capability import VoiceoverBatch
from capabilities.voiceover.spec import VoiceoverSpec
from engines.catalog import Catalog
from engines.contract import EngineKind, SpeakingVoice, SpeechRequest
from media.text.scripts import scripts_of
from studio.errors import InvalidInput
from studio.settings import HOME
from tests.capabilities.voiceover.conftest import Narrator, narrator

__all__ = ["narrator"]

WRITTEN = "Dr. Hale paid $5 in 1984."
SAID = "Doctor Hale paid five dollars in nineteen eighty-four."
SWITCHED, REFUSED = "The sign read Ъ.", "The sign read 猫."
FACE = str(HOME / "assets" / "portraits" / "girl-with-a-pearl-earring.jpg")

Spoken = tuple[str, list[str]]
"""The engine, and what it is given."""


def _planned(narrator: Narrator, spec: VoiceoverSpec) -> Spoken:
    plan = narrator.voiceover.plan(spec)
    return plan.segments[0].role.engine_id, [segment.text for segment in plan.segments]


def by_voiceover(narrator: Narrator, text: str) -> Spoken:
    return _planned(narrator, narrator.prepared(text))


def by_openai(narrator: Narrator, text: str) -> Spoken:
    spec = OpenAISpeechAdapter(narrator.studio).spec(SpeechCall(input=text, voice="auto"), "auto")
    return _planned(narrator, narrator.voiceover.prepare(VoiceoverSpec(**spec)))


def by_lip_sync(narrator: Narrator, text: str) -> Spoken:
    lip_sync = narrator.studio.capability(LipSync)
    made = lip_sync.prepare(lip_sync.Spec(face=FACE, text=text))
    return _planned(narrator, VoiceoverSpec.model_validate(made.narration))


def by_batch(narrator: Narrator, text: str) -> Spoken:
    batch = narrator.studio.capability(VoiceoverBatch)
    made = batch.prepare(batch.Spec(lines=("Good morning.", text)))
    return _planned(narrator, narrator.voiceover.prepare(made.of_line(1)))


def by_video(narrator: Narrator, text: str) -> Spoken:
    video: Any = narrator.studio.capability(TextToVideo)
    spec = video.Spec(shots=({"prompt": "the sea", "frames": 24, "say": text},), size="320x180", fps=24)
    made = video.prepare(spec)
    plan = video._narrator.prepared(made, made.shots).plan_of(text)
    return plan.segments[0].role.engine_id, [segment.text for segment in plan.segments]


WAYS: dict[str, Callable[[Narrator, str], Spoken]] = {
    "voiceover": by_voiceover, "openai": by_openai, "lip_sync": by_lip_sync, "batch": by_batch, "video": by_video,
}  # fmt: skip


@pytest.mark.parametrize("way", WAYS)
def test_every_way_in_reads_alike_and_is_tried_alike(narrator: Narrator, way: str) -> None:
    assert WAYS[way](narrator, WRITTEN) == ("hibari", [SAID])
    assert WAYS[way](narrator, SWITCHED) == ("espeak", [SWITCHED])
    with pytest.raises(InvalidInput) as refused:
        WAYS[way](narrator, REFUSED)
    assert refused.value.code == "script.cannot-say" and "猫" in refused.value.reason


def _foreign_to(languages: tuple[str, ...]) -> Iterator[str]:
    """A word of each of these scripts in which none of the languages is written."""
    known = {script for language in languages for script in scripts_of(language)}
    for script, word in {"CYRILLIC": "слово", "ARABIC": "كلمة", "HANGUL": "단어", "THAI": "คำ", "DEVANAGARI": "शब्द"}.items():
        if script not in known:
            yield word


@pytest.mark.parametrize("engine_id", [engine.card.id for engine in Catalog().of(EngineKind.SPEECH)])
def test_every_engine_that_may_be_chosen_names_what_it_cannot_say(narrator: Narrator, engine_id: str) -> None:
    engine, site = Catalog().get(engine_id), narrator.studio.site
    if engine.card.languages != ("*",) and engine_id != "espeak":
        for word in _foreign_to(engine.card.languages):
            text = f"It reads {word} here."
            (found,) = engine.unsayable(SpeechRequest(text, SpeakingVoice(), "en"), site)
            assert text[found.start : found.end] == word and found.why
    assert engine.unsayable(SpeechRequest("A naïve café – “really”? Yes!", SpeakingVoice(), "en"), site) == ()


def test_a_batch_of_which_one_line_cannot_be_said_speaks_the_others(narrator: Narrator) -> None:
    batch = narrator.studio.capability(VoiceoverBatch)
    assert batch.prepare(batch.Spec(lines=("Good morning.", REFUSED))).engine == "hibari"
