"""Chats with an OpenAI-compatible server: the request body, and the answer in pieces from any of the known servers.

The protocol is OpenAI's "chat completions" with `stream`, as Ollama, llama.cpp, vLLM and LM Studio implement it: server-sent
events with `choices[0].delta.content`, a `finish_reason` at the end, `usage` after it, then `[DONE]`. A server without streaming
answers with one JSON object, which is accepted too. Reasoning (`reasoning_content`) is skipped.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from enum import StrEnum
from typing import Any

from engines.contract import ChatPiece, ChatRequest
from studio.language.connection import ServerAddress, streamed
from studio.language.errors import LanguageError

LONGEST_LINE = 1_000_000
MOST_UNREADABLE = 20
"""Lines that are no events, before the whole is taken for garbage."""

NAME = "answer"


class Constraint(StrEnum):
    """Kinds of constraint on an answer, the strictest first."""

    SCHEMA = "schema"
    JSON = "json"
    PROMPT = "prompt"
    NONE = ""


def chat(
    server: ServerAddress, model: str, request: ChatRequest, constraint: Constraint, check: Callable[[], None]
) -> Iterator[ChatPiece]:
    """Yield the answer in pieces; the last one has the reason of its end.

    Raises:
        LanguageError: refused, timed out, interrupted, or invalid.
        FormatRefusedError: the server does not support this constraint.
    """
    reader = _AnswerReader()
    for block in streamed(server, body_of(model, request, constraint), check):
        yield from reader.read(block)
        if reader.ended:
            break
    yield from reader.rest()
    yield reader.last_piece()


def body_of(model: str, request: ChatRequest, constraint: Constraint) -> dict[str, Any]:
    """Return the body of the request."""
    body: dict[str, Any] = {
        "model": model,
        "messages": [{"role": one.role, "content": one.content} for one in request.messages],
        "max_tokens": request.longest,
        "temperature": request.temperature,
        "seed": request.seed,
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    if request.schema is not None and constraint is Constraint.SCHEMA:
        schema = {"name": NAME, "strict": True, "schema": request.schema}
        body["response_format"] = {"type": "json_schema", "json_schema": schema}
    elif request.schema is not None and constraint is Constraint.JSON:
        body["response_format"] = {"type": "json_object"}
    return body


class _AnswerReader:
    """Parser from bytes to pieces. `ended`: the answer is complete."""

    def __init__(self) -> None:
        self.ended = False
        self._left = b""
        self._finish = ""
        self._unreadable = 0
        self._events = 0
        self._tokens = (0, 0)
        self._pieces = 0

    def read(self, block: bytes) -> Iterator[ChatPiece]:
        self._left += block
        if len(self._left) > LONGEST_LINE and b"\n" not in self._left[:LONGEST_LINE]:
            raise LanguageError("llm.garbage")
        if not self._events and self._left.lstrip()[:1] == b"{":
            return  # one JSON object: it is read when it is whole
        *lines, self._left = self._left.split(b"\n")
        for line in lines:
            yield from self._line(line.strip())
            if self.ended:
                return

    def rest(self) -> Iterator[ChatPiece]:
        """Yield the piece of an unterminated last line."""
        if self.ended:
            return
        left = self._left.strip()
        self._left = b""
        if left[:1] == b"{":
            yield from self._object(left)
        elif left:
            yield from self._line(left)

    def last_piece(self) -> ChatPiece:
        """Return the last piece.

        Raises:
            LanguageError: nothing arrived, or the answer is incomplete.
        """
        if not self._events:
            raise LanguageError("llm.garbage" if self._unreadable else "llm.cut-off", retryable=not self._unreadable)
        if not self._finish:
            raise LanguageError("llm.cut-off", retryable=True)
        if self._finish == "content_filter":
            raise LanguageError("llm.refused")
        ended = "length" if self._finish == "length" else "stop"
        prompt, answer = self._tokens
        return ChatPiece("", "length" if ended == "length" else "stop", prompt, answer or self._pieces)

    def _line(self, line: bytes) -> Iterator[ChatPiece]:
        if not line or line[:1] == b":" or line.startswith((b"event:", b"id:", b"retry:")):
            return
        if not line.startswith(b"data:"):
            self._count_unreadable()
            return
        data = line[5:].strip()
        if data == b"[DONE]":
            self.ended = True
            self._finish = self._finish or ("stop" if self._events else "")
            return
        yield from self._object(data)

    def _object(self, data: bytes) -> Iterator[ChatPiece]:
        try:
            event = json.loads(data)
        except (ValueError, RecursionError):
            self._count_unreadable()
            return
        if not isinstance(event, dict):
            self._count_unreadable()
            return
        if event.get("error"):
            raise LanguageError("llm.failed-midway", retryable=True)
        choices = event.get("choices")
        if not isinstance(choices, list):
            self._count_unreadable()
            return
        self._events += 1
        usage = event.get("usage")
        if isinstance(usage, dict):
            self._tokens = (_count(usage.get("prompt_tokens")), _count(usage.get("completion_tokens")))
        for choice in choices[:1]:
            yield from self._choice(choice if isinstance(choice, dict) else {})

    def _choice(self, choice: dict[str, Any]) -> Iterator[ChatPiece]:
        said = choice.get("delta") or choice.get("message") or {}
        said = said if isinstance(said, dict) else {}
        if said.get("refusal"):
            raise LanguageError("llm.refused")
        text, finish = said.get("content"), choice.get("finish_reason")
        if isinstance(finish, str) and finish:
            self._finish = finish
        if isinstance(text, str) and text:
            self._pieces += 1
            yield ChatPiece(text)

    def _count_unreadable(self) -> None:
        self._unreadable += 1
        if self._unreadable > MOST_UNREADABLE:
            raise LanguageError("llm.garbage")


def _count(value: object) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 10**9 else 0
