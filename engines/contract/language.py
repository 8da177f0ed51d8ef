"""Requests and answers of language engines: a chat is the input, and its answer is streamed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal, Protocol, runtime_checkable

from engines.contract.card import Traits

Role = Literal["system", "user", "assistant"]


@dataclass(frozen=True)
class LanguageTraits(Traits):
    """The facts of a language engine.

    Args:
        context: tokens that a chat and its answer may use together, unless the options say otherwise.
        parameters: of the model, in thousands of millions.
    """

    context: int = 4096
    parameters: float = 0.0


@dataclass(frozen=True)
class ChatMessage:
    """One message of a chat: the instructions, what a person wrote, or an earlier answer of the model."""

    role: Role
    content: str


@dataclass(frozen=True)
class ChatRequest:
    """One question to a language model.

    Args:
        messages: the chat so far, oldest first; the last one is to be answered.
        longest: tokens of the answer at most; a longer answer is cut off and marked.
        temperature: 0 takes the most likely token each time. The same seed gives the same answer on the same machine.
        schema: JSON schema that constrains the answer while it is generated; None for no constraint. "maxLength" may cut words
            and is better replaced by `longest`.
    """

    messages: tuple[ChatMessage, ...]
    longest: int = 512
    temperature: float = 0.5
    seed: int = 0
    schema: dict[str, Any] | None = None


@dataclass(frozen=True)
class ChatPiece:
    """A piece of a streamed answer.

    Args:
        text: the new text. ended: "" until the last piece; there "stop" if the model has ended, "length" if it was cut off. Only
            the last piece has this and the numbers of tokens, of the chat and of the answer.
    """

    text: str = ""
    ended: Literal["", "stop", "length"] = ""
    prompt_tokens: int = 0
    answer_tokens: int = 0


@runtime_checkable
class LanguageEngine(Protocol):
    """EngineKind.LANGUAGE."""

    def chat(self, request: ChatRequest) -> Iterator[ChatPiece]:
        """Answer a chat. Only the last piece says how the answer ended.

        Raises:
            EngineError: the chat is too long for the model, or the schema cannot be used as a constraint.
        """


WIRE_VALUES: tuple[type, ...] = (ChatMessage, ChatRequest, ChatPiece)
