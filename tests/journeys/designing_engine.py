"""An engine that makes up a voice for each text, with real speech (one of Flite's voices by the seed), as VoxCPM2 does with
its weights."""

from __future__ import annotations

from dataclasses import replace

from engines.contract import EnginePaths, PresetVoice, Speech, SpeechRequest
from engines.speech.flite.engine import Flite

VOICES = ("slt", "rms", "awb", "kal")


class Designing(Flite):
    card = replace(Flite.card, id="designing", title="Designing")

    @classmethod
    def preset_voices(cls, site: EnginePaths) -> tuple[PresetVoice, ...]:
        return (PresetVoice("design", "Designed by its description", "en"),)

    def synthesize(self, request: SpeechRequest) -> Speech:
        voice = VOICES[request.seed % len(VOICES)]
        return super().synthesize(replace(request, voice=replace(request.voice, preset=voice)))
