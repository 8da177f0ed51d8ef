"""The interfaces of recogniser, language model and voice in a session; the studio's implementations are in this package."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from capabilities.conversation.session.values import AnswerEnd, ReplyWord
from engines.contract import ChatMessage


@dataclass(frozen=True)
class Understood:
    """What was said in a sound. `doubtful`: the recogniser itself doubts all of it."""

    text: str
    language: str = ""
    doubtful: bool = False


@dataclass(frozen=True)
class SpokenPiece:
    """A stretch of a spoken text: 16-bit samples, mono at `SOUND_RATE`, and the words in it, placed from its first sample."""

    pcm: bytes
    words: tuple[ReplyWord, ...] = ()


class SessionPart(Protocol):
    """Held for as long as a session lasts."""

    title: str

    async def open(self) -> None:
        """Take what it needs and warm it. Raises GreenroomError."""

    async def close(self) -> None: ...


class RecogniserPart(SessionPart, Protocol):
    """A recogniser."""

    async def hear(self, samples: NDArray[np.float32]) -> Understood:
        """Recognise mono sound at 16 kHz. Raises GreenroomError."""


class LanguageModelPart(SessionPart, Protocol):
    """A language model."""

    def answer(self, messages: tuple[ChatMessage, ...], longest: int, temperature: float) -> AsyncIterator[str | AnswerEnd]:
        """Yield the answer in pieces, as it is written; the last one says how it ended, if known. Raises GreenroomError."""


class VoicePart(SessionPart, Protocol):
    """A speech engine with a voice. `voice`: as the studio names it."""

    voice: str

    def speak(self, text: str) -> AsyncIterator[SpokenPiece]:
        """Yield the sound of a text, as it is made. Raises GreenroomError."""


@dataclass(frozen=True)
class SessionParts:
    """All three; no ear if nothing is to be recognised, no voice if replies are text."""

    mind: LanguageModelPart
    ear: RecogniserPart | None = None
    voice: VoicePart | None = None

    @property
    def all(self) -> tuple[SessionPart, ...]:
        return tuple(one for one in (self.ear, self.mind, self.voice) if one is not None)
