"""eSpeak NG: 138 voices in over a hundred languages, exact word and phoneme times, SSML; built in, no download.

Licence: eSpeak NG is GPL-3.0-or-later. Its library is loaded only inside this engine's own worker process, which the studio talks
to over a pipe; the studio itself reads only eSpeak's voice files.
"""

from __future__ import annotations

import difflib
from pathlib import Path

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
)  # fmt: skip
from engines.contract.engine import READY
from engines.contract.errors import EngineError, EngineNotReady
from engines.speech.espeak import data as espeak_data
from media.audio.audio import Audio
from media.messages.message import Message

SAMPLE_RATE = 22_050
LONGEST_SECONDS = 1800
"""A call that has made this much sound is ended: a slip in a <break> must not fill the memory."""

QUIETEST_PEAK = 1e-3

GPL = Licence("GPL-3.0-or-later", "https://github.com/espeak-ng/espeak-ng/blob/master/COPYING")

# Every primary tag that the voices serve. Data, so that the card needs no file; a test holds it against the voice files.
LANGUAGES = (
    "en", "af", "am", "an", "ar", "as", "az", "ba", "be", "bg", "bn", "bpy", "bs", "ca", "chr", "cmn", "cs", "cv", "cy", "da",
    "de", "el", "eo", "es", "et", "eu", "fa", "fi", "fr", "ga", "gd", "gn", "grc", "gu", "hak", "haw", "hbs", "he", "hi",
    "hr", "ht", "hu", "hy", "hyw", "ia", "id", "io", "is", "it", "ja", "jbo", "ka", "kk", "kl", "kn", "ko", "kok", "ku", "ky",
    "la", "lb", "lfn", "lt", "ltg", "lv", "mi", "mk", "ml", "mr", "ms", "mt", "mto", "my", "nb", "nci", "ne", "nl", "no",
    "nog", "om", "or", "pa", "pap", "piqd", "pl", "pt", "py", "qdb", "qu", "quc", "qya", "ro", "ru", "sd", "shn", "si", "sjn",
    "sk", "sl", "smj", "sq", "sr", "sv", "sw", "ta", "te", "th", "ti", "tk", "tn", "tr", "tt", "ug", "uk", "ur", "uz", "vi",
    "yue", "zh",
)  # fmt: skip


class EspeakOptions(EngineOptions):
    """Options of eSpeak NG."""

    speed: int = option(165, "Speed", "How many words a minute.", common=True, unit="words/min", ge=80, le=450)
    pitch: int = option(50, "Pitch", "Height of the voice; 50 is the voice's own.", common=True, ge=0, le=99)
    pitch_range: int = option(50, "Pitch range", "Liveliness of the melody; 0 is monotone.", ge=0, le=99)
    variant: str = option(
        "", "Variant", 'Another speaker for the same language, such as "f3" or "klatt6"; empty is the voice itself.',
        common=True, max_length=40,
    )  # fmt: skip
    volume: int = option(100, "Volume", "Amplitude; from about 150 on loud voices clip.", unit="%", ge=0, le=200)
    word_gap: int = option(0, "Word gap", "Extra pause between words, in steps of 10 ms at normal speed.", ge=0, le=100)


class Espeak(Engine):
    """Speech engine (see the module's docstring for the licence)."""

    card = Card(
        id="espeak",
        title="eSpeak NG",
        capability=EngineKind.SPEECH,
        summary=(
            "Over a hundred languages with exact word and sound times. Robotic, instant, in the box. "
            "GPL-3.0-or-later, run in a process of its own."
        ),
        version="1.52-1",
        code_licence=GPL,
        weights_licence=GPL,
        tier=Tier.LIGHT,
        memory_gib=0.1,
        traits=SpeechTraits(sample_rate=SAMPLE_RATE, takes_phonemes=True),
        languages=LANGUAGES,
        longest_text=4_000,
        reload_seconds=0.3,
    )
    Options = EspeakOptions
    options: EspeakOptions

    def __init__(self, site: EnginePaths, options: EngineOptions, run: RunContext) -> None:
        super().__init__(site, options, run)
        self._library = Path()
        self._data = Path()
        self._speaking_data = Path()
        self._vowels: dict[str, dict[str, str]] = {}

    @classmethod
    def readiness(cls, site: EnginePaths) -> Readiness:
        if espeak_data.data_folder() is None:
            return Readiness(
                False, Message.of("readiness.not-installed", package="eSpeak NG"), Message.of("step.install-by-launch")
            )
        return READY

    @classmethod
    def preset_voices(cls, site: EnginePaths) -> tuple[PresetVoice, ...]:
        data = espeak_data.data_folder()
        return espeak_data.preset_voices(data) if data else ()

    @classmethod
    def variants(cls) -> tuple[str, ...]:
        """Names that the option `variant` takes, beside the empty one."""
        data = espeak_data.data_folder()
        return espeak_data.variants(data) if data else ()

    @classmethod
    def unsayable(cls, request: SpeechRequest, site: EnginePaths) -> tuple[Unsayable, ...]:
        from engines.speech.espeak.sayable import unsayable

        return unsayable(request.text, espeak_data.language_of(request.voice.preset) or request.language)

    def load(self) -> None:
        """Find the library and its data.

        Raises:
            EngineNotReady: when they are not installed.
        """
        import espeakng_loader

        from engines.speech.espeak.library import short_data_path

        data = espeak_data.data_folder()
        self._library = Path(espeakng_loader.get_library_path())
        if data is None or not self._library.is_file():
            raise EngineNotReady("espeak.not-installed")
        self._data = data
        self._speaking_data = short_data_path(data, self.site.cache)

    def synthesize(self, request: SpeechRequest) -> Speech:
        """Speak one text, plain or SSML.

        Raises:
            EngineError: for text that is empty, too long or unspeakable, a saved voice, an unknown preset or variant, or a
                language that eSpeak does not support.
        """
        from engines.speech.common.request_checks import refuse_what_no_preset_engine_takes
        from engines.speech.espeak.library import Parameters, speak
        from engines.speech.espeak.text import phoneme_marks, prepare, word_marks

        self.run.check()
        refuse_what_no_preset_engine_takes(request, self.card)
        options = self.options
        voice = self._voice(request)
        sounds = self._sounds(request, voice)
        prepared = prepare(request.text, sounds)
        parameters = Parameters(voice, options.speed, options.pitch, options.pitch_range, options.volume, options.word_gap)
        spoken = speak(
            self._library, self._speaking_data, prepared.text, parameters,
            ssml=prepared.ssml, seed=request.seed, on_samples=self._listen, phonemes=bool(sounds),
        )  # fmt: skip
        samples = spoken.samples.astype(np.float32) / np.float32(32768)
        phonemes = phoneme_marks(spoken)
        if not phonemes or (options.volume > 0 and np.abs(samples).max(initial=0) < QUIETEST_PEAK):
            raise EngineError("espeak.nothing-to-speak")
        return Speech(Audio(samples, spoken.rate), word_marks(prepared, request.text, spoken), phonemes)

    def _sounds(self, request: SpeechRequest, voice: str) -> dict[tuple[int, int], str]:
        """What is spoken by its sounds, in eSpeak's mnemonics. A word of which nothing can be spoken stays as it is written."""
        if not request.phonemes:
            return {}
        from engines.speech.espeak.library import EspeakResult, Parameters, speak
        from engines.speech.espeak.phonemes import as_mnemonics, vowels_of, with_possessive

        def tell(text: str) -> EspeakResult:
            quick = Parameters(voice, 450, 50, 50, 100, 0)
            return speak(
                self._library, self._speaking_data, text, quick, ssml=False, seed=0, on_samples=self._listen, phonemes=True
            )

        if voice not in self._vowels:
            self._vowels[voice] = vowels_of(self._data, voice, tell)
        found: dict[tuple[int, int], str] = {}
        for span in request.phonemes:
            mnemonics = as_mnemonics(span.ipa, self._vowels[voice])
            possessive = voice.startswith("gmw/en") and request.text[span.end : span.end + 2].lower() in ("'s", "’s")
            if mnemonics:
                end = span.end + 2 if possessive else span.end
                found[span.start, end] = with_possessive(mnemonics) if possessive else mnemonics
        return found

    def _listen(self, made: int) -> None:
        self.run.check()
        if made > LONGEST_SECONDS * SAMPLE_RATE:
            raise EngineError("espeak.sound-too-long", minutes=LONGEST_SECONDS // 60)

    def _voice(self, request: SpeechRequest) -> str:
        voice = request.voice.preset or espeak_data.voice_for(request.language, self._data)
        if voice is None:
            raise EngineError("espeak.language-unknown", language=request.language)
        if voice not in {preset.id for preset in espeak_data.preset_voices(self._data)}:
            raise EngineError("espeak.voice-unknown", voice=voice)
        variant = self.options.variant
        if not variant:
            return voice
        if variant not in espeak_data.variants(self._data):
            near = difflib.get_close_matches(variant, espeak_data.variants(self._data), n=3)
            raise EngineError("espeak.variant-unknown", variant=variant, near=near)
        return f"{voice}+{variant}"
