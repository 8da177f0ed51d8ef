"""The studio's voice: a speech engine, leased and warmed."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from capabilities.conversation.session.events import SOUND_RATE
from capabilities.conversation.session.parts.part_thread import PartThread
from capabilities.conversation.session.parts.roles import SpokenPiece
from capabilities.conversation.session.speaking.levelling import LiveLevel
from capabilities.conversation.session.speaking.word_times import PACE, StreamedWords, timed_words
from capabilities.conversation.session.values import ReplyWord
from capabilities.voiceover.script.normalise import normalise
from engines.contract import EngineOptions, Speech, SpeechRequest, SpeechTraits
from media.audio.resample import StreamResampler, resample
from media.text.reading.reader import ReadingOptions, read
from studio.voices.resolver import ResolvedVoice
from studio.workers.pool import WorkerPool

WARMING = "Hello."
_LEADING, _TRAILING = int(0.02 * SOUND_RATE), int(0.16 * SOUND_RATE)
"""Silence that is left before and after a piece: engines put up to half a second there, which nobody waits for in a talk."""

_QUIET = 10 ** (-46 / 20)


class WorkerVoice:
    """See roles.VoicePart."""

    def __init__(
        self,
        workers: WorkerPool,
        casting: ResolvedVoice,
        options: EngineOptions,
        language: str,
        seed: int,
        waiting: Callable[[str], None],
    ) -> None:
        card = casting.engine_cls.card
        self.title = card.title
        self.voice = f"{card.id}/{casting.voice.preset}" if casting.voice.preset else casting.voice_label
        self._casting, self._language, self._seed = casting, language, seed
        traits = card.traits_of(SpeechTraits)
        self._streams = traits.streams
        self._reading = ReadingOptions(language, keep=frozenset(traits.reads))
        self._longest = card.longest_text
        self._level = LiveLevel()
        self._pace: float = PACE

        def opened(cancelled: Callable[[], bool], state: Callable[[str, str], None]) -> AbstractContextManager[Any]:
            return workers.lease(casting.engine_cls, options, cancelled=cancelled, on_state=state)

        self._thread: PartThread[Any] = PartThread("conversation voice", opened, waiting)

    async def open(self) -> None:
        await self._thread.open()
        async for _ in self.speak(WARMING):
            pass

    async def speak(self, text: str) -> AsyncIterator[SpokenPiece]:
        said = normalise(read(text, self._reading).text).text
        if not any(one.isalnum() for one in said):
            return
        request = SpeechRequest(said[: self._longest or None], self._casting.voice, self._language, self._seed)
        if self._streams:
            async for piece in self._streamed(text, request):
                yield piece
            return
        speech: Speech = await self._thread.call(lambda engine: engine.synthesize(request))
        sound = resample(speech.audio.mono(), SOUND_RATE).samples[:, 0]
        first, last = _speech(sound)
        words = timed_words(text, said, speech.words, sound, SOUND_RATE)
        yield SpokenPiece(self._level.pcm(sound[first:last]), tuple(_moved(one, first, last) for one in words))

    async def _streamed(self, text: str, request: SpeechRequest) -> AsyncIterator[SpokenPiece]:
        """As the engine makes it; words by how quickly this voice has spoken so far, since the whole is not known yet."""
        resampler: StreamResampler | None = None
        words = StreamedWords(text, self._pace)
        async for audio in self._thread.stream(lambda engine: engine.stream(request)):
            mono = audio.mono()
            resampler = resampler or StreamResampler(mono.rate, SOUND_RATE, 1)
            sound = resampler.process(mono.samples)[:, 0]
            if sound.size:
                yield SpokenPiece(self._level.pcm(sound), words.more(sound.size))
        if resampler is not None:
            rest = resampler.process(np.zeros((0, 1), np.float32), last=True)[:, 0]
            yield SpokenPiece(self._level.pcm(rest), words.rest(rest.size))
            self._pace = words.pace

    async def close(self) -> None:
        await self._thread.close()


def _speech(sound: NDArray[np.float32]) -> tuple[int, int]:
    """Where a piece is cut at its ends."""
    loud = np.flatnonzero(np.abs(sound) > _QUIET)
    if not loud.size:
        return 0, sound.size
    return max(0, int(loud[0]) - _LEADING), min(sound.size, int(loud[-1]) + _TRAILING)


def _moved(word: ReplyWord, first: int, last: int) -> ReplyWord:
    return replace(word, start=min(max(0, word.start - first), last - first), end=min(max(0, word.end - first), last - first))
