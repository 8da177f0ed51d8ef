"""What a page says in a conversation, and what it is told: JSON objects with a `type`, and sound as bytes."""

from __future__ import annotations

import json
import re
import struct
from dataclasses import fields, is_dataclass
from enum import Enum
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from capabilities.conversation.session.events import SessionEvent, SoundChunk
from capabilities.conversation.session.settings import EchoGuard, SessionSettings, TurnDetection
from studio.errors import InvalidInput

HEADER = struct.Struct("<II")
"""Before the sound of a reply: its stream, and its first sample in the reply."""

LONGEST_TEXT = 16_000
LONGEST_SOUND = 64_000
"""Bytes of one message: two seconds of sound."""

_CAPITAL = re.compile(r"(?<!^)(?=[A-Z])")


class _TalkFields(BaseModel):
    model_config = ConfigDict(extra="forbid")


class BeginTalk(_TalkFields):
    """The first message: with whom, in which voice, and how; all as `SessionSettings` has them."""

    type: Literal["begin"]
    persona: str = Field("", max_length=4_000)
    language: str = Field("en", min_length=2, max_length=35)
    ear: str = Field("auto", max_length=100)
    voice: str = Field("", max_length=200)
    engine: str = Field("auto", max_length=100)
    speak: bool = True
    listen: bool = True
    echo: EchoGuard = "cancelling"
    silence: float = Field(1.2, ge=0.2, le=5.0)
    interrupt: bool = True
    temperature: float = Field(0.7, ge=0, le=2)
    longest: int = Field(400, ge=16, le=4_096)

    @property
    def settings(self) -> SessionSettings:
        given = self.model_dump(exclude={"type", "silence", "interrupt"})
        return SessionSettings(**given, turns=TurnDetection(silence=self.silence, interrupt=self.interrupt))


class SoundPlayed(_TalkFields):
    """The page has played this stream up to this sample of the reply."""

    type: Literal["played"]
    stream: int = Field(ge=0, le=2**31)
    sample: int = Field(ge=0, le=2**31)


class Written(_TalkFields):
    """The person writes."""

    type: Literal["text"]
    text: str = Field(min_length=1, max_length=8_000)


class SettingsWish(_TalkFields):
    """How it goes on; what is left out stays."""

    type: Literal["settings"]
    persona: str | None = Field(None, max_length=4_000)
    echo: EchoGuard | None = None
    silence: float | None = Field(None, ge=0.2, le=5.0)
    interrupt: bool | None = None


class Wish(_TalkFields):
    """Stop the reply; my turn is over; forget what I said; that was no interruption."""

    type: Literal["cancel", "commit", "clear", "no_interruption"]


TalkMessage = SoundPlayed | Written | SettingsWish | Wish
_CLIENT = TypeAdapter[TalkMessage](TalkMessage)


def begin_of(text: str) -> BeginTalk:
    """The first message.

    Raises:
        InvalidInput: it is none.
    """
    try:
        return BeginTalk.model_validate_json(text[:LONGEST_TEXT])
    except ValidationError:
        raise InvalidInput("talk.message-unknown") from None


def message_of(text: str) -> TalkMessage:
    """A later message.

    Raises:
        InvalidInput: it is none.
    """
    try:
        return _CLIENT.validate_json(text[:LONGEST_TEXT])
    except ValidationError:
        raise InvalidInput("talk.message-unknown") from None


def told(event: SessionEvent) -> str | bytes:
    """An event as the page is told it: sound with its header, all else as an object of its fields."""
    if isinstance(event, SoundChunk):
        return HEADER.pack(event.stream, event.first) + event.pcm
    return json.dumps({"type": kind_of(event), **_plain(event)}, ensure_ascii=False)


def kind_of(event: SessionEvent) -> str:
    """The name of an event on the wire: `reply_begun` of ReplyBegun."""
    return _CAPITAL.sub("_", type(event).__name__).lower()


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return {one.name: _plain(getattr(value, one.name)) for one in fields(value)}
    if isinstance(value, (tuple, list)):
        return [_plain(one) for one in value]
    return value.value if isinstance(value, Enum) else value
