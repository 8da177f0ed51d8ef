"""pocketsphinx: basic English recognition without a download.

The result is a draft without punctuation: nearly right for plain speech, every third word may be wrong in a lively reading.
"""

from __future__ import annotations

from importlib.util import find_spec

import numpy as np

from engines.common.pocketsphinx_library import WORDS, SphinxDecoder
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
)
from engines.contract.engine import READY
from engines.contract.errors import EngineError, EngineNotReady
from media.audio.audio import Audio
from media.messages.message import Message

PADDING_SECONDS = 0.3
"""Silence put around each utterance: the decoder drops a first word that begins at once."""

FRAMES_PER_SECOND = 100
LONGEST_UTTERANCE = 12.0
BASIC = "Basic English makes drafts: check every word."


class PocketsphinxOptions(EngineOptions):
    """No options."""


class Pocketsphinx(Engine):
    """Transcription engine with the small English model of its package."""

    card = Card(
        id="pocketsphinx",
        title="Basic English",
        capability=EngineKind.TRANSCRIPTION,
        summary="Writes down plain English speech with nothing downloaded. A draft without punctuation, to be checked.",
        version="5.1.1-1",
        code_licence=Licence("BSD-2-Clause", "https://github.com/cmusphinx/pocketsphinx/blob/master/LICENSE"),
        weights_licence=Licence("BSD-2-Clause", "https://github.com/cmusphinx/pocketsphinx/blob/master/LICENSE"),
        tier=Tier.LIGHT,
        memory_gib=0.3,
        languages=("en",),
        traits=TranscriptionTraits(longest_sound=60.0),
        reload_seconds=1.0,
        stall_seconds=120.0,
    )
    Options = PocketsphinxOptions
    options: PocketsphinxOptions

    def __init__(self, site: EnginePaths, options: EngineOptions, run: RunContext) -> None:
        super().__init__(site, options, run)
        self._decoder: SphinxDecoder | None = None

    @classmethod
    def readiness(cls, site: EnginePaths) -> Readiness:
        if find_spec("pocketsphinx") is None:
            return Readiness(
                False,
                Message.of("readiness.no-package", package="pocketsphinx"),
                Message.of("step.other-python", engine="Whisper"),
            )
        return READY

    def load(self) -> None:
        """Load the model of the package.

        Raises:
            EngineNotReady: the package is not installed.
        """
        try:
            self._decoder = SphinxDecoder(WORDS)
        except ImportError:
            raise EngineNotReady("pocketsphinx.not-installed", next_step=self.readiness(self.site).step) from None

    def transcribe(self, audio: Audio, language: str = "auto") -> Transcript:
        """Transcribe English speech, utterance by utterance.

        Raises:
            EngineError: the language is not English.
        """
        from engines.transcription.common.transcript import RATE, model_input, primary, transcript_of
        from media.audio.inspection import inspect
        from media.audio.silence import cut_at_pauses

        self.run.check()
        if language != "auto" and primary(language) != "en":
            raise EngineError("pocketsphinx.language-unknown", language=language)
        heard = Audio(model_input(audio), RATE)
        segments = []
        for part in cut_at_pauses([heard], LONGEST_UTTERANCE):
            self.run.progress(part.start / heard.duration)
            if not inspect(part.audio).is_empty:
                segments += self._utterance(part.start, part.audio)
        self.run.progress(1.0)
        return transcript_of(segments, "en")

    def _utterance(self, start: float, audio: Audio) -> list[TranscribedSegment]:
        """Return the words of one utterance as one segment, or none."""
        from engines.transcription.common.transcript import placed

        words: list[TimedMark] = []
        reached = start
        for word, begin, end in self._decoded(audio):
            words.append(placed(word, start + begin, start + end, reached, start + audio.duration))
            reached = words[-1].end
        if not words:
            return []
        text = " ".join(word.text for word in words)
        return [TranscribedSegment(text, words[0].start, words[-1].end, tuple(words))]

    def _decoded(self, audio: Audio) -> list[tuple[str, float, float]]:
        """Return words with start and end in seconds of the utterance."""
        if self._decoder is None:
            raise EngineNotReady("engine.not-loaded", engine="Basic English")
        padding = np.zeros(round(PADDING_SECONDS * audio.rate), np.int16)
        spoken = (audio.samples[:, 0] * 32767).clip(-32768, 32767).astype(np.int16)
        return [
            (word.split("(")[0], first / FRAMES_PER_SECOND - PADDING_SECONDS, (last + 1) / FRAMES_PER_SECOND - PADDING_SECONDS)
            for word, first, last in self._decoder.decode(np.concatenate([padding, spoken, padding]))
            if word[0] not in "<["
        ]
