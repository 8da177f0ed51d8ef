"""A speech engine with chance in it, to show what is done about takes that go wrong.

It "speaks" noise shaped like syllables at an ordinary pace; the text names its mood:
"moody" fails on the first seed it is given for a text and succeeds on most others; "hopeless" is always silent;
"endless" runs away; "clipped" is far too loud; "deadly" kills the worker. It can also speak several texts at once.
"""

from __future__ import annotations

import os
import signal

import numpy as np

from engines.contract import (
    Card,
    Engine,
    EngineKind,
    EngineOptions,
    EnginePaths,
    Licence,
    PresetVoice,
    Speech,
    SpeechRequest,
    SpeechTraits,
    Tier,
    option,
)
from engines.contract.errors import EngineError
from media.audio.audio import Audio

RATE = 24_000


class MoodyOptions(EngineOptions):
    bad_below: int = option(2**30, "Bad below", "Seeds under this go wrong for moody texts.", ge=0)


class Moody(Engine):
    card = Card(
        id="moody", title="Moody", capability=EngineKind.SPEECH, summary="Goes wrong now and then.", version="1",
        code_licence=Licence("Apache-2.0"), weights_licence=Licence("Apache-2.0"), tier=Tier.LIGHT, longest_text=200,
        languages=("en",),
        traits=SpeechTraits(sample_rate=RATE),
    )  # fmt: skip
    Options = MoodyOptions

    @classmethod
    def preset_voices(cls, site: EnginePaths) -> tuple[PresetVoice, ...]:
        return (PresetVoice("one", "One", "en"),)

    def load(self) -> None:
        self.calls = 0

    def synthesize(self, request: SpeechRequest) -> Speech:
        if "unsayable" in request.text.lower():
            raise EngineError("speech.no-sound", engine="Moody")
        if "deadly" in request.text.lower():
            os.kill(os.getpid(), signal.SIGSEGV)
        return Speech(self._sound(request))

    def synthesize_batch(self, requests: list[SpeechRequest]) -> list[Speech]:
        return [self.synthesize(request) for request in requests]

    def _sound(self, request: SpeechRequest) -> Audio:
        text, seconds = request.text.lower(), len(request.text) / 14
        assert isinstance(self.options, MoodyOptions)
        failed = "hopeless" in text or ("moody" in text and request.seed < self.options.bad_below)
        if failed:
            return Audio(np.zeros(round(seconds * RATE), np.float32), RATE)
        if "endless" in text:
            seconds *= 8
        times = np.arange(round((seconds + 0.6) * RATE)) / RATE
        noise = np.random.default_rng(request.seed).normal(0, 0.1, times.size)
        speech = noise * (0.6 + 0.4 * np.sin(2 * np.pi * 4 * times)) * ((times > 0.3) & (times < seconds + 0.3))
        if "clipped" in text:
            speech = np.clip(speech * 40, -1, 1)
        return Audio(speech.astype(np.float32), RATE)
