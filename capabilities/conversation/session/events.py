"""The events of a conversation; `contract` has its methods.

Two clocks count samples. The session's clock runs at `CLOCK_RATE` from its start, independent of any sound, and is in every
event. A reply has its own clock at `SOUND_RATE`: its first sample is 0, and positions of speech, playback and interruptions
within it are in its samples. Sound of the person comes at `CLOCK_RATE`, so that a recording of the microphone is on the session's
clock.
"""

from __future__ import annotations

from dataclasses import dataclass

from capabilities.conversation.session.settings import SessionSettings
from capabilities.conversation.session.values import AnswerEnd, AsideKind, CutReason, ReplyWord, TurnTimes

CLOCK_RATE = 16_000
"""Samples a second of the session's clock, and of the person's sound: 16-bit little-endian, mono."""

SOUND_RATE = 24_000
"""Samples a second of replies: 16-bit little-endian, mono."""


@dataclass(frozen=True)
class SessionEvent:
    """Base class of events. `at`: samples of the session's clock since it began."""

    at: int

    @property
    def seconds(self) -> float:
        return self.at / CLOCK_RATE


@dataclass(frozen=True)
class SessionStarted(SessionEvent):
    """Everything is ready and the session listens: titles of recogniser, language model and speech engine, and the voice."""

    ear: str
    mind: str
    voice: str
    settings: SessionSettings


@dataclass(frozen=True)
class Waiting(SessionEvent):
    """A part is being loaded, or waits for memory: "ear", "mind" or "voice", and a sentence."""

    part: str
    note: str


@dataclass(frozen=True)
class SettingsChanged(SessionEvent):
    """The new settings."""

    settings: SessionSettings


# The person


@dataclass(frozen=True)
class SpeechStarted(SessionEvent):
    """The person began to speak.

    Args:
        turn: id of what they say until it is answered, the same in all events of it.
        start: sample of the session's clock at which their sound begins, earlier than `at`.
    """

    turn: str
    start: int


@dataclass(frozen=True)
class SpeechStopped(SessionEvent):
    """The person paused. `end`: sample of the session's clock at which their sound ended. They may go on in the same turn."""

    turn: str
    end: int


@dataclass(frozen=True)
class PartialWords(SessionEvent):
    """The words recognised so far of an unfinished turn; `settled` is the beginning on which two recognitions agree."""

    turn: str
    settled: str
    text: str


@dataclass(frozen=True)
class PersonSaid(SessionEvent):
    """A turn of the person is over: its words. It is part of the conversation now.

    Args:
        start, end: of their sound on the session's clock; the same where they wrote it.
        written: it was typed.
    """

    turn: str
    text: str
    start: int
    end: int
    language: str = ""
    written: bool = False


@dataclass(frozen=True)
class NothingSaid(SessionEvent):
    """A turn of the person had no words, or only words that the recogniser made up; it is not answered. `why`: a sentence."""

    turn: str
    why: str


# The reply


@dataclass(frozen=True)
class ReplyBegun(SessionEvent):
    """An answer is being made, to the turn `to` ("" where nothing was asked)."""

    reply: str
    to: str = ""


@dataclass(frozen=True)
class ReplyText(SessionEvent):
    """A piece of the answer as it is written, with markup; never the model's reasoning."""

    reply: str
    text: str


@dataclass(frozen=True)
class ReplyWritten(SessionEvent):
    """The language model has ended the answer by itself; missing if the reply was cut before, or if a server does not report
    it."""

    reply: str
    end: AnswerEnd


@dataclass(frozen=True)
class SoundChunk(SessionEvent):
    """The next sound of a reply, for the listener to play.

    Args:
        stream: rises with each reply and with each stop; what comes with a lower number than the last is stale.
        first: its first sample in the reply. After a false alarm it lies before the last one that was sent.
        pcm: 16-bit little-endian samples, mono at `SOUND_RATE`.
    """

    reply: str
    stream: int
    first: int
    pcm: bytes

    @property
    def end(self) -> int:
        return self.first + len(self.pcm) // 2


@dataclass(frozen=True)
class ReplyWords(SessionEvent):
    """Words whose sound was made; they are heard once `ReplyHeard` reaches their end."""

    reply: str
    words: tuple[ReplyWord, ...]


@dataclass(frozen=True)
class ReplyMade(SessionEvent):
    """All of a reply was written, spoken and sent; it is heard later."""

    reply: str


@dataclass(frozen=True)
class ReplyHeard(SessionEvent):
    """The listener has played the reply up to this sample; `text` is all that was heard of it by now."""

    reply: str
    sample: int
    text: str


@dataclass(frozen=True)
class ReplyEnded(SessionEvent):
    """A reply was heard to its end."""

    reply: str
    text: str
    times: TurnTimes


@dataclass(frozen=True)
class ReplyCut(SessionEvent):
    """A reply ended early.

    Args:
        sample: the last one that was played. heard: the words up to there; unheard: what was made and never heard.
    """

    reply: str
    reason: CutReason
    sample: int
    heard: str
    unheard: str
    times: TurnTimes


@dataclass(frozen=True)
class HeardCorrected(SessionEvent):
    """A late report of the client, or `truncate`, changed what was heard of an ended reply."""

    reply: str
    sample: int
    heard: str


# Interruptions


@dataclass(frozen=True)
class Ducked(SessionEvent):
    """A sound of the person: the reply is to be played softly until it is decided what it was. `start`: where the sound began."""

    reply: str
    start: int


@dataclass(frozen=True)
class Paused(SessionEvent):
    """It is speech: the listener falls silent at once and forgets what it has not played of streams up to `stream`."""

    reply: str
    stream: int


@dataclass(frozen=True)
class Resumed(SessionEvent):
    """It was no interruption: the reply goes on loudly. `first`: the sample where it goes on, the beginning of a word, after a
    pause; -1 where it was only ducked and nothing was lost."""

    reply: str
    aside: AsideKind
    first: int = -1


# Tools, and the end


@dataclass(frozen=True)
class ToolCall(SessionEvent):
    """The language model calls a tool; answer with `tool_result`."""

    reply: str
    call: str
    name: str
    arguments: str


@dataclass(frozen=True)
class SessionProblem(SessionEvent):
    """An error; the session continues unless `fatal`, which `SessionEnded` follows."""

    code: str
    reason: str
    hint: str
    fatal: bool = False


@dataclass(frozen=True)
class SessionEnded(SessionEvent):
    """The last event. `why`: a sentence, "" if the client closed the session."""

    why: str = ""
