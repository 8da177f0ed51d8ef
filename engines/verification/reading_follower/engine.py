"""Reading follower: hears which words of a known text were left out or said twice. In the box, no download.

It does not write down what is said; it decides, word by word, between "read on", "left out" and "said again". That is a far
easier question than free dictation, so the small acoustic model that pocketsphinx brings answers it well where its dictation
is full of errors. The method is that of reading tutors (J. Mostow et al., "A prototype reading coach that listens", AAAI 1994):
a grammar of the text itself with a way past every word and a way back.

Licence: pocketsphinx and its American English model are BSD.
"""

from __future__ import annotations

import importlib.util
import re
from typing import Any

import numpy as np

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
from engines.contract.errors import EngineError, EngineNotReady
from engines.verification.reading_follower.pronunciation import likely_sounds
from media.audio.audio import Audio, concatenate, silence

RATE = 16_000
FRAMES_PER_SECOND = 100
LONGEST_TEXT = 2_000
LONGEST_SECONDS = 180.0

LEFT_OUT, SAID_AGAIN = 1e-6, 1e-6
"""Odds that a word is left out or said again. Lower makes both rarer; measured in bench/engines/take_checks.py."""

MOST_REPEATED = 4
_PADDING_SECONDS = 0.3
_PIECE_SECONDS = 1.0
_BEAMS = {"beam": 1e-80, "pbeam": 1e-80, "wbeam": 1e-60}
_VARIANT = re.compile(r"\(\d+\)$")

BSD = Licence("BSD-2-Clause", "https://github.com/cmusphinx/pocketsphinx/blob/master/LICENSE")

Arc = tuple[int, int, float] | tuple[int, int, float, str]


class ReadingFollower(Engine):
    """Verification engine with the method `follow` (see engines.contract.AlignmentEngine)."""

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
        self._decoder: Any = None
        self._grammar = 0

    @classmethod
    def readiness(cls, site: EnginePaths) -> Readiness:
        if importlib.util.find_spec("pocketsphinx") is None:
            return Readiness(False, "pocketsphinx has no package for this Python on this machine.", "Use Python 3.11.")
        return Readiness(True, "Ready.")

    def load(self) -> None:
        """Bring the acoustic model and the dictionary into memory.

        Raises:
            EngineNotReady: pocketsphinx is not installed.
        """
        try:
            from pocketsphinx import Decoder
        except ImportError:
            raise EngineNotReady(self.readiness(self.site).sentence, "Use Python 3.11.") from None
        self._decoder = Decoder(loglevel="FATAL", samprate=RATE, lm=None, **_BEAMS)

    def follow(self, audio: Audio, text: str, language: str = "en") -> Transcript:
        """Which of the words of `text` are heard, in the order in which they are said; "" when it cannot be followed at all.

        Args:
            text: words as they are said, numbers and abbreviations written out.

        Raises:
            EngineError: no words, too many, too long a sound, or a language other than English.
        """
        self.run.check()
        words = self._known_words(text, language)
        if audio.duration > LONGEST_SECONDS:
            raise EngineError(f"A sound of {audio.duration:.0f} s is too long to be followed at once.", "Check shorter pieces.")
        decoder = self._decoder
        name = f"text{self._grammar}"
        previous, self._grammar = f"text{self._grammar - 1}", self._grammar + 1
        arcs, final = reading_grammar(words)
        decoder.add_fsg(name, decoder.create_fsg(name, 0, final, arcs))
        decoder.activate_search(name)
        if self._grammar > 1:
            decoder.remove_search(previous)
        self._decode(_pcm(audio))
        marks = self._marks()
        return Transcript(" ".join(mark.text for mark in marks), language, tuple(marks))

    def _known_words(self, text: str, language: str) -> list[str]:
        if language.split("-")[0] not in self.card.languages:
            raise EngineError(f'The reading follower does not know the language "{language}".', "It follows English.")
        if len(text) > LONGEST_TEXT:
            raise EngineError(f"A text of {len(text):,} characters is too long to be followed at once.", "Check shorter pieces.")
        words = re.findall(r"[a-z]+(?:'[a-z]+)*", text.lower().replace("’", "'"))
        if not words:
            raise EngineError("There are no words to follow in this text.")
        for word in dict.fromkeys(words):
            if self._decoder.lookup_word(word) is None:
                self._decoder.add_word(word, likely_sounds(word), True)
        return words

    def _decode(self, sound: bytes) -> None:
        decoder = self._decoder
        decoder.set_cmn(_FRESH_CMN)  # what was heard before must not change what is heard now
        decoder.start_utt()
        try:
            size = int(_PIECE_SECONDS * RATE) * 2
            if len(sound) <= 60 * size:  # whole: the level of the channel is then known from the first frame on
                decoder.process_raw(sound, full_utt=True)
            else:
                for first in range(0, len(sound), size):
                    self.run.check()
                    decoder.process_raw(sound[first : first + size])
        finally:
            decoder.end_utt()
        self.run.check()

    def _marks(self) -> list[TimedMark]:
        if self._decoder.hyp() is None:
            return []
        marks = []
        for part in self._decoder.seg():
            word = _VARIANT.sub("", part.word)
            if word[:1] in "<[(+":
                continue
            start, end = part.start_frame / FRAMES_PER_SECOND, (part.end_frame + 1) / FRAMES_PER_SECOND
            marks.append(TimedMark(word, max(0.0, start - _PADDING_SECONDS), max(0.0, end - _PADDING_SECONDS)))
        return marks


_FRESH_CMN = "41.00,-5.29,-0.12,5.09,2.48,-4.07,-1.37,-1.78,-5.08,-2.05,-6.45,-1.42,1.17"
"""The decoder's own starting point for the level of the channel."""


def reading_grammar(words: list[str]) -> tuple[list[Arc], int]:
    """Arcs and final state of a grammar that reads `words` in order, may pass one by, and may say up to four again.

    State i stands before word i. A repetition is a side path of its own from the place it was said at and back to it, so
    that a word cannot be "said again" in one place and left out in another.
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


def _pcm(audio: Audio) -> bytes:
    from media.audio.resample import resample

    edge = silence(_PADDING_SECONDS, RATE)
    sound = concatenate([edge, resample(audio.mono(), RATE), edge])
    return (np.clip(sound.samples[:, 0], -1.0, 1.0) * 32767).astype("<i2").tobytes()
