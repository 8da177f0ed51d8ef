"""An engine that speaks only when a file of weights is here that it reads, as the model engines do."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from engines.common.weights import find_file, weights_readiness
from engines.contract import EnginePaths, HubFile, PresetVoice, Readiness, SpeakingVoice, Speech, SpeechRequest, SpeechTraits
from engines.speech.hibari.engine import Hibari

WEIGHTS = HubFile("greenroom-tests/tiny-voice", "voice.bin", 307_200)
CONTENT = bytes(range(256)) * 1200


class Fetched(Hibari):
    card = replace(Hibari.card, id="fetched", title="Fetched", hub_files=(WEIGHTS,))

    @classmethod
    def readiness(cls, site: EnginePaths) -> Readiness:
        return weights_readiness(cls.card, site)

    @classmethod
    def preset_voices(cls, site: EnginePaths) -> tuple[PresetVoice, ...]:
        return (PresetVoice("heart", "Tiny", "en"),)

    def load(self, *arguments: Any, **named: Any) -> None:
        found = find_file(self.site, WEIGHTS)
        assert found is not None and found.read_bytes() == CONTENT
        super().load(*arguments, **named)


class FetchedCloner(Fetched):
    """Says that it speaks in saved voices; what it makes is Hibari's own."""

    card = replace(
        Fetched.card, id="fetched-cloner", title="Mirror", traits=replace(Hibari.card.traits_of(SpeechTraits), clones=True)
    )

    def synthesize(self, request: SpeechRequest) -> Speech:
        assert request.voice.reference is not None and request.voice.transcript.startswith("The lamp was lit")
        return super().synthesize(replace(request, voice=SpeakingVoice()))
