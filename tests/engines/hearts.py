"""Hibari in several voices: its own, and the same as if smaller or larger people spoke. For tests that need
more speakers than it has, in words that a recogniser follows and with exact times."""

from __future__ import annotations

from dataclasses import replace

from engines.contract import EnginePaths, PresetVoice, Speech, SpeechRequest, TimedMark
from engines.speech.hibari.engine import Hibari
from media.audio.audio import Audio
from media.audio.resample import resample

PACES = {"heart": 1.0, "deep": 0.74, "high": 1.36, "giant": 0.55}


class Hearts(Hibari):
    card = replace(Hibari.card, id="hearts", title="Hearts")

    @classmethod
    def preset_voices(cls, site: EnginePaths) -> tuple[PresetVoice, ...]:
        return tuple(PresetVoice(name, name.capitalize(), "en-US") for name in PACES)

    def synthesize(self, request: SpeechRequest) -> Speech:
        pace, asked = PACES[request.voice.preset or "heart"], self.options
        self.options = asked.model_copy(update={"speed": asked.speed / pace})
        try:
            own = replace(request, voice=replace(request.voice, preset="", reference=None, transcript=""))
            return played(super().synthesize(own), pace)
        finally:
            self.options = asked


def played(speech: Speech, pace: float) -> Speech:
    """Speech that was spoken quicker or slower, played so that its length is the usual one: at another pitch."""
    if pace == 1.0:
        return speech
    audio = resample(Audio(speech.audio.samples, round(speech.audio.rate * pace)), speech.audio.rate)
    words, phonemes = (tuple(_moved(mark, pace) for mark in marks) for marks in (speech.words, speech.phonemes))
    return replace(speech, audio=audio, words=words, phonemes=phonemes)


def _moved(mark: TimedMark, pace: float) -> TimedMark:
    return replace(mark, start=mark.start / pace, end=mark.end / pace)
