"""Flite: five English voices in a WebAssembly sandbox, clearer than eSpeak's, with exact phone times; no download."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from engines.contract import (
    Card,
    Engine,
    EngineKind,
    EngineOptions,
    EnginePaths,
    Licence,
    PresetVoice,
    Readiness,
    RunContext,
    Speech,
    SpeechRequest,
    SpeechTraits,
    Tier,
    Unsayable,
    option,
)
from engines.contract.errors import EngineError, EngineNotReady
from engines.speech.common.request_checks import refuse_what_no_preset_engine_takes
from media.audio.audio import Audio

if TYPE_CHECKING:
    from engines.speech.flite.program import FliteProgram, FliteResult

SAMPLE_RATE = 16_000
PACKED_PROGRAM = "flite/flite.wasm.xz"

VOICES = (
    PresetVoice("rms", "RMS", "en-US", "male"),
    PresetVoice("awb", "AWB (Scottish)", "en-GB", "male"),
    PresetVoice("kal16", "KAL", "en-US", "male"),
    PresetVoice("slt", "SLT", "en-US", "female"),
    PresetVoice("kal", "KAL at telephone quality", "en-US", "male"),
)
"""The clearest first, as measured (engines.speech.defaults has the figures)."""

DIPHONE_VOICES = frozenset({"kal16", "kal"})
FIXED_PITCH_VOICES = frozenset({"rms"})
"""Voices that make their own melody and take no pitch options (measured: no effect)."""

LEXICON_VOICE = "kal"
"""The quickest voice; all five share one lexicon, so it stands for any of them in how a word is read."""


class FliteOptions(EngineOptions):
    """How Flite speaks."""

    speed: float = option(1.0, "Speed", "1 is the voice's own pace, 2 twice as fast.", common=True, unit="x", ge=0.5, le=2.0)
    pitch: float = option(
        0.0, "Pitch", "Higher or lower than the voice's own. The voice rms takes no pitch.", common=True, unit="semitones",
        ge=-12, le=12,
    )  # fmt: skip
    pitch_range: float = option(
        0.0, "Pitch range", "How far the melody strays; 0 is the voice's own. Not for the voice rms.", unit="Hz", ge=0, le=60
    )


class Flite(Engine):
    """Speech engine. The program runs without network or files of yours; each call is a fresh sandbox."""

    card = Card(
        id="flite",
        title="Flite",
        capability=EngineKind.SPEECH,
        summary="Five plain English voices, the clearest in the box. Instant, with exact word and sound times.",
        version="2.3-1",
        code_licence=Licence("BSD-style (CMU Flite)", "https://github.com/festvox/flite/blob/master/COPYING"),
        weights_licence=Licence("BSD-style (CMU Flite)", "https://github.com/festvox/flite/blob/master/COPYING"),
        tier=Tier.LIGHT,
        memory_gib=0.25,
        traits=SpeechTraits(sample_rate=SAMPLE_RATE),
        languages=("en",),
        longest_text=2_000,
        reload_seconds=0.5,
    )
    Options = FliteOptions
    options: FliteOptions

    def __init__(self, site: EnginePaths, options: EngineOptions, run: RunContext) -> None:
        super().__init__(site, options, run)
        self._program: FliteProgram | None = None

    @classmethod
    def readiness(cls, site: EnginePaths) -> Readiness:
        if not (site.assets / PACKED_PROGRAM).is_file():
            return Readiness(False, "The file assets/flite/flite.wasm.xz is missing.", "Get a complete copy of the studio.")
        return Readiness(True, "Ready.")

    @classmethod
    def preset_voices(cls, site: EnginePaths) -> tuple[PresetVoice, ...]:
        return VOICES

    @classmethod
    def unsayable(cls, request: SpeechRequest, site: EnginePaths) -> tuple[Unsayable, ...]:
        from engines.speech.flite import text as flite_text

        return flite_text.unsayable(request.text)

    def load(self) -> None:
        """Unpack and compile the program, or take the compiled one from the cache.

        Raises:
            EngineNotReady: when the program is missing or damaged.
        """
        from engines.speech.flite.program import FliteProgram

        self._program = FliteProgram(self.site.assets / PACKED_PROGRAM, self.site.cache)

    def synthesize(self, request: SpeechRequest) -> Speech:
        """Speak one English text.

        Raises:
            EngineError: for text that is empty, too long or not English, a saved voice, an unknown preset, or a pitch
                option with a voice that takes none.
        """
        from engines.speech.flite import text as flite_text
        from engines.speech.flite import timing as flite_timing

        self.run.check()
        refuse_what_no_preset_engine_takes(request, self.card)
        if request.language.replace("_", "-").split("-")[0].lower() not in self.card.languages:
            raise EngineError("flite.english-only", language=request.language)
        voice = self._voice(request)
        text = flite_text.english(request.text)
        if not any(character.isalnum() for character in text.text):
            raise EngineError("flite.nothing-to-speak")
        program = self._loaded()
        spoken = program.speak(text.text, voice, self._features(voice))
        self.run.progress(0.8)
        phones = flite_timing.timed_phones(spoken, cuts_last_pause=voice in DIPHONE_VOICES)
        words = text.words()
        marks = flite_timing.word_marks(
            phones, words, program.phones([word for word, _, _ in words], LEXICON_VOICE), request.text
        )
        return Speech(_audio(spoken), marks, flite_timing.phoneme_marks(phones))

    def _loaded(self) -> FliteProgram:
        if self._program is None:
            raise EngineNotReady("engine.not-loaded", engine="Flite")
        return self._program

    def _voice(self, request: SpeechRequest) -> str:
        voice = request.voice.preset or VOICES[0].id
        names = [preset.id for preset in VOICES]
        if voice not in names:
            raise EngineError("flite.voice-unknown", voice=voice, known=names)
        if voice in FIXED_PITCH_VOICES and (self.options.pitch or self.options.pitch_range):
            raise EngineError("flite.pitch-fixed", voice=voice)
        return voice

    def _features(self, voice: str) -> dict[str, float]:
        options = self.options
        features = {}
        if options.speed != 1:
            features["duration_stretch"] = self._stretch(voice) / options.speed
        if options.pitch:
            features["f0_shift"] = 2 ** (options.pitch / 12)
        if options.pitch_range:
            features["int_f0_target_stddev"] = options.pitch_range
        return features

    @staticmethod
    def _stretch(voice: str) -> float:
        """The stretch at which a voice speaks at its own pace; the diphone voices come slowed by a tenth."""
        return 1.1 if voice in DIPHONE_VOICES else 1.0


def _audio(spoken: FliteResult) -> Audio:
    """The sound at the card's rate; only the voice kal comes at another one."""
    from media.audio.resample import resample

    if not spoken.samples.size or not spoken.samples.any():
        raise EngineError("flite.no-sound")
    return resample(Audio(spoken.samples.astype(np.float32) / np.float32(32768), spoken.rate), SAMPLE_RATE)
