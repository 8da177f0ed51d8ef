"""Hibari: one natural English voice in eight megabytes, as fast as the classic synthesisers; included, no download.

Upstream: hibari-tts 0.2.1 by Maureese Williams (github.com/MMWilliams/hibari, Apache-2.0), distilled from Kokoro's voice
af_heart. assets/hibari has its files, without the code that downloads the package's other voices.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

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
from engines.contract.engine import COMPLETE_COPY, READY
from engines.contract.errors import EngineError, EngineNotReady
from engines.speech.common.request_checks import refuse_language, refuse_what_no_preset_engine_takes
from media.messages.message import Message

if TYPE_CHECKING:
    from engines.speech.common.english_reader import EnglishReader
    from engines.speech.common.portions import Portion

SAMPLE_RATE = 24_000
MODEL = "hibari/hibari/assets/hibari.onnx"
ALPHABET = "hibari/hibari/assets/vocab.json"
DURATIONS = "/Clip_output_0"
"""The value in the graph that holds how long each symbol sounds, in steps of 25 ms."""

MOST_SYMBOLS = 400
"""The model was trained on sentences; its makers cut longer ones here too."""

VOICES = (PresetVoice("heart", "Heart", "en-US", "female"),)

APACHE = Licence("Apache-2.0", "https://www.apache.org/licenses/LICENSE-2.0")


class HibariOptions(EngineOptions):
    """Options of Hibari."""

    speed: float = option(1.0, "Speed", "1 is the voice's own pace, 2 twice as fast.", common=True, unit="x", ge=0.5, le=2.0)


class Hibari(Engine):
    """Speech engine. Times of words and phonemes are the network's own durations."""

    card = Card(
        id="hibari",
        title="Hibari",
        capability=EngineKind.SPEECH,
        summary="One natural English voice, in the box. Instant, with exact word and sound times.",
        version="0.2.1-1",
        code_licence=APACHE,
        weights_licence=APACHE,
        tier=Tier.LIGHT,
        memory_gib=0.3,
        traits=SpeechTraits(sample_rate=SAMPLE_RATE, takes_phonemes=True),
        languages=("en",),
        longest_text=2_000,
        reload_seconds=1.0,
    )
    Options = HibariOptions
    options: HibariOptions

    def __init__(self, site: EnginePaths, options: EngineOptions, run: RunContext) -> None:
        super().__init__(site, options, run)
        self._session: Any = None

    @classmethod
    def readiness(cls, site: EnginePaths) -> Readiness:
        if not (site.assets / MODEL).is_file() or not (site.assets / ALPHABET).is_file():
            return Readiness(False, Message.of("readiness.voice-files-missing", folders=["assets/hibari"]), COMPLETE_COPY)
        return READY

    @classmethod
    def preset_voices(cls, site: EnginePaths) -> tuple[PresetVoice, ...]:
        return VOICES

    @classmethod
    def unsayable(cls, request: SpeechRequest, site: EnginePaths) -> tuple[Unsayable, ...]:
        from engines.speech.common.english_text import unsayable

        return unsayable(request.text, cls.card.title)

    def load(self) -> None:
        """Load the network and the grapheme-to-phoneme converter.

        Raises:
            EngineNotReady: files are missing.
            EngineError: the network's file is damaged.
        """
        from engines.common.onnx import open_graph
        from engines.speech.common.english_reader import EnglishReader

        if not self.readiness(self.site).ready:
            raise EngineNotReady("english.files-missing")
        self._session = open_graph(self.site.assets / MODEL, 1, DURATIONS)
        self._alphabet: dict[str, int] = json.loads((self.site.assets / ALPHABET).read_text("utf-8"))
        self._reader: EnglishReader = EnglishReader(self.site.assets)
        self._reader.read("Good morning.", self.card.title)  # the lists are read once, now

    def synthesize(self, request: SpeechRequest) -> Speech:
        """Synthesise one English text.

        Raises:
            EngineError: the text is empty, too long or not English, or the voice is a saved one or an unknown preset.
        """
        from engines.speech.common.passes import spoken
        from engines.speech.common.portions import portions

        self.run.check()
        refuse_what_no_preset_engine_takes(request, self.card)
        refuse_language(request, self.card)
        if request.voice.preset not in ("", *(voice.id for voice in VOICES)):
            raise EngineError("speech.voice-unknown", engine=self.card.title, voice=request.voice.preset, known=[VOICES[0].id])
        lines = self._reader.read(request.text, self.card.title, request.phonemes)
        todo = list(portions(lines, self._alphabet, MOST_SYMBOLS))

        def speak(number: int, portion: Portion) -> tuple[np.ndarray, list[float]]:
            return self._speak(portion, np.random.default_rng((abs(request.seed), number)))

        return spoken(request.text, todo, speak, SAMPLE_RATE, self.run, self.card.title)

    def _speak(self, portion: Portion, noise: np.random.Generator) -> tuple[np.ndarray, list[float]]:
        from engines.speech.hibari.spectrum import Spectra, waveform

        ids = np.array([[0, *(self._alphabet[symbol] for symbol in portion.symbols), 0]], np.int64)
        *parts, durations = self._session.run(None, {"ids": ids, "speed": np.array([self.options.speed], np.float32)})
        return waveform(Spectra(*(part[0] for part in parts)), noise), durations.reshape(-1).tolist()
