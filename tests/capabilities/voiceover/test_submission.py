"""One submission reads its script once, casts it once and checks its spec once; it plans as its spec does."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

import capabilities.voiceover.choice.counting as module
from capabilities.video.capability import TextToVideo
from capabilities.voiceover.cast import Cast
from capabilities.voiceover.spec import VoiceoverSpec
from studio.jobs import service
from tests.capabilities.voiceover.conftest import Narrator

SCRIPT = "# Noon\n\nThe ferry leaves.\nAnna: And returns?\nBen [voice=espeak/gmw/en]: By evening."


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often each of the three is done; all of them still do their work."""
    calls: Counter[str] = Counter()

    def counting(name: str, real: Any) -> Any:
        def counted(*args: Any, **more: Any) -> Any:
            calls[name] += 1
            return real(*args, **more)

        return counted

    monkeypatch.setattr(module, "parse", counting("parse", module.parse))
    monkeypatch.setattr(Cast, "__init__", counting("cast", Cast.__init__))
    monkeypatch.setattr(service, "validated", counting("validated", service.validated))
    return calls


@pytest.mark.parametrize(
    ("kind", "spec"),
    [
        ("voiceover", {"script": SCRIPT, "speakers": {"Anna": "hibari/heart"}}),
        ("voiceover", {"script": "No title, and no voice."}),
        ("voiceover_batch", {"lines": ["One.", "Two."]}),
        ("text_to_video", {"shots": [{"prompt": "a boat", "say": "It leaves."}, {"prompt": "a pier", "say": "It returns."}]}),
    ],
)
def test_once_for_a_submission(narrator: Narrator, counted: Counter[str], kind: str, spec: dict[str, Any]) -> None:
    capability = narrator.studio.capabilities[kind]
    capability.accept(capability.Spec.model_validate(spec))
    assert counted == {"parse": 1, "cast": 1}


def test_a_spec_that_was_checked_is_not_checked_again(narrator: Narrator, counted: Counter[str]) -> None:
    jobs = narrator.studio.jobs
    jobs.cancel(jobs.submit("voiceover", {"script": "Checked here."}).id)
    assert counted["validated"] == 1
    jobs.cancel(jobs.submit("voiceover", VoiceoverSpec(script="Checked before.")).id)
    assert counted["validated"] == 1


def test_what_was_prepared_plans_as_its_spec_does(narrator: Narrator) -> None:
    """The keys of rendered segments hang on it: what a submission hands on and what a later start plans are the same."""
    for spec in (
        VoiceoverSpec(script=SCRIPT, speakers={"Anna": "hibari/heart"}),
        VoiceoverSpec(script="The default voice says this."),
        VoiceoverSpec(script="Anna: Faster.", voice="hibari/heart", options={"speed": 1.2}),
        VoiceoverSpec(script="A moody text.", voice="moody/one"),
    ):
        made = narrator.voiceover.prepared(spec)
        assert made.plan() == narrator.voiceover.plan(made.spec)
        assert made.plan_of("Again.") == narrator.voiceover.plan(made.spec.model_copy(update={"script": "Again."}))


def test_title_and_lane_of_a_submission_are_those_of_its_spec(narrator: Narrator) -> None:
    made = narrator.voiceover.accept(VoiceoverSpec(script=SCRIPT))
    assert (made.title, made.lane) == (narrator.voiceover.title(made.spec), narrator.voiceover.lane(made.spec))
    clips = narrator.studio.capability(TextToVideo)
    clip = clips.accept(clips.Spec.model_validate({"prompt": "The ferry leaves at noon."}))
    assert (clip.title, clip.lane) == (clips.title(clip.spec), clips.lane(clip.spec))
