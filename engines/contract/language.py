"""Requests and answers of language engines: a chat goes in, its answer comes out in pieces as it is written."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal, Protocol, runtime_checkable

from engines.contract.card import Traits

Role = Literal["system", "user", "assistant"]


@dataclass(frozen=True)
class LanguageTraits(Traits):
    """What a card states about a language engine.

    Args:
        context: tokens that a chat and its answer may take together, where the options name no other number.
        parameters: of the model, in thousands of millions.
    """

    context: int = 4096
    parameters: float = 0.0


@dataclass(frozen=True)
class ChatMessage:
    """One message of a chat: what the model is told to be, what a person wrote, or what the model answered before."""

    role: Role
    content: str


@dataclass(frozen=True)
class ChatRequest:
    """One question to a language model.

    Args:
        messages: the chat so far, oldest first; the last one is to be answered.
        longest: tokens of the answer at most; it is cut off there, and says so.
        temperature: 0 takes the likeliest word each time. The same seed gives the same answer on the same machine.
        schema: JSON schema that the answer is held to while it is written; None leaves it free. "maxLength" cuts words in
            halves and is better left to `longest`.
    """

    messages: tuple[ChatMessage, ...]
    longest: int = 512
    temperature: float = 0.5
    seed: int = 0
    schema: dict[str, Any] | None = None


@dataclass(frozen=True)
class ChatPiece:
    """A piece of an answer, as it was written.

    Args:
        text: what is new. ended: "" while it goes on; "stop" when the model has ended, "length" when it was cut off. Only the
            last piece has it, and the counts of tokens: those of the chat, and those of the answer.
    """

    text: str = ""
    ended: Literal["", "stop", "length"] = ""
    prompt_tokens: int = 0
    answer_tokens: int = 0


@runtime_checkable
class LanguageEngine(Protocol):
    """EngineKind.LANGUAGE."""

    def chat(self, request: ChatRequest) -> Iterator[ChatPiece]:
        """Answer a chat. The last piece, and no other, says how it ended.

        Raises:
            EngineError: the chat is too long for the model, or the schema is none that it can be held to.
        """


WIRE_VALUES: tuple[type, ...] = (ChatMessage, ChatRequest, ChatPiece)
