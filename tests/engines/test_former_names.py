"""An engine of somebody's own that was written for 0.9 still loads and speaks, and says what to change."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from engines.catalog import Catalog
from engines.contract import (
    Card,
    EngineKind,
    EnginePaths,
    Licence,
    SpeechRequest,
    SpeechTraits,
    Tier,
    TranscriptionTraits,
    VideoTraits,
)
from engines.contract.former_names import FORMER_CLASSES
from media.audio.audio import silence
from studio.verification.verifiers import choose_verifier
from tests.engines import contract_suite as contract

WRITTEN_FOR_0_9 = '''
"""Hum: hums a text at one pitch."""

from __future__ import annotations

import numpy as np

from engines.contract import (
    Capability, Card, Engine, EngineOptions, Licence, PresetVoice, Site, Speech, SpeechRequest, Tier, option,
)
from engines.errors import EngineError
from engines.speech.requests import refuse_what_no_preset_engine_takes
from media.audio import Audio


class HumOptions(EngineOptions):
    """How it hums."""

    pitch: float = option(150.0, "Pitch", "Height of the hum.", common=True, unit="Hz", ge=60, le=600)


class Hum(Engine):
    """Speech engine for the documentation."""

    card = Card(
        id="hum", title="Hum", capability=Capability.SPEECH, summary="Hums instead of speaking.", version="1",
        code_licence=Licence("Apache-2.0"), weights_licence=Licence("Apache-2.0"), tier=Tier.LIGHT,
        sample_rate=16_000, languages=("en",), longest_text=500,
    )
    Options = HumOptions
    options: HumOptions

    @classmethod
    def preset_voices(cls, site: Site) -> tuple[PresetVoice, ...]:
        return (PresetVoice("hum", "Hum", "en"),)

    def load(self) -> None:
        """Nothing to bring into memory."""

    def synthesize(self, request: SpeechRequest) -> Speech:
        self.run.check()
        refuse_what_no_preset_engine_takes(request, self.card)
        if request.voice.preset not in ("", "hum"):
            raise EngineError(f'Hum has no voice "{request.voice.preset}".')
        if request.language.split("-")[0] not in self.card.languages:
            raise EngineError(f'Hum does not hum in the language "{request.language}".')
        rate = self.card.sample_rate
        times = np.arange(round(0.06 * len(request.text) * rate)) / rate
        return Speech(Audio((0.3 * np.sin(2 * np.pi * self.options.pitch * times)).astype(np.float32), rate))
'''

FOLLOWER_OF_0_9 = '''
from engines.contract import Capability, Card, Engine, Licence, Tier, Transcript


class Echo(Engine):
    """Hears every text as it is written."""

    card = Card(
        id="echo", title="Echo", capability=Capability.VERIFICATION, summary="Hears what it should.", version="1",
        code_licence=Licence("MIT"), weights_licence=Licence("MIT"), tier=Tier.LIGHT, languages=("cy",),
        way_out="Listen yourself.",
    )

    def load(self) -> None:
        """Nothing to bring into memory."""

    def follow(self, audio: object, text: str, language: str = "en") -> Transcript:
        return Transcript(text, language)
'''


@pytest.fixture
def own_engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], Catalog]:
    """Writes an engine of somebody's own into a module and lists it in a catalog."""

    def write(program: str, name: str) -> Catalog:
        module = f"former_{name.lower()}"
        (tmp_path / f"{module}.py").write_text(program, encoding="utf-8")
        monkeypatch.syspath_prepend(tmp_path)
        return Catalog([f"{module}:{name}"])

    return write


def test_an_engine_written_for_the_former_names_speaks(own_engine: Callable[[str, str], Catalog], site: EnginePaths) -> None:
    with pytest.warns(DeprecationWarning) as warned:
        engine = own_engine(WRITTEN_FOR_0_9, "Hum").get("hum")
    said = " ".join(str(one.message) for one in warned)
    for name in (
        "EngineKind",
        "EnginePaths",
        "engines.contract.errors",
        "engines.speech.common.request_checks",
        "media.audio.audio",
        "SpeechTraits.sample_rate",
    ):
        assert name in said
    instance = contract.loaded(engine, site)
    assert engine.card.traits == SpeechTraits(sample_rate=16_000)
    with pytest.warns(DeprecationWarning, match=r"Card\.sample_rate is in Card\.traits, as SpeechTraits\.sample_rate now"):
        assert instance.synthesize(SpeechRequest("Good evening.")).audio.duration > 0.5  # type: ignore[attr-defined]


def test_an_aligner_with_the_former_method_is_chosen_and_aligns(
    own_engine: Callable[[str, str], Catalog], site: EnginePaths
) -> None:
    with pytest.warns(DeprecationWarning, match=r"former_echo\.Echo: the method follow is called align now"):
        catalog = own_engine(FOLLOWER_OF_0_9, "Echo")
        engine = catalog.get("echo")
    assert engine.card.remedy == "Listen yourself."
    assert choose_verifier("cy", "echo", catalog, site) == "echo"
    assert contract.loaded(engine, site).align(silence(1.0, 16_000), "Bore da.").text == "Bore da."  # type: ignore[attr-defined]


def card(kind: EngineKind, **more: Any) -> Card:
    return Card(
        id="own", title="Own", capability=kind, summary="Own.", version="1",
        code_licence=Licence("MIT"), weights_licence=Licence("MIT"), tier=Tier.LIGHT, **more,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "former", "traits"),
    [
        (
            EngineKind.SPEECH,
            {
                "sample_rate": 24_000,
                "clones": True,
                "streams": True,
                "needs_transcript": True,
                "longest_clip": 9.0,
                "takes_style": True,
            },
            SpeechTraits(24_000, clones=True, streams=True, needs_transcript=True, longest_clip=9.0, takes_style=True),
        ),
        (EngineKind.TRANSCRIPTION, {"longest_sound": 30.0}, TranscriptionTraits(longest_sound=30.0)),
        (EngineKind.VIDEO, {"burns_captions": True}, VideoTraits(burns_captions=True)),
    ],
)
def test_former_keywords_of_a_card_become_its_traits(kind: EngineKind, former: dict[str, Any], traits: Any) -> None:
    with pytest.warns(DeprecationWarning) as warned:
        own = card(kind, **former)
    assert own == card(kind, traits=traits)
    assert {str(one.message).split()[0] for one in warned} == {f"Card.{name}" for name in former}
    with pytest.warns(DeprecationWarning):
        assert {name: getattr(own, name) for name in former} == former
    with pytest.warns(DeprecationWarning, match="longest_clip|longest_sound"):
        assert replace(own, longest_clip=4.0, longest_sound=60.0).traits != traits or kind is EngineKind.VIDEO


def test_what_a_card_never_had_is_refused_as_before() -> None:
    with pytest.raises(TypeError, match="hums"):
        card(EngineKind.SPEECH, hums=True)
    with pytest.raises(AttributeError, match="hums"):
        _ = card(EngineKind.SPEECH).hums  # type: ignore[attr-defined]
    assert copy.deepcopy(pickle.loads(pickle.dumps(card(EngineKind.SPEECH)))) == card(EngineKind.SPEECH)


@pytest.mark.parametrize("name", FORMER_CLASSES)
def test_every_former_name_of_the_contract_answers(name: str) -> None:
    import engines.contract

    with pytest.warns(DeprecationWarning, match=name):
        assert isinstance(getattr(engines.contract, name), type)
    with pytest.raises(AttributeError, match="Nothing"):
        _ = engines.contract.Nothing
