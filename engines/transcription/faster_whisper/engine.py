"""Whisper through CTranslate2 (faster-whisper): accurate on a CPU, fast on an x86-64 machine's NVIDIA GPU."""

from __future__ import annotations

import os
from collections.abc import Iterable
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from engines.common.devices import ctranslate2_cublas, ctranslate2_device
from engines.contract import (
    Card,
    Engine,
    EngineKind,
    EngineOptions,
    EnginePaths,
    Licence,
    Readiness,
    RunContext,
    Tier,
    TimedMark,
    TranscribedSegment,
    Transcript,
    TranscriptionTraits,
    option,
)
from engines.contract.engine import BY_LAUNCH
from engines.contract.errors import EngineError, EngineNotReady
from engines.transcription.common.hallucination import GuardedSegment, filter_hallucinations
from engines.transcription.common.transcript import RATE, model_input, placed, primary, transcript_of
from engines.transcription.common.whisper_weights import (
    FASTER,
    LANGUAGES,
    MIT,
    FasterSize,
    all_files,
    chosen_size,
    folder_of,
    readiness_of,
)
from media.audio.audio import Audio
from media.messages.message import Message

if TYPE_CHECKING:
    from faster_whisper import WhisperModel

FIRST_TEMPERATURES = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
SECOND_TEMPERATURES = (0.4, 0.6, 0.8, 1.0)
"""Of a stretch that came out as a loop: not again the same way."""

_MOST_THREADS = 8


class FasterWhisperOptions(EngineOptions):
    """Options of the recogniser."""

    size: FasterSize = option(
        "auto",
        "Size",
        "Larger understands more and takes longer; tiny.en knows English alone. Auto takes the best one that is here.",
        common=True,
        reload=True,
    )
    device: Literal["auto", "cpu", "cuda"] = option(
        "auto", "Device", "Auto takes the graphics card where this library can use it; on ARM64 that is never.", reload=True
    )
    beam_size: int = option(5, "Beam size", "How many readings are followed side by side. 1 is quickest.", ge=1, le=10)
    translate: bool = option(False, "Translate into English", "Write English whatever is spoken. Not with the size turbo.")
    prompt: str = option(
        "", "Names and spellings", "Words that occur, spelt as they should be. Whisper leans towards them.", max_length=500
    )
    vad: bool = option(True, "Skip what is no speech", "Keeps Whisper from making up words in silence and music.")
    short: bool = option(
        False,
        "Short sounds quickly",
        "Reads a sound of up to 12 seconds in a fraction of the time, without word times. Conversations do.",
    )


class FasterWhisper(Engine):
    """Transcription engine in the studio's own environment, without torch."""

    card = Card(
        id="faster-whisper",
        title="Whisper",
        capability=EngineKind.TRANSCRIPTION,
        summary="Writes down 100 languages with punctuation and word times. Runs on any processor.",
        version="1.2.1-1",
        code_licence=Licence("MIT", "https://github.com/SYSTRAN/faster-whisper/blob/master/LICENSE"),
        weights_licence=MIT,
        tier=Tier.LIGHT,
        device=ctranslate2_device(),
        memory_gib=1.5,
        hub_files=all_files(FASTER),
        first_repo="Systran/faster-whisper-base",
        languages=LANGUAGES,
        traits=TranscriptionTraits(longest_sound=600.0),
        reload_seconds=4.0,
        stall_seconds=900.0,
    )
    Options = FasterWhisperOptions
    options: FasterWhisperOptions

    def __init__(self, site: EnginePaths, options: EngineOptions, run: RunContext) -> None:
        super().__init__(site, options, run)
        self._model: WhisperModel | None = None

    @classmethod
    def readiness(cls, site: EnginePaths) -> Readiness:
        if find_spec("faster_whisper") is None:
            return Readiness(False, Message.of("readiness.not-installed", package="faster-whisper"), BY_LAUNCH)
        return readiness_of(site, FASTER)

    @classmethod
    def settled(cls, site: EnginePaths, options: EngineOptions) -> EngineOptions:
        assert isinstance(options, FasterWhisperOptions)
        return options.model_copy(update={"size": chosen_size(site, FASTER, options.size, translate=options.translate)})

    def load(self) -> None:
        """Load the weights of the chosen size from their folder; no other place is searched.

        Raises:
            EngineNotReady: the size is not installed, or a GPU is required and cannot be used.
            EngineError: the weights are not Whisper's, or are damaged.
        """
        folder = folder_of(self.site, FASTER, self.options.size)
        device = self._device()
        from faster_whisper import WhisperModel

        try:
            self._model = WhisperModel(
                str(folder),
                device=device,
                compute_type="float16" if device == "cuda" else "int8",
                cpu_threads=min(_MOST_THREADS, os.cpu_count() or 1),
                local_files_only=True,
            )
        except Exception as error:  # the library's words for a file that is not what it should be
            if "memory" in str(error):
                raise
            raise EngineError("whisper.weights-wrong") from error

    def _device(self) -> str:
        cublas = ctranslate2_cublas()
        if self.options.device == "cpu" or (cublas is None and self.options.device == "auto"):
            return "cpu"
        if cublas is None:
            raise EngineNotReady("whisper.no-graphics-card")
        import ctypes

        ctypes.CDLL(str(cublas), mode=ctypes.RTLD_GLOBAL)  # it is opened by name alone later, and is on no search path
        return "cuda"

    def transcribe(self, audio: Audio, language: str = "auto") -> Transcript:
        """Transcribe a sound, with word times; doubtful segments have a reason.

        Raises:
            EngineError: Whisper, or these weights, do not support the language.
        """
        from media.audio.inspection import inspect

        self.run.check()
        asked = self._asked(language)
        samples = model_input(audio)
        if inspect(Audio(samples, RATE)).is_empty:
            return Transcript("", "")
        if (short := self._short(samples, asked)) is not None:
            return short
        found, info = self._listen(samples, asked, FIRST_TEMPERATURES, vad=self.options.vad)
        duration = samples.size / RATE
        heard = self._followed(found, duration)

        def again(start: float, end: float) -> list[GuardedSegment]:
            self.run.check()
            part = samples[round(start * RATE) : round(end * RATE)]
            second, _ = self._listen(part, info.language, SECOND_TEMPERATURES, vad=False)
            return _as_heard(second, start, duration)

        segments = filter_hallucinations(heard, again)
        self.run.progress(1.0)
        return transcript_of(segments, "en" if self.options.translate else info.language)

    def _short(self, samples: NDArray[np.float32], language: str | None) -> Transcript | None:
        """A short sound's words, if that is wanted and can be relied on."""
        from engines.transcription.faster_whisper.short_sound import LONGEST, read_short_sound

        plain = not self.options.translate and not self.options.prompt.strip()
        if not (self.options.short and plain and language and self._model) or samples.size > LONGEST * RATE:
            return None
        found = read_short_sound(self._model, samples, language, self.options.beam_size)
        return None if found is None else transcript_of([found.segment], language)

    def _listen(
        self, samples: NDArray[np.float32], language: str | None, temperatures: tuple[float, ...], *, vad: bool
    ) -> tuple[Iterable[Any], Any]:
        if self._model is None:
            raise EngineNotReady("engine.not-loaded", engine="Whisper")
        return self._model.transcribe(
            samples,
            language=language,
            task="translate" if self.options.translate else "transcribe",
            beam_size=self.options.beam_size,
            temperature=list(temperatures),
            condition_on_previous_text=False,
            initial_prompt=self.options.prompt.strip() or None,
            word_timestamps=True,
            vad_filter=vad,
        )

    def _asked(self, language: str) -> str | None:
        code = primary(language)
        if code == "auto":
            return None
        if code not in LANGUAGES:
            raise EngineError("whisper.language-unknown", language=language)
        if self._model is not None and code != "en" and not self._model.model.is_multilingual:
            raise EngineError("whisper.english-only")
        return code

    def _followed(self, found: Iterable[Any], duration: float) -> list[GuardedSegment]:
        """Return the segments, and report progress with each."""
        heard: list[GuardedSegment] = []
        for one in found:
            heard += _as_heard([one], 0.0, duration, heard[-1].segment.end if heard else 0.0)
            self.run.progress(min(0.99, float(one.end) / duration))
        return heard


def _as_heard(found: Iterable[Any], offset: float, duration: float, reached: float = 0.0) -> list[GuardedSegment]:
    """Convert faster-whisper's segments, shifted by `offset`; empty ones are omitted, times increase and stay within the
    sound.
    """
    heard: list[GuardedSegment] = []
    for one in found:
        words: list[TimedMark] = []
        for word in one.words or ():
            if word.word.strip():
                words.append(placed(word.word, offset + word.start, offset + word.end, reached, duration))
                reached = words[-1].end
        whole = placed(one.text, offset + one.start, offset + one.end, 0.0 if words else reached, duration)
        if whole.text:
            start, end = (words[0].start, words[-1].end) if words else (whole.start, whole.end)
            segment = TranscribedSegment(whole.text, start, end, tuple(words))
            heard.append(GuardedSegment(segment, float(one.avg_logprob), float(one.no_speech_prob)))
            reached = max(reached, end)
    return heard
