"""The contract suite catches what it is for: an engine that breaks a promise fails its check."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from pydantic import Field

from engines.contract import Engine, EngineOptions, EnginePaths, PresetVoice, Readiness, Speech, SpeechRequest, TimedMark
from media.audio.audio import Audio
from media.errors import GreenroomError
from tests.engines import contract_suite as contract
from tests.engines.fault_engine import FaultEngine, FaultOptions


@pytest.mark.parametrize("garbage", ["nan", "short", "silence", "rate", "type"])
def test_garbage_is_caught(site: EnginePaths, garbage: str) -> None:
    engine = contract.loaded(FaultEngine, site, FaultOptions.model_validate({"behaviour": "garbage", "garbage": garbage}))
    with pytest.raises((AssertionError, AttributeError, GreenroomError)):
        contract.check_speech(engine, contract.PLAIN_TEXT, "en")


def test_a_bare_error_is_not_a_refusal(site: EnginePaths) -> None:
    engine = contract.loaded(FaultEngine, site, FaultOptions(behaviour="raise"))
    with pytest.raises(ValueError):
        contract.check_awkward_text(engine, "a < b", "en")


class Forgetful(FaultEngine):
    """Never the same twice, ignores a cancel, takes any text."""

    def synthesize(self, request: SpeechRequest) -> Speech:
        noise = np.random.default_rng().normal(0, 0.1, 16_000).clip(-1, 1)
        return Speech(Audio(noise.astype(np.float32), 16_000), (TimedMark("late", 0.5, 9.0), TimedMark("early", 0.1, 0.2)))


def test_another_sound_for_the_same_seed_is_caught(site: EnginePaths) -> None:
    with pytest.raises(AssertionError):
        contract.check_same_seed_same_sound(contract.loaded(Forgetful, site), "en")


def test_marks_outside_the_sound_are_caught(site: EnginePaths) -> None:
    with pytest.raises(AssertionError, match="words"):
        contract.check_speech(contract.loaded(Forgetful, site), contract.PLAIN_TEXT, "en")


def test_a_missing_refusal_is_caught(site: EnginePaths) -> None:
    with pytest.raises(pytest.fail.Exception):
        contract.check_refusals(contract.loaded(Forgetful, site), "en")


def test_an_ignored_cancel_is_caught(site: EnginePaths) -> None:
    run = contract.TinyRun()
    with pytest.raises(pytest.fail.Exception):
        contract.check_cancel(contract.loaded(Forgetful, site, run=run), run, "en")


class Slovenly(FaultEngine):
    """Card, options, readiness and voices each break a rule."""

    class Options(EngineOptions):
        volume: int = Field(1)

    card = replace(FaultEngine.card, id="No Good", languages=("english",))

    @classmethod
    def readiness(cls, site: EnginePaths) -> Readiness:
        return Readiness(False, "no idea")

    @classmethod
    def preset_voices(cls, site: EnginePaths) -> tuple[PresetVoice, ...]:
        return (PresetVoice("a", "A", "en"), PresetVoice("a", "B", "en"))


@pytest.mark.parametrize("check", [contract.check_card, contract.check_options])
def test_a_slovenly_class_is_caught(check: object) -> None:
    with pytest.raises(AssertionError):
        check(Slovenly)  # type: ignore[operator]


@pytest.mark.parametrize("check", [contract.check_readiness, contract.check_preset_voices])
def test_slovenly_answers_are_caught(check: object, site: EnginePaths) -> None:
    with pytest.raises(AssertionError):
        check(Slovenly, site)  # type: ignore[operator]


def test_a_dear_import_is_caught() -> None:
    class Dear(Engine):
        """Its module is this library's, which imports a heavy one."""

    Dear.__module__, Dear.__name__ = "media.audio.resample", "StreamResampler"
    with pytest.raises(AssertionError):
        contract.check_import_is_cheap(Dear)  # type: ignore[type-abstract]
