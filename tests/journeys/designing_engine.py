"""An engine that makes up a voice for each seed and clones, with real speech: Hibari's, as another person by the seed, or as the
one who is most like its reference. VoxCPM2 does so with its weights."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from engines.contract import EnginePaths, PresetVoice, SpeakingVoice, Speech, SpeechRequest, SpeechTraits
from media.audio.decode import decode_audio
from media.audio.voice_similarity import measure_voice, pitch_distance
from tests.engines.hearts import PACES, Hearts

VOICES = tuple(PACES)
LINE = "Good day. This is the voice in which I read to you."


class Designing(Hearts):
    card = replace(
        Hearts.card, id="designing", title="Designing", traits=SpeechTraits(sample_rate=24_000, clones=True, made_up=("design",))
    )

    @classmethod
    def preset_voices(cls, site: EnginePaths) -> tuple[PresetVoice, ...]:
        return (PresetVoice("design", "Designed by its description", "en"),)

    def synthesize(self, request: SpeechRequest) -> Speech:
        clip = request.voice.reference
        voice = VOICES[request.seed % len(VOICES)] if clip is None else self._most_like(clip)
        return super().synthesize(replace(request, voice=SpeakingVoice(voice)))

    def _most_like(self, clip: Path) -> str:
        known = measure_voice(decode_audio(clip))
        assert known is not None
        spoken = {name: measure_voice(super(Designing, self).synthesize(_line(name)).audio) for name in VOICES}
        return min(spoken, key=lambda name: pitch_distance(known, spoken[name]) if spoken[name] else 99.0)


def _line(name: str) -> SpeechRequest:
    return SpeechRequest(LINE, SpeakingVoice(name))
