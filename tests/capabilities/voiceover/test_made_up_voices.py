"""A voice that its engine makes up anew for each seed is spoken once, and everything else is cloned from that."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations, product
from pathlib import Path

import pytest

from capabilities.registry import all_capabilities
from capabilities.voiceover.capability import Voiceover
from capabilities.voiceover.plan import Plan
from capabilities.voiceover.roles.anchor_texts import TEXTS, anchor_text
from capabilities.voiceover.spec import VoiceoverSpec
from engines.speech.voxcpm2.engine import VoxCPM2
from media.audio.decode import decode_audio
from media.audio.voice_similarity import VoiceFeatures, measure_voice, pitch_distance
from studio.jobs.model import Job, JobState
from studio.services import Services
from studio.settings import load_settings

SCRIPT = """The weather was cold and the road was empty. She opened the window and looked at the garden.

Anna: My brother bought a small house near the river. It has a green door and a long garden.

Ben: The old clock on the wall stopped at midnight. Nobody has heard it strike since then.

Anna: And the road to the station is long.
"""
CAST = {"Anna": "designing/design", "Ben": "designing/design"}
ALIKE = 3.2
"""Semitones between two sentences of one voice; the four voices that the engine makes up lie over two apart, at least."""


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
    settings = load_settings(
        data={"folder": tmp_path_factory.mktemp("made-up") / "data"},
        engines={"extra": ("tests.journeys.designing_engine:Designing",)},
    )
    made = Services.open(settings, all_capabilities)
    yield made
    made.close()


def plan_of(studio: Services, script: str = SCRIPT, **spec: object) -> Plan:
    voiceover = studio.capability(Voiceover)
    given: dict[str, object] = {"voice": "designing/design", "speakers": CAST, **spec}
    return voiceover.plan(voiceover.prepare(VoiceoverSpec(script=script, **given)))  # type: ignore[arg-type]


def speak(studio: Services, spec: VoiceoverSpec) -> Job:
    job = studio.jobs.wait(studio.jobs.submit("voiceover", spec).id, 120)
    assert job.state is JobState.DONE, job.error
    return job


def events(studio: Services, job: Job, kind: str) -> list[str]:
    return [event.data["id"] for event in studio.jobs.events(job.id) if event.kind == kind]


def test_every_speaker_has_an_anchor_and_all_segments_are_cloned_from_it(studio: Services) -> None:
    planned = plan_of(studio)
    assert [anchor.speaker for anchor in planned.anchors] == ["", "Anna", "Ben"]
    assert len({anchor.key for anchor in planned.anchors}) == 3, "two speakers of one preset are two people"
    by_speaker = {anchor.speaker: anchor for anchor in planned.anchors}
    for segment in planned.segments:
        anchor, voice = by_speaker[segment.speaker], segment.request().voice
        assert voice.reference == studio.segments.path(anchor.key) and voice.transcript == anchor.text == TEXTS["en"]
        assert voice.preset == "design" and anchor.request().voice.reference is None


def test_an_edit_of_the_script_changes_no_voice_and_another_voice_no_one_elses(studio: Services) -> None:
    before = plan_of(studio)
    edited = plan_of(studio, SCRIPT.replace("green", "red").replace("The weather", "Outside it"))
    assert [anchor.key for anchor in edited.anchors] == [anchor.key for anchor in before.anchors]
    assert len({segment.key for segment in edited.segments} - {segment.key for segment in before.segments}) == 2
    anna = before.anchors[1]
    after = plan_of(studio, takes={anna.id: 1})
    changed = [one.speaker for one, other in zip(before.segments, after.segments, strict=True) if one.key != other.key]
    assert changed == [segment.speaker for segment in before.segments if segment.speaker == "Anna"]


def test_who_has_no_voice_of_their_own_speaks_in_the_narrators(studio: Services) -> None:
    planned = plan_of(studio, speakers={"Anna": "", "Ben": "espeak/gmw/en"})
    assert [anchor.speaker for anchor in planned.anchors] == [""]
    assert all((segment.role.anchor is None) == (segment.speaker == "Ben") for segment in planned.segments)


def test_voices_that_are_the_same_anyway_have_none(studio: Services) -> None:
    assert plan_of(studio, voice="hibari/heart", speakers={}).anchors == ()


def test_all_sentences_of_a_speaker_are_heard_in_one_voice(studio: Services) -> None:
    """By ear: the same engine without an anchor speaks every sentence in the voice of its seed."""
    voiceover = studio.capability(Voiceover)
    spec = voiceover.prepare(VoiceoverSpec(script=SCRIPT, voice="designing/design", speakers=CAST))
    job = speak(studio, spec)
    heard: dict[str, list[VoiceFeatures]] = {}
    for view in (*voiceover.voices_of(job), *voiceover.segments_of(job)):
        assert view.path is not None and view.held == (view.index >= 0)
        measured = measure_voice(decode_audio(view.path))
        assert measured is not None
        heard.setdefault(view.speaker, []).append(measured)
    for voices in heard.values():
        assert all(pitch_distance(one, other) < ALIKE for one, other in combinations(voices, 2))
    by_seed = {segment.seed % 4 for segment in voiceover.plan(spec).segments if segment.speaker == "Anna"}
    assert len(by_seed) > 1, "without an anchor this script would have had several voices in Anna's part"

    narrator, anna = voiceover.voices_of(job)[:2]
    kept = voiceover.keep_voice(job, anna.id, "Anna's own")
    assert kept.known_transcript == TEXTS["en"] and "designed" in kept.tags

    again = speak(studio, voiceover.with_new_take(spec, narrator.id))
    new_narrator = voiceover.voices_of(again)[0]
    assert new_narrator.path != narrator.path
    assert events(studio, again, "voice") == [narrator.id], "the others are kept"
    narrated = {view.id for view in voiceover.segments_of(again) if not view.speaker}
    assert set(events(studio, again, "segment")) == narrated


def test_what_was_interrupted_goes_on_with_the_same_anchor(studio: Services) -> None:
    voiceover = studio.capability(Voiceover)
    script = "The lamp in the hall was broken. Nobody came to mend it. The children were afraid of the dark."
    spec = voiceover.prepare(VoiceoverSpec(script=script, voice="designing/design", seed=11))
    first = speak(studio, spec)
    (anchor,) = voiceover.plan(spec).anchors
    sound = studio.segments.path(anchor.key)
    written = sound.stat().st_mtime_ns
    studio.segments.remove(voiceover.plan(spec).segments[1].key)  # as a kill between two sentences leaves it
    other = speak(studio, spec)
    assert events(studio, other, "voice") == [] and len(events(studio, other, "segment")) == 1
    assert sound.stat().st_mtime_ns == written
    studio.segments.remove(anchor.key)  # pruned since: it is spoken again, in the same seed
    assert events(studio, speak(studio, spec), "voice") == [anchor.id]
    one, last = (decode_audio(Path(job.outputs[0].path)) for job in (first, other))
    assert one == last


@pytest.mark.parametrize(
    ("line", "described"), [("Anna (a bright young woman): Hello.\n\nAnna (whispering): Hm.", "a bright young woman")]
)
def test_the_first_line_describes_a_designed_voice(
    studio: Services, line: str, described: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dataclasses import replace

    from tests.journeys.designing_engine import Designing

    engine = studio.catalog.get("designing")
    assert engine.__name__ == Designing.__name__
    monkeypatch.setattr(engine, "card", replace(engine.card, traits=replace(engine.card.traits, takes_style=True)))
    planned = plan_of(studio, line, speakers=CAST)
    (anchor,) = planned.anchors
    assert anchor.request().voice.style == described
    assert [segment.request().voice.style for segment in planned.segments] == [described, "whispering"]
    assert len({segment.request().voice.reference for segment in planned.segments}) == 1


def test_the_sentences_are_short_enough_to_be_clips_and_long_enough_to_clone_from() -> None:
    assert set(VoxCPM2.card.languages) - set(TEXTS) <= {"my", "he", "km", "lo", "sw", "tl", "th"}
    for language, text in TEXTS.items():
        assert not any(character.isdigit() for character in text)
        assert (25 if language in ("zh", "ja", "ko") else 60) <= len(text) <= 125, language
    assert all(one != other for one, other in product(TEXTS.values(), repeat=2) if one is not other)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            "Habari za asubuhi. " * 10,
            "Habari za asubuhi. Habari za asubuhi. Habari za asubuhi. Habari za asubuhi. Habari za asubuhi. Habari za asubuhi.",
        ),
        ("Jambo.", "Jambo."),
        ("neno " * 60, ("neno " * 24).strip()),
        ("က" * 300, "က" * 120),
    ],
)
def test_a_language_without_a_sentence_takes_the_scripts_first_words(words: str, said: str) -> None:
    assert anchor_text("sw", words) == said
