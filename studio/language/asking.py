"""Structured answers of a language model: constrained if the server supports it, validated in any case, repaired, and requested
again.

Whatever the quality of the model or the server, the result is a value of the requested shape, with a note on how it was obtained,
or an error.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Generic, Protocol, TypeVar

from engines.contract import ChatMessage, ChatPiece, ChatRequest
from media.messages.message import Message
from studio.errors import Cancelled
from studio.language.chat import Constraint
from studio.language.errors import FormatRefusedError, LanguageError
from studio.language.json_answers import AnswerWrongError, Check, parse_answer, spoken_text

TRIES = 3
_NEXT = {Constraint.SCHEMA: Constraint.JSON, Constraint.JSON: Constraint.PROMPT}
_SHOWN_BACK = 4_000

T = TypeVar("T")


class LanguageModel(Protocol):
    """A language model: a server's, or the built-in one.

    Attributes:
        name: of the model.
        strictest: the first constraint to try; one that was refused is not tried again.
    """

    name: str
    strictest: Constraint

    def chat(self, request: ChatRequest, constraint: Constraint, check: Callable[[], None]) -> Iterator[ChatPiece]:
        """Yield the answer in pieces.

        Raises:
            LanguageError, EngineError.
        """


@dataclass(frozen=True)
class ChatAnswer(Generic[T]):
    """An answer of the requested shape.

    Args:
        by: name of the model.
        constraint: how it was constrained; NONE for plain text.
        repaired: its JSON was repaired.
        tries: number of requests.
        cut_off: it reached the limit of its length.
    """

    value: T
    by: str
    constraint: Constraint = Constraint.NONE
    repaired: bool = False
    tries: int = 1
    cut_off: bool = False
    prompt_tokens: int = 0
    answer_tokens: int = 0

    @property
    def note(self) -> str:
        """A sentence on how the answer was obtained; "" if there is nothing to note."""
        told = []
        if self.constraint in (Constraint.JSON, Constraint.PROMPT):
            told.append(Message.of("llm.shape-checked-afterwards").reason())
        if self.repaired:
            told.append(Message.of("llm.answer-mended").reason())
        if self.tries > 1:
            told.append(Message.of("llm.took-tries", tries=self.tries).reason())
        if self.cut_off:
            told.append(Message.of("llm.perhaps-incomplete").reason())
        return " ".join(told)


def ask_text(
    llm: LanguageModel, request: ChatRequest, check: Callable[[], None], heard: Callable[[str], None]
) -> ChatAnswer[str]:
    """Return a plain answer without the model's reasoning; an interrupted one is requested once more.

    Args:
        heard: called with each piece as it arrives; a second attempt begins with "".

    Raises:
        LanguageError, EngineError: there is no answer.
    """
    for number in range(1, TRIES + 1):
        try:
            text, last = _taken(llm, request, Constraint.NONE, check, heard)
        except LanguageError as error:
            if not error.retryable or number == TRIES or error.code == "llm.nobody-there":
                raise
            heard("")
            continue
        said = spoken_text(text)
        if said:
            break
    else:
        raise LanguageError("llm.answered-nothing", retryable=True)
    return ChatAnswer(
        said, llm.name, tries=number, cut_off=last.ended == "length",
        prompt_tokens=last.prompt_tokens, answer_tokens=last.answer_tokens,
    )  # fmt: skip


def ask_json(llm: LanguageModel, request: ChatRequest, shape: Check[T], check: Callable[[], None]) -> ChatAnswer[T]:
    """Return a value of a shape.

    Args:
        request: its `schema` constrains the model, or is part of the prompt if the server supports no constraint.
        shape: validates the value; see json_answers.

    Raises:
        LanguageError: no valid answer in three attempts, or the model refused.
        EngineError: of the built-in model.
    """
    assert request.schema is not None
    constraint, tries, wrong = llm.strictest, 0, AnswerWrongError("")
    asked = request
    prompt_tokens = answer_tokens = 0
    while tries < TRIES:
        tries += 1
        try:
            text, last = _taken(llm, _told(asked, constraint), constraint, check, lambda piece: None)
        except FormatRefusedError:
            if constraint not in _NEXT:
                raise LanguageError("llm.format-refused") from None
            constraint = llm.strictest = _NEXT[constraint]
            tries -= 1
            continue
        except LanguageError as error:
            if not error.retryable or tries == TRIES or error.code == "llm.nobody-there":
                raise
            continue
        prompt_tokens, answer_tokens = prompt_tokens + last.prompt_tokens, answer_tokens + last.answer_tokens
        try:
            found = parse_answer(text, shape)
        except AnswerWrongError as error:
            wrong = error
            asked = _again(request, text, error, tries)
            continue
        cut = last.ended == "length"
        return ChatAnswer(found.value, llm.name, constraint, found.repaired, tries, cut, prompt_tokens, answer_tokens)
    raise LanguageError("llm.no-json" if wrong.not_json else "llm.wrong-shape", retryable=True, tries=TRIES)


def _taken(
    llm: LanguageModel, request: ChatRequest, constraint: Constraint, check: Callable[[], None], heard: Callable[[str], None]
) -> tuple[str, ChatPiece]:
    parts: list[str] = []
    last = ChatPiece(ended="stop")
    for piece in llm.chat(request, constraint, check):
        check()
        if piece.text:
            parts.append(piece.text)
            heard(piece.text)
        if piece.ended:
            last = piece
    return "".join(parts), last


def _told(request: ChatRequest, constraint: Constraint) -> ChatRequest:
    """Return the request with the shape in words if nothing else constrains the model to it."""
    if constraint is Constraint.SCHEMA:
        return request
    shape = json.dumps(request.schema, ensure_ascii=False)
    words = f"Answer with one JSON object that keeps this JSON schema, and with nothing before or after it:\n{shape}"
    *before, last = request.messages
    return replace(request, messages=(*before, replace(last, content=f"{last.content}\n\n{words}")))


def _again(request: ChatRequest, answer: str, wrong: AnswerWrongError, tries: int) -> ChatRequest:
    said = (
        ChatMessage("assistant", answer[:_SHOWN_BACK] or "…"),
        ChatMessage("user", f"{wrong} Answer the same question again, with the JSON object alone."),
    )
    return replace(request, messages=(*request.messages, *said), seed=request.seed + tries)


def checking(cancelled: Callable[[], bool]) -> Callable[[], None]:
    def check() -> None:
        if cancelled():
            raise Cancelled

    return check
