"""The built-in voice nearest to a recording: a voice finds itself, whatever it says, and who cannot speak is not offered."""

from __future__ import annotations

from pathlib import Path

import pytest

from engines.catalog import Catalog
from engines.contract import Engine, EnginePaths, SpeakingVoice, SpeechRequest
from engines.speech.likeness import ENGINES, nearest_voices
from engines.verification.voice_encoder.engine import VoiceEncoder
from media.audio.decode import decode_audio
from tests.engines.contract_suite import loaded
from tests.model_weights import model_weights
from tests.studio.voices.clips import CLIP, SAMPLES

ASSETS = SAMPLES.parent
TEXT = "Nobody in the village had ever seen so many boats in the harbour before."


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> EnginePaths:
    return EnginePaths(ASSETS, tmp_path_factory.mktemp("cache"), model_weights())


@pytest.mark.parametrize(("engine_id", "voice"), [("hibari", "heart"), ("kokoro", "am_onyx"), ("kokoro", "bf_emma")])
def test_a_voice_finds_itself_in_other_words(site: EnginePaths, engine_id: str, voice: str) -> None:
    engine = Catalog().get(engine_id)
    if not engine.readiness(site).ready:
        pytest.skip(f"{engine.card.title} has no model here")
    said = loaded(engine, site).synthesize(SpeechRequest(TEXT, SpeakingVoice(voice)))  # type: ignore[attr-defined]
    vector = _encoder(site).embed(said.audio)  # type: ignore[attr-defined]
    names = [one.name for one in nearest_voices(vector, ASSETS, ENGINES)]
    same_person = {"hibari/heart": {"hibari/heart", "kokoro/af_heart"}}.get(f"{engine_id}/{voice}", {f"{engine_id}/{voice}"})
    assert names[0] in same_person


def test_a_stranger_is_told_by_a_low_likeness_and_who_cannot_speak_is_not_offered(site: EnginePaths) -> None:
    vector = _encoder(site).embed(decode_audio(CLIP))  # type: ignore[attr-defined]
    found = nearest_voices(vector, ASSETS, ENGINES)
    assert [one.likeness for one in found] == sorted((one.likeness for one in found), reverse=True)
    assert 0.4 < found[0].likeness < 0.8
    assert {one.name for one in nearest_voices(vector, ASSETS, {"hibari"})} == {"hibari/heart"}


def test_every_voice_has_its_place_in_the_list(site: EnginePaths) -> None:
    listed = {one.name for one in nearest_voices(_encoder(site).embed(decode_audio(CLIP)), ASSETS, ENGINES, most=99)}  # type: ignore[attr-defined]
    presets = {name: Catalog().get(name).preset_voices(site) for name in ENGINES}
    english = {f"{name}/{voice.id}" for name, own in presets.items() for voice in own if voice.language.startswith("en")}
    assert listed == english


def test_a_damaged_list_is_told(site: EnginePaths, tmp_path: Path) -> None:
    with pytest.raises(OSError):
        nearest_voices(_encoder(site).embed(decode_audio(CLIP)), tmp_path, ENGINES)  # type: ignore[attr-defined]


def _encoder(site: EnginePaths) -> Engine:
    return loaded(VoiceEncoder, site)
