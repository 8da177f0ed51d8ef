"""The catalog: ids, near matches, extra engines and broken entries."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from engines.catalog import Catalog
from engines.contract import Device, EngineKind, EnginePaths, PresetVoice, SpeechTraits
from engines.contract.errors import EngineError
from engines.speech.defaults import (
    NEAR,
    by_cloning_order,
    casting_order,
    cloning_order,
    default_speech,
    measured_voices,
    narrators,
)
from engines.speech.espeak.engine import Espeak
from engines.speech.hibari.engine import Hibari
from engines.speech.kokoro.engine import Kokoro
from engines.speech.kokoro.voices import VOICES as KOKORO_VOICES
from media.errors import NotFound
from tests.engines.fault_engine import FaultEngine
from tests.repository.sources import ROOT

FAULT = "tests.engines.fault_engine:FaultEngine"


def test_built_in_engines_come_first_and_extra_ones_after() -> None:
    built_in = Catalog().all()
    assert built_in[:3] == [Hibari, Kokoro, Espeak]
    assert Catalog([FAULT]).all() == [*built_in, FaultEngine]
    assert Catalog([FAULT]).of(EngineKind.SPEECH)[-1] is FaultEngine
    assert FaultEngine not in Catalog([FAULT]).of(EngineKind.SWAP)


def test_an_engine_is_found_by_its_id() -> None:
    assert Catalog().get("espeak") is Espeak


@pytest.mark.parametrize(("asked", "hint"), [("espaek", "espeak"), ("Hibary ", "hibari"), ("zzz", "hibari, kokoro, espeak")])
def test_an_unknown_id_names_what_is_near_or_all_there_is(asked: str, hint: str) -> None:
    with pytest.raises(NotFound) as caught:
        Catalog().get(asked)
    assert asked in caught.value.reason
    assert hint in caught.value.hint


@pytest.mark.parametrize(
    "entry",
    [
        "no.such.module:Engine",
        "tests.engines.fault_engine:NoSuchClass",
        "pathlib:Path",
        "engines.contract:Engine",
        "engines.contract:Card",
        "engines.speech.hibari.engine:VOICES",
    ],
)
def test_a_broken_entry_is_named(entry: str) -> None:
    catalog = Catalog([entry])
    with pytest.raises(EngineError) as caught:
        catalog.all()
    assert entry in caught.value.reason
    assert caught.value.hint


def test_a_module_that_fails_while_imported_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "broken_engine_module.py").write_text("raise RuntimeError('secret')\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(EngineError) as caught:
        Catalog(["broken_engine_module:Broken"]).all()
    assert "broken_engine_module:Broken" in caught.value.reason
    assert "secret" not in str(caught.value)


def test_two_engines_with_one_id_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "second_hibari.py").write_text("from engines.speech.hibari.engine import Hibari\nclass Other(Hibari): pass\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(EngineError, match='"hibari"'):
        Catalog(["second_hibari:Other"]).all()


def test_making_a_catalog_imports_no_engine() -> None:
    program = (
        "import sys; from engines.catalog import Catalog; Catalog(['no.such:Thing']);"
        "print([name for name in sys.modules if name.startswith('engines.speech')])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("language", ["en", "en-US", "EN_gb"])
def test_the_default_for_english_is_hibari(language: str) -> None:
    assert default_speech(language, {"hibari", "espeak"}) == ("hibari", "heart")
    assert default_speech("en-GB", {"kokoro", "hibari"})[0] == "kokoro"
    assert default_speech("en-US", {"kokoro", "hibari"}) == ("hibari", "heart")


def test_the_default_falls_back_to_what_is_ready() -> None:
    assert default_speech("en", {"espeak"}) == ("espeak", "gmw/en-US")
    assert default_speech("de", {"hibari", "espeak"}) == ("espeak", "")


def test_the_default_is_the_most_natural_voice_and_among_equals_the_quickest() -> None:
    table = {one.name: one for one in measured_voices()}
    for ready in ({"hibari", "kokoro", "espeak"}, {"kokoro", "espeak"}, {"espeak"}):
        chosen = table["/".join(default_speech("en", ready))]
        able = [one for one in table.values() if one.engine_id in ready]
        assert chosen.naturalness >= max(one.naturalness for one in able) - NEAR
    british = table["/".join(default_speech("en-GB", {"kokoro", "hibari", "espeak"}))]
    assert british.language == "en-GB" and british.naturalness > 4
    assert default_speech("en-GB", {"hibari", "espeak"}) == ("hibari", "heart"), "an accent is not worth any voice"


def test_every_measured_voice_is_there() -> None:
    catalog, site = Catalog(), EnginePaths(ROOT / "assets", ROOT)
    for one in measured_voices():
        presets = {voice.id: voice.language for voice in catalog.get(one.engine_id).preset_voices(site)}
        assert presets[one.preset] == one.language, one.name
    assert {one.preset for one in measured_voices() if one.engine_id == "kokoro"} == {voice.id for voice in KOKORO_VOICES}


def test_a_cast_is_of_other_people_women_and_men_in_turn() -> None:
    voices = [(f"kokoro/{voice.id}", voice) for voice in KOKORO_VOICES]
    heart = ("hibari/heart", PresetVoice("heart", "Heart", "en-US", "female"))
    order = casting_order("hibari/heart", [heart, *voices])
    assert len(order) == len(set(order)) == len(voices) - 1
    assert "hibari/heart" not in order and "kokoro/af_heart" not in order, "they are one person"
    genders = [dict(voices)[name].gender for name in order]
    assert genders[:8] == ["male", "female"] * 4
    tags = {"a": "en-US", "b": "en-Shaw", "c": "en-GB"}
    plain = [(f"espeak/{name}", PresetVoice(name, name, language)) for name, language in tags.items()]
    assert casting_order("hibari/heart", [heart, *plain]) == ["espeak/a", "espeak/c"]


@pytest.mark.parametrize(("language", "ready"), [("en", set()), ("de", {"hibari"}), ("xx", {"hibari", "espeak"})])
def test_a_language_nobody_speaks_is_refused_in_words(language: str, ready: set[str]) -> None:
    with pytest.raises(EngineError, match=f'"{language}"'):
        default_speech(language, ready)


def test_without_a_measured_voice_the_order_decides_and_only_what_is_ready_counts() -> None:
    ready = {"espeak", "voxcpm2", "kokoro-torch", "hibari"}
    assert default_speech("de-DE", ready, graphics_card=True) == ("voxcpm2", "design")
    assert default_speech("de-DE", ready, graphics_card=False) == ("espeak", "")
    assert default_speech("hi", ready, graphics_card=True) == ("kokoro-torch", "")
    assert default_speech("de-DE", {"espeak"}, graphics_card=True) == ("espeak", "")
    assert default_speech("en", ready, graphics_card=True) == ("hibari", "heart"), "what was measured comes first"


def test_the_order_names_engines_and_languages_that_there_are() -> None:
    for one in narrators():
        engine = Catalog().get(one.voice.partition("/")[0])
        assert set(one.languages) <= set(engine.card.languages) and engine.card.commercial_use
        assert one.graphics_card == (engine.card.device is Device.CUDA)
    able = [one.card for one in Catalog().of(EngineKind.SPEECH) if one.card.traits_of(SpeechTraits).clones]
    assert sorted(cloning_order()) == sorted(card.id for card in able)
    ranked = sorted(able, key=lambda card: by_cloning_order(card.id))
    assert [card.commercial_use for card in ranked] == sorted((card.commercial_use for card in able), reverse=True)
