"""Engines whose results may not be used commercially, as F5-TTS with its weights, spoken by Hibari; and one that clones."""

from __future__ import annotations

from dataclasses import replace

from engines.contract import EnginePaths, Licence, PresetVoice, Speech, SpeechRequest, SpeechTraits
from engines.speech.hibari.engine import Hibari


class ResearchHibari(Hibari):
    card = replace(
        Hibari.card,
        id="research",
        title="Research",
        weights_licence=Licence("CC-BY-NC-4.0", "https://creativecommons.org/licenses/by-nc/4.0/", commercial_use=False),
    )


class CloningHibari(Hibari):
    """Takes any saved voice and speaks with Hibari's own."""

    card = replace(Hibari.card, id="cloning", title="Cloning", traits=replace(Hibari.card.traits_of(SpeechTraits), clones=True))

    @classmethod
    def preset_voices(cls, site: EnginePaths) -> tuple[PresetVoice, ...]:
        return ()

    def synthesize(self, request: SpeechRequest) -> Speech:
        return super().synthesize(replace(request, voice=replace(request.voice, preset="", reference=None, transcript="")))
