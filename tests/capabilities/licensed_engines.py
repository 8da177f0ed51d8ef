"""Engines whose results may not be used commercially, as F5-TTS with its weights, speaking through Flite; and one that clones."""

from __future__ import annotations

from dataclasses import replace

from engines.contract import EnginePaths, Licence, PresetVoice, Speech, SpeechRequest, SpeechTraits
from engines.speech.flite.engine import Flite


class ResearchFlite(Flite):
    card = replace(
        Flite.card,
        id="research",
        title="Research",
        weights_licence=Licence("CC-BY-NC-4.0", "https://creativecommons.org/licenses/by-nc/4.0/", commercial_use=False),
    )


class CloningFlite(Flite):
    """Takes any saved voice and speaks with one of Flite's own."""

    card = replace(Flite.card, id="cloning", title="Cloning", traits=replace(Flite.card.traits_of(SpeechTraits), clones=True))

    @classmethod
    def preset_voices(cls, site: EnginePaths) -> tuple[PresetVoice, ...]:
        return ()

    def synthesize(self, request: SpeechRequest) -> Speech:
        return super().synthesize(replace(request, voice=replace(request.voice, preset="slt", reference=None, transcript="")))
