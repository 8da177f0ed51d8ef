"""Every engine of the catalog, and the fault engine at its best, keeps the contract."""

from __future__ import annotations

import pytest

from engines.catalog import Catalog
from engines.contract import Engine, EngineKind, EnginePaths, SpeechEngine
from tests.engines import contract_suite as contract

CATALOG = Catalog(extra=["tests.engines.fault_engine:FaultEngine"])
ENGINES = CATALOG.all()
SPEAKERS = CATALOG.of(EngineKind.SPEECH)

every_engine = pytest.mark.parametrize("engine", ENGINES, ids=lambda engine: engine.card.id)
every_speaker = pytest.mark.parametrize("speaker", SPEAKERS, ids=lambda engine: engine.card.id, indirect=True)


@pytest.fixture(scope="module")
def speaker(request: pytest.FixtureRequest, site: EnginePaths) -> Engine:
    """The engine loaded in this process; skipped where the machine lacks what it needs."""
    engine: type[Engine] = request.param
    readiness = engine.readiness(site)
    if not readiness.ready:
        pytest.skip(readiness.sentence)
    return contract.loaded(engine, site)


def language_of(engine: Engine) -> str:
    return "en" if "en" in engine.card.languages else engine.card.languages[0]


def test_importing_the_modules_is_cheap() -> None:
    found = zip(ENGINES, contract.heavy_imports(ENGINES), strict=True)
    assert {engine.__module__: heavy for engine, heavy in found if heavy} == {}


@every_engine
def test_the_card_is_complete(engine: type[Engine]) -> None:
    contract.check_card(engine)


@every_engine
def test_options_explain_themselves_and_refuse_the_unknown(engine: type[Engine]) -> None:
    contract.check_options(engine)


@every_engine
def test_readiness_is_a_sentence(engine: type[Engine], site: EnginePaths) -> None:
    contract.check_readiness(engine, site)


@every_engine
def test_preset_voices_are_unique_and_known_to_the_card(engine: type[Engine], site: EnginePaths) -> None:
    contract.check_preset_voices(engine, site)


@every_speaker
def test_it_is_a_speech_engine(speaker: Engine) -> None:
    assert isinstance(speaker, SpeechEngine)


@every_speaker
def test_it_speaks_a_sentence_in_each_of_its_first_voices(speaker: Engine, site: EnginePaths) -> None:
    language = language_of(speaker)
    fitting = [voice.id for voice in speaker.preset_voices(site) if voice.language.split("-")[0] == language]
    for preset in ("", *fitting[:3]):
        contract.check_speech(speaker, contract.PLAIN_TEXT, language, preset)


@every_speaker
def test_the_same_seed_gives_the_same_sound(speaker: Engine) -> None:
    contract.check_same_seed_same_sound(speaker, language_of(speaker))


@every_speaker
def test_what_it_cannot_take_is_refused_in_words(speaker: Engine) -> None:
    contract.check_refusals(speaker, language_of(speaker))


@every_speaker
@pytest.mark.parametrize("text", contract.AWKWARD_TEXTS, ids=range(len(contract.AWKWARD_TEXTS)))
def test_awkward_text_does_no_harm(speaker: Engine, text: str) -> None:
    contract.check_awkward_text(speaker, text, language_of(speaker))


@every_speaker
def test_text_of_the_full_length_is_spoken(speaker: Engine) -> None:
    contract.check_longest_text(speaker, language_of(speaker))


@every_speaker
def test_cancel_is_honoured_at_the_start_of_a_call(speaker: Engine) -> None:
    run = contract.TinyRun()
    before, speaker.run = speaker.run, run
    try:
        contract.check_cancel(speaker, run, language_of(speaker))
    finally:
        speaker.run = before
