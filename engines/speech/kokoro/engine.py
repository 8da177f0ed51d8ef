"""Kokoro: natural voices in five languages for any processor, run without torch, with exact times for every word and sound.

Upstream: github.com/hexgrad/kokoro (Apache-2.0), StyleTTS 2 with an ISTFTNet decoder; the graph in eight-bit integers is that
of github.com/thewh1teagle/kokoro-onnx. It holds no chance: the same text in the same voice gives the same bytes. The voices ship
in assets/kokoro, English is read by the reader in assets/hibari, other languages by eSpeak NG as Kokoro's makers have it read.
"""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

import numpy as np

from engines.common.weights import weights_folder, weights_readiness
from engines.contract import (
    Card,
    Engine,
    EngineKind,
    EngineOptions,
    EnginePaths,
    HubFile,
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
from engines.contract.engine import COMPLETE_COPY
from engines.contract.errors import EngineError, EngineNotReady
from engines.contract.speech import foreign_letters
from engines.speech.common.request_checks import refuse_language, refuse_what_no_preset_engine_takes
from engines.speech.espeak.data import data_folder
from engines.speech.kokoro.voices import ENGLISH, FILE, LANGUAGES, VOICES
from media.messages.message import Message

if TYPE_CHECKING:
    from engines.speech.common.english_reader import EnglishReader
    from engines.speech.common.portions import Portion
    from engines.speech.espeak.reader import EspeakReader

REPO = "thewh1teagle/kokoro-onnx"
MODEL = "kokoro-v1.0.int8.onnx"
ALPHABET = "hibari/hibari/assets/vocab.json"
"""Kokoro's own list of symbols, which Hibari reads too."""

RATE = 24_000
DURATIONS = "/encoder/Clip_output_0"
"""The value in the graph that holds how long each symbol sounds, in steps of 25 ms."""

MOST_SYMBOLS = 400
"""The model takes 510; beyond some 400 it hurries."""

MOST_THREADS = 4

APACHE = Licence("Apache-2.0", "https://www.apache.org/licenses/LICENSE-2.0")


class KokoroOptions(EngineOptions):
    """Options of Kokoro."""

    speed: float = option(1.0, "Speed", "1 is the voice's own pace, 2 twice as fast.", common=True, unit="x", ge=0.5, le=2.0)


class Kokoro(Engine):
    """Speech engine with preset voices. Times of words and sounds are the network's own durations."""

    card = Card(
        id="kokoro",
        title="Kokoro",
        capability=EngineKind.SPEECH,
        summary="35 natural voices in English, Spanish, French, Italian and Portuguese on any processor, with exact word times.",
        version="1.0-int8-1",
        code_licence=APACHE,
        weights_licence=APACHE,
        tier=Tier.LIGHT,
        memory_gib=0.6,
        hub_files=(HubFile(REPO, MODEL, 92_361_271),),
        traits=SpeechTraits(sample_rate=RATE, takes_phonemes=True),
        languages=LANGUAGES,
        longest_text=1_000,
        stall_seconds=180,
        reload_seconds=2.0,
    )
    Options = KokoroOptions
    options: KokoroOptions

    def __init__(self, site: EnginePaths, options: EngineOptions, run: RunContext) -> None:
        super().__init__(site, options, run)
        self._session: Any = None
        self._readers: dict[str, EnglishReader | EspeakReader] = {}

    @classmethod
    def readiness(cls, site: EnginePaths) -> Readiness:
        if not (site.assets / FILE).is_file() or not (site.assets / ALPHABET).is_file():
            folders = ["assets/kokoro", "assets/hibari"]
            return Readiness(False, Message.of("readiness.voice-files-missing", folders=folders), COMPLETE_COPY)
        return weights_readiness(cls.card, site)

    @classmethod
    def preset_voices(cls, site: EnginePaths) -> tuple[PresetVoice, ...]:
        return VOICES if data_folder() is not None else tuple(voice for voice in VOICES if _primary(voice.language) == ENGLISH)

    @classmethod
    def unsayable(cls, request: SpeechRequest, site: EnginePaths) -> tuple[Unsayable, ...]:
        from engines.speech.common.english_text import unsayable

        language = _primary(_voice_of(request).language) if _is_known(request.voice.preset) else _primary(request.language)
        if language == ENGLISH:
            return unsayable(request.text, cls.card.title)
        return foreign_letters(request.text, (language,), cls.card.title)

    def load(self) -> None:
        """Open the network and the reader.

        Raises:
            EngineNotReady: files are missing. EngineError: the network's file is damaged.
        """
        from engines.common.onnx import open_graph

        folder = weights_folder(self.site, REPO, (MODEL,))
        self.run.progress(0.0, "Loading Kokoro")
        try:
            self._alphabet: dict[str, int] = json.loads((self.site.assets / ALPHABET).read_text("utf-8"))
        except OSError as error:
            raise EngineNotReady("english.files-missing") from error
        self._session = open_graph(folder / MODEL, min(MOST_THREADS, len(os.sched_getaffinity(0))), DURATIONS)
        self._reader("en-US").read("Good morning.", self.card.title)  # the lists are read once, now

    def synthesize(self, request: SpeechRequest) -> Speech:
        """Speak one text in one of its voices, which reads its own language.

        Raises:
            EngineError: for text that is empty, too long or of another language, a saved voice or an unknown preset.
        """
        from engines.speech.common.passes import spoken
        from engines.speech.common.portions import portions

        self.run.check()
        refuse_what_no_preset_engine_takes(request, self.card)
        refuse_language(request, self.card)
        voice = _voice_of(request)
        if _primary(voice.language) != _primary(request.language):
            raise EngineError("kokoro.voice-of-another-language", voice=voice.title, language=request.language)
        rows = self._rows(voice.id)
        lines = self._reader(_as_read(request.language, voice)).read(request.text, self.card.title, request.phonemes)
        todo = list(portions(lines, self._alphabet, MOST_SYMBOLS))

        def speak(number: int, portion: Portion) -> tuple[np.ndarray, list[float]]:
            return self._speak(portion, rows)

        return spoken(request.text, todo, speak, RATE, self.run, self.card.title)

    def _speak(self, portion: Portion, rows: np.ndarray) -> tuple[np.ndarray, list[float]]:
        from engines.common.onnx import run_and_give_back

        ids = np.array([[0, *(self._alphabet[symbol] for symbol in portion.symbols), 0]], np.int64)
        feed = {
            "tokens": ids,
            "style": rows[len(portion.symbols) - 1][None],
            "speed": np.array([self.options.speed], np.float32),
        }
        wave, durations = run_and_give_back(self._session, feed)
        return wave.reshape(-1), durations.reshape(-1).tolist()

    def _reader(self, tag: str) -> EnglishReader | EspeakReader:
        """What reads a language, made once."""
        from engines.speech.common.english_reader import EnglishReader
        from engines.speech.espeak.reader import espeak_reader

        if tag not in self._readers:
            english = _primary(tag) == ENGLISH
            made = EnglishReader(self.site.assets, british=tag == "en-GB") if english else espeak_reader(tag, self.site.cache)
            self._readers[tag] = made
        return self._readers[tag]

    def _rows(self, name: str) -> np.ndarray:
        from engines.speech.kokoro.voices import style_rows

        try:
            return style_rows(self.site.assets, name)
        except (OSError, KeyError, ValueError) as error:
            raise EngineNotReady("kokoro.voices-missing") from error


def _primary(tag: str) -> str:
    return tag.replace("_", "-").split("-")[0].lower()


def _is_known(preset: str) -> bool:
    return any(voice.id == preset for voice in VOICES)


def _voice_of(request: SpeechRequest) -> PresetVoice:
    """The requested voice, else the first of the language's accent, else of the language."""
    if request.voice.preset:
        found = next((voice for voice in VOICES if voice.id == request.voice.preset), None)
        if found is None:
            raise EngineError("kokoro.voice-unknown", voice=request.voice.preset)
        return found
    tag = request.language.replace("_", "-").lower()
    alike = [voice for voice in VOICES if _primary(voice.language) == _primary(tag)]
    return next((voice for voice in alike if voice.language.lower() == tag), alike[0] if alike else VOICES[0])


def _as_read(language: str, voice: PresetVoice) -> str:
    """The variety in which a voice reads a text: its own, but Spanish as where the text is from."""
    return language if voice.language == "es" else voice.language
