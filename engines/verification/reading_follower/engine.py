"""Reading follower: detects which words of a known text were omitted or repeated. Built in, no download.

It does not transcribe; it decides, word by word, between "read on", "omitted" and "repeated". That is far easier than dictation,
so the small acoustic model of pocketsphinx is accurate here. The method is that of reading tutors (J. Mostow et al., "A prototype
reading coach that listens", AAAI 1994): a grammar of the text itself with an arc past every word and an arc back.

Licence: pocketsphinx and its American English model are BSD.
"""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from engines.common.pocketsphinx_library import RATE
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
    Transcript,
)  # fmt: skip
from engines.contract.engine import READY
from engines.contract.errors import EngineError, EngineNotReady
from engines.verification.reading_follower.grammar_decoder import Arc, GrammarDecoder
from engines.verification.reading_follower.pronunciation import likely_sounds
from media.audio.audio import Audio, concatenate, silence
from media.messages.message import Message

FRAMES_PER_SECOND = 100
LONGEST_TEXT = 2_000
LONGEST_SECONDS = 180.0

LEFT_OUT, SAID_AGAIN = 1e-6, 1e-6
"""Odds that a word is left out or said again. Lower makes both rarer; measured in bench/engines/take_checks.py."""

MOST_REPEATED = 4
_PADDING_SECONDS = 0.3
_VARIANT = re.compile(r"\(\d+\)$")

BSD = Licence("BSD-2-Clause", "https://github.com/cmusphinx/pocketsphinx/blob/master/LICENSE")


class ReadingFollower(Engine):
    """Verification engine with the method `align` (see engines.contract.AlignmentEngine)."""

    card = Card(
        id="reading-follower",
        title="Reading follower",
        capability=EngineKind.VERIFICATION,
        summary="Hears words of a known English text that were left out or said twice. In the box, on the CPU.",
        version="1",
        code_licence=BSD,
        weights_licence=BSD,
        tier=Tier.LIGHT,
        memory_gib=0.15,
        languages=("en",),
        longest_text=LONGEST_TEXT,
        reload_seconds=1.0,
    )

    def __init__(self, site: EnginePaths, options: EngineOptions, run: RunContext) -> None:
        super().__init__(site, options, run)
        self._decoder: GrammarDecoder | None = None

    @classmethod
    def readiness(cls, site: EnginePaths) -> Readiness:
        if importlib.util.find_spec("pocketsphinx") is None:
            return Readiness(
                False, Message.of("readiness.no-package", package="pocketsphinx"), Message.of("step.other-python", engine="")
            )
        return READY

    def load(self) -> None:
        """Load the acoustic model and the dictionary.

        Raises:
            EngineNotReady: pocketsphinx is not installed.
        """
        try:
            self._decoder = GrammarDecoder()
        except ImportError:
            raise EngineNotReady("follower.not-ready", why=self.readiness(self.site).why) from None

    def align(self, audio: Audio, text: str, language: str = "en") -> Transcript:
        """Return the words of `text` that were spoken, in that order; "" if no alignment is found.

        Args:
            text: words as they are said, numbers and abbreviations written out.

        Raises:
            EngineError: no words, too many, a sound that is too long, or a language other than English.
        """
        self.run.check()
        words = self._known_words(text, language)
        if audio.duration > LONGEST_SECONDS:
            raise EngineError("follower.sound-too-long", seconds=audio.duration)
        decoder = self._ready()
        decoder.follow(*reading_grammar(words))
        marks = list(_marks(decoder.heard(_pcm(audio), self.run.check)))
        self.run.check()
        return Transcript(" ".join(mark.text for mark in marks), language, tuple(marks))

    def _known_words(self, text: str, language: str) -> list[str]:
        if language.split("-")[0] not in self.card.languages:
            raise EngineError("follower.language-unknown", language=language)
        if len(text) > LONGEST_TEXT:
            raise EngineError("follower.text-too-long", length=len(text))
        words = re.findall(r"[a-z]+(?:'[a-z]+)*", text.lower().replace("’", "'"))
        if not words:
            raise EngineError("follower.no-words")
        decoder = self._ready()
        for word in dict.fromkeys(words):
            if not decoder.knows(word):
                decoder.add_word(word, likely_sounds(word))
        return words

    def _ready(self) -> GrammarDecoder:
        if self._decoder is None:
            raise EngineNotReady("engine.not-loaded", engine="The reading follower")
        return self._decoder


def _marks(heard: list[tuple[str, int, int]]) -> Iterator[TimedMark]:
    for said, first, last in heard:
        word = _VARIANT.sub("", said)
        if word[:1] not in "<[(+":
            start, end = first / FRAMES_PER_SECOND, (last + 1) / FRAMES_PER_SECOND
            yield TimedMark(word, max(0.0, start - _PADDING_SECONDS), max(0.0, end - _PADDING_SECONDS))


def reading_grammar(words: list[str]) -> tuple[list[Arc], int]:
    """Return arcs and final state of a grammar that reads `words` in order, may skip one, and may repeat up to four.

    State i precedes word i. A repetition is a separate path from its position and back to it, so that a word cannot be repeated
    in one place and omitted in another.
    """
    arcs: list[Arc] = []
    for index, word in enumerate(words):
        arcs += [(index, index + 1, 1.0, word), (index, index + 1, LEFT_OUT)]
    free = len(words) + 1
    for end in range(1, len(words) + 1):
        for length in range(1, min(MOST_REPEATED, end) + 1):
            states = [end, *range(free, free + length - 1), end]
            free += length - 1
            for position, word in enumerate(words[end - length : end]):
                arcs.append((states[position], states[position + 1], SAID_AGAIN if position == 0 else 1.0, word))
    return arcs, len(words)


def _pcm(audio: Audio) -> NDArray[np.int16]:
    from media.audio.resample import resample

    edge = silence(_PADDING_SECONDS, RATE)
    sound = concatenate([edge, resample(audio.mono(), RATE), edge])
    return (np.clip(sound.samples[:, 0], -1.0, 1.0) * 32767).astype(np.int16)
