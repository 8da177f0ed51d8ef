"""An engine of somebody's own that was written for 0.9 still loads and speaks, and says what to change."""

from __future__ import annotations

from pathlib import Path

import pytest

from engines.catalog import Catalog
from engines.contract import EnginePaths, SpeechRequest
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
        times = np.arange(round(0.06 * len(request.text) * 16_000)) / 16_000
        return Speech(Audio((0.3 * np.sin(2 * np.pi * self.options.pitch * times)).astype(np.float32), 16_000))
'''


def test_an_engine_written_for_the_former_names_speaks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, site: EnginePaths
) -> None:
    (tmp_path / "former_engine.py").write_text(WRITTEN_FOR_0_9, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.warns(DeprecationWarning) as warned:
        engine = Catalog(["former_engine:Hum"]).get("hum")
    said = " ".join(str(one.message) for one in warned)
    for name in (
        "EngineKind",
        "EnginePaths",
        "engines.contract.errors",
        "engines.speech.common.request_checks",
        "media.audio.audio",
    ):
        assert name in said
    instance = contract.loaded(engine, site)
    assert instance.synthesize(SpeechRequest("Good evening.")).audio.duration > 0.5  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", ["Capability", "Extent", "FollowingEngine", "Run", "Saving", "Site"])
def test_every_former_name_of_the_contract_answers(name: str) -> None:
    import engines.contract

    with pytest.warns(DeprecationWarning, match=name):
        assert isinstance(getattr(engines.contract, name), type)
    with pytest.raises(AttributeError, match="Nothing"):
        _ = engines.contract.Nothing
