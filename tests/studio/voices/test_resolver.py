"""From the words in which voices are asked for to engine and voice, with every refusal in words."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from engines import catalog
from engines.catalog import Catalog
from engines.contract import EnginePaths, SpeakingVoice
from engines.contract.engine import READY
from engines.speech.former import FORMER_ENGINES, nearest
from studio.errors import EngineNotReady, GreenroomError, InvalidInput, NotFound
from studio.voices import Voices, resolver
from studio.voices.resolver import ResolvedVoice, resolve_voice
from tests.studio.voices.clips import CLIP, SAID, SAMPLES, open_voices

PARROT = "tests.studio.voices.cloning_engines:Parrot"
LYREBIRD = "tests.studio.voices.cloning_engines:Lyrebird"
STARLING = "tests.studio.voices.cloning_engines:Starling"

Ask = Callable[..., ResolvedVoice]


@pytest.fixture
def voices(tmp_path: Path) -> Voices:
    voices = open_voices(tmp_path)
    voices.add("Anna", CLIP, SAID, consent="by letter")
    return voices


@pytest.fixture
def ask(voices: Voices, tmp_path: Path) -> Ask:
    site = EnginePaths(SAMPLES.parent, tmp_path / "cache")

    def asked(voice: str = "", engine: str = "auto", extra: tuple[str, ...] = (), **more: str) -> ResolvedVoice:
        return resolve_voice(voice, engine, voices=voices, catalog=Catalog(extra), site=site, **more)

    return asked


def refusal(kind: type[GreenroomError], call: Callable[[], object]) -> GreenroomError:
    with pytest.raises(GreenroomError) as refused:
        call()
    assert type(refused.value) is kind
    assert refused.value.reason.endswith(".")
    return refused.value


# Defaults


def test_nothing_asked_gives_the_clearest_engine_for_english(ask: Ask) -> None:
    casting = ask()
    assert casting.engine_cls.card.id == "hibari"
    assert casting.voice.preset and casting.voice.reference is None
    assert casting.voice_version == f"preset:{casting.voice.preset}"


@pytest.mark.parametrize(
    ("language", "preset"),
    [("fr", "roa/fr"), ("fr-FR", "roa/fr"), ("fr-CA", "roa/fr"), ("es-MX", "roa/es-419"), ("es-ES", "roa/es"),
     ("zh-HK", "sit/yue"), ("pt-AO", "roa/pt"), ("fr-BE", "roa/fr-BE"),
     ("pt", "roa/pt"), ("pt-BR", "roa/pt-BR"), ("es", "roa/es")],
)  # fmt: skip
def test_a_language_is_spoken_as_in_the_country_it_is_named_for(ask: Ask, language: str, preset: str) -> None:
    assert ask(language=language).voice.preset == preset


@pytest.mark.parametrize("language", ["de", "fr", "pt-BR", "zh", "no", "ja", "hi"])
def test_other_languages_get_an_engine_and_a_voice_of_theirs(ask: Ask, language: str) -> None:
    casting = ask(language=language)
    presets = {preset.id: preset.language for preset in casting.engine_cls.preset_voices(EnginePaths(SAMPLES.parent, Path()))}
    primary = presets[casting.voice.preset].split("-")[0]
    assert primary == {"zh": "cmn", "no": "nb"}.get(language, language.split("-")[0])


def test_the_setting_names_the_default_where_it_speaks_the_language(ask: Ask) -> None:
    assert ask(default_engine="espeak").engine_cls.card.id == "espeak"
    assert ask(default_engine="hibari", language="de").engine_cls.card.id == "espeak"
    error = refusal(EngineNotReady, lambda: ask(default_engine="lyrebird", extra=(LYREBIRD,)))
    assert "Download them" in error.hint


def test_a_named_engine_gives_its_voice_of_the_language(ask: Ask) -> None:
    assert ask(engine="espeak", language="de").voice.preset == "gmw/de"
    error = refusal(InvalidInput, lambda: ask(engine="hibari", language="de"))
    assert "does not speak" in error.reason and "espeak" in error.hint
    error = refusal(InvalidInput, lambda: ask(engine="parrot", extra=(PARROT,)))
    assert "no voice of its own" in error.reason and "“Anna”" in error.hint


def test_an_unknown_engine_names_near_ones(ask: Ask) -> None:
    assert "hibari" in refusal(NotFound, lambda: ask(engine="hibary")).hint


# Presets


def test_a_preset_with_its_engine_and_without(ask: Ask) -> None:
    for casting in (
        ask("hibari/heart"),
        ask("heart", "hibari"),
        ask(" hibari/heart ", "hibari"),
        ask("hibari/heart", language="de"),
    ):
        assert (casting.engine_cls.card.id, casting.voice) == ("hibari", SpeakingVoice(preset="heart"))
        assert casting.voice_label == "heart"
    for casting in (ask("espeak/gmw/en-US"), ask("gmw/en-US", "espeak")):
        assert casting.voice.preset == "gmw/en-US"


def test_a_preset_of_another_engine_than_the_named_one_is_refused(ask: Ask) -> None:
    assert "was asked for" in refusal(InvalidInput, lambda: ask("hibari/heart", "espeak")).reason


def test_unknown_presets_name_near_ones(ask: Ask) -> None:
    assert refusal(NotFound, lambda: ask("hibari/haert")).hint == "Did you mean “hibari/heart”?"
    assert "“hibari/heart”" in refusal(NotFound, lambda: ask("heart")).hint
    assert "It has:" in refusal(NotFound, lambda: ask("hibari/zzzzz")).hint
    assert "espeak/gmw/en-US" in refusal(NotFound, lambda: ask("gmw/en-US")).hint


def test_a_preset_of_an_engine_that_is_not_ready_says_the_next_step(ask: Ask) -> None:
    error = refusal(EngineNotReady, lambda: ask("lyrebird/slt", extra=(LYREBIRD,)))
    assert "weights are missing" in error.reason and "Download them" in error.hint


# Voices of engines that are gone


@pytest.mark.parametrize("voice", [voice for voice in FORMER_ENGINES["flite"].voices if voice])
def test_a_voice_that_is_gone_is_answered_by_the_nearest(ask: Ask, voice: str) -> None:
    choices = {f"{engine}/{preset}" for engine, preset in FORMER_ENGINES["flite"].voices[voice]}
    for casting in (ask(f"flite/{voice}"), ask(voice, "flite"), ask(f"flite/{voice}", "flite")):
        assert f"{casting.engine_cls.card.id}/{casting.voice.preset}" in choices
        assert casting.instead_of == f"flite/{voice}"
    assert not ask("hibari/heart").instead_of


def test_an_engine_that_is_gone_gives_the_usual_voice_and_its_unknown_voices_are_unknown(ask: Ask) -> None:
    assert ask("", "flite").engine_cls.card.id == ask().engine_cls.card.id == "hibari"
    assert ask(default_engine="flite").engine_cls.card.id == "hibari"
    assert ask("Anna", "flite", (PARROT,)).engine_cls.card.id == "parrot"
    assert "slt" in refusal(NotFound, lambda: ask("flite/nobody")).hint
    assert "was asked for" in refusal(InvalidInput, lambda: ask("flite/slt", "parrot", (PARROT,))).reason


@pytest.mark.parametrize("ready", [{"kokoro", "hibari", "espeak"}, {"hibari", "espeak"}, {"espeak"}])
def test_every_place_that_was_left_is_filled(ready: set[str]) -> None:
    site = EnginePaths(SAMPLES.parent, Path())
    for voice, choices in FORMER_ENGINES["flite"].voices.items():
        found = nearest("flite", voice, ready)
        assert found in choices
        assert found[1] in {preset.id for preset in Catalog().get(found[0]).preset_voices(site)}


# Saved voices


def test_a_saved_voice_goes_to_an_engine_that_clones(ask: Ask, voices: Voices) -> None:
    for casting in (ask("Anna", extra=(PARROT,)), ask("Anna", "parrot", (PARROT,)), ask("Anna", extra=(LYREBIRD, PARROT))):
        anna = voices.get("Anna")
        assert casting.engine_cls.card.id == "parrot"
        assert casting.voice == SpeakingVoice(reference=anna.master, transcript=SAID)
        assert (casting.voice_label, casting.voice_version) == ("Anna", f"saved:{anna.fingerprint}")
        assert casting.voice_licence == "by letter"


def test_an_engine_that_cannot_clone_names_those_that_can(ask: Ask) -> None:
    error = refusal(InvalidInput, lambda: ask("Anna", "hibari", (PARROT, LYREBIRD)))
    assert "Hibari" in error.reason and "“Anna”" in error.reason
    assert "Parrot" in error.hint and "Lyrebird" not in error.hint


def test_when_none_is_ready_it_says_what_to_install(ask: Ask) -> None:
    for call in (lambda: ask("Anna", "hibari", (LYREBIRD,)), lambda: ask("Anna", extra=(LYREBIRD,))):
        error = refusal(InvalidInput, call)
        assert "F5-TTS is the smallest to fetch" in error.hint and "Press “Set up F5-TTS”" in error.hint
        assert "Or set up" in error.hint and "Lyrebird" in error.hint
    assert isinstance(refusal(EngineNotReady, lambda: ask("Anna", "lyrebird", (LYREBIRD,))), EngineNotReady)


def test_when_none_exists_it_says_so_and_names_a_built_in_voice(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalog, "BUILT_IN", ("engines.speech.hibari.engine:Hibari", "engines.speech.espeak.engine:Espeak"))
    for call in (lambda: ask("Anna"), lambda: ask("Anna", "espeak")):
        hint = refusal(InvalidInput, call).hint
        assert "No engine of this studio can clone" in hint and "“hibari/" in hint


def test_a_language_that_no_cloning_engine_speaks_is_told(ask: Ask) -> None:
    assert "“fr”" in refusal(InvalidInput, lambda: ask("Anna", extra=(PARROT,), language="fr")).reason
    assert "does not speak" in refusal(InvalidInput, lambda: ask("Anna", "parrot", (PARROT,), language="fr")).reason


def test_a_missing_transcript_is_told_where_it_is_needed(ask: Ask, voices: Voices) -> None:
    voices.update("Anna", transcript="")
    assert "transcript" in refusal(InvalidInput, lambda: ask("Anna", extra=(PARROT,))).hint


def test_a_voice_without_a_transcript_goes_to_an_engine_that_needs_none(ask: Ask, voices: Voices) -> None:
    assert ask("Anna", extra=(PARROT, STARLING)).engine_cls.card.id == "parrot"
    voices.update("Anna", transcript="")
    assert ask("Anna", extra=(PARROT, STARLING)).engine_cls.card.id == "starling"


def test_automatic_clones_with_the_first_of_the_order(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resolver, "readiness_of", lambda engine, site: READY)
    assert ask("Anna", extra=(PARROT,)).engine_cls.card.id == "voxcpm2"
    assert ask("Anna", extra=(PARROT,), default_engine="f5-tts").engine_cls.card.id == "f5-tts", "the setting comes first"


def test_an_unknown_voice_is_never_anybody_else(ask: Ask) -> None:
    assert refusal(NotFound, lambda: ask("anna", extra=(PARROT,))).hint == "Did you mean “Anna”?"
    error = refusal(NotFound, lambda: ask("Zebulon", "parrot", (PARROT,)))
    assert "“Anna”" in error.hint
    refusal(NotFound, lambda: ask("Zebulon/x"))


def test_a_damaged_voice_is_refused(ask: Ask, voices: Voices) -> None:
    voices.get("Anna").master.unlink()
    assert "damaged" in refusal(InvalidInput, lambda: ask("Anna", extra=(PARROT,))).reason


def test_a_name_that_could_mean_two_voices_is_refused(ask: Ask, voices: Voices) -> None:
    voices.add("heart", CLIP, SAID)
    assert "hibari/heart" in refusal(InvalidInput, lambda: ask("heart", "hibari", (PARROT,))).hint
    assert ask("hibari/heart").voice.preset == "heart"
    assert ask("heart", "parrot", (PARROT,)).voice_label == "heart"
