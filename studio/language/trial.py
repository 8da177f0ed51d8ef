"""Test of a language model: its speed, and the constraints that it really supports."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from engines.contract import ChatMessage, ChatRequest
from studio.language.asking import LanguageModel
from studio.language.chat import Constraint
from studio.language.errors import FormatRefusedError, LanguageError
from studio.language.json_answers import AnswerWrongError, parse_answer, schema_check

SHAPE: dict[str, Any] = {
    "type": "object",
    "properties": {"shade": {"type": "string", "enum": ["amber", "teal", "plum"]}, "sure": {"type": "boolean"}},
    "required": ["shade", "sure"],
    "additionalProperties": False,
}
TRIAL_QUESTION = ChatRequest((ChatMessage("user", "In one short sentence: what can a voice studio be used for?"),), longest=60)
SHAPE_QUESTION = ChatRequest((ChatMessage("user", "Name a colour that you like."),), longest=60, temperature=0.0, schema=SHAPE)


def strictest_kept(llm: LanguageModel, check: Callable[[], None]) -> Constraint:
    """Return the strictest working constraint: the question does not mention the schema, so only the constraint leads to it.

    Raises:
        LanguageError: it cannot be reached now.
        EngineError: of the built-in model. Errors of `check` pass through.
    """
    for constraint in (Constraint.SCHEMA, Constraint.JSON):
        question = SHAPE_QUESTION if constraint is Constraint.SCHEMA else _in_words(SHAPE_QUESTION)
        try:
            said = "".join(piece.text for piece in llm.chat(question, constraint, check))
            if not parse_answer(said, schema_check(SHAPE)).repaired:
                return constraint
        except (FormatRefusedError, AnswerWrongError):
            continue
        except LanguageError as error:
            if error.retryable:
                raise
    return Constraint.PROMPT


def _in_words(request: ChatRequest) -> ChatRequest:
    words = 'Answer with a JSON object that has "shade" (amber, teal or plum) and "sure" (true or false).'
    (message,) = request.messages
    return replace(request, messages=(replace(message, content=f"{message.content} {words}"),))
