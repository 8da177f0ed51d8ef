"""JSON from the text of a language model: reasoning and code fences removed, small errors repaired, validated.

A model without a constraint wraps JSON in a fence, adds a sentence before it, forgets a comma or is cut off. `json_repair` (MIT)
repairs that, and the result tells whether it had to, because repaired JSON may differ from the intended one.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ValidationError

LONGEST_ANSWER = 400_000
"""Characters that are looked at; no question of the studio has an answer of a tenth of that."""

_THOUGHT = ("<think>", "</think>")
_MISTAKES_TOLD = 4

T = TypeVar("T")
Check = Callable[[Any], T]
"""Gives the value, or raises ValueError with words for the model on what is wrong."""


@dataclass(frozen=True)
class ParsedAnswer(Generic[T]):
    """A valid answer. `repaired`: its JSON had to be repaired."""

    value: T
    repaired: bool


class AnswerWrongError(ValueError):
    """Errors of an answer, in words that a model can act on. `not_json`: it contained no JSON."""

    def __init__(self, problem: str, *, not_json: bool = False) -> None:
        super().__init__(problem)
        self.not_json = not_json


def spoken_text(answer: str) -> str:
    """Return the answer without the reasoning before it.

    Reasoning without an end means that the answer was cut off, so nothing remains.
    """
    begin, end = _THOUGHT
    while True:
        before, opened, rest = answer.partition(begin)
        _, closed, after = rest.partition(end)
        if not opened:
            break
        answer = before + (after if closed else "")
    return answer.rpartition(end)[2].strip()  # some templates open the thought in the prompt


def parse_answer(answer: str, check: Check[T]) -> ParsedAnswer[T]:
    """Return the value in an answer.

    Raises:
        AnswerWrongError: no JSON, or JSON of another shape.
    """
    text = spoken_text(answer[:LONGEST_ANSWER])
    whole = _bare(text)
    try:
        return ParsedAnswer(_checked(json.loads(whole), check), repaired=whole != text)
    except (json.JSONDecodeError, RecursionError):
        pass
    if not any(sign in text for sign in "{["):
        raise AnswerWrongError("The answer is not JSON.", not_json=True)
    return ParsedAnswer(_checked(_mended(text), check), repaired=True)


def model_check(model: type[BaseModel]) -> Check[Any]:
    """Return a validator for a pydantic model."""

    def check(value: Any) -> Any:
        try:
            return model.model_validate(value)
        except ValidationError as error:
            raise AnswerWrongError(_told([(one["loc"], one["msg"]) for one in error.errors(include_url=False)])) from None

    return check


def schema_check(schema: dict[str, Any]) -> Check[Any]:
    """Return a validator for a JSON schema. External references are not followed.

    Raises:
        ValueError: it is not a JSON schema.
    """
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import SchemaError
    from referencing import Registry

    try:
        Draft202012Validator.check_schema(schema)
    except (SchemaError, RecursionError) as error:
        raise ValueError(getattr(error, "message", "it refers to itself without end")[:200]) from None
    validator = Draft202012Validator(schema, registry=Registry())

    def check(value: Any) -> Any:
        try:
            wrong = [(tuple(one.absolute_path), one.message) for one in validator.iter_errors(value)]
        except Exception as error:  # a reference that leads nowhere, found at the first value
            raise AnswerWrongError(f"The schema cannot be applied: {type(error).__name__}.") from None
        if wrong:
            raise AnswerWrongError(_told(wrong))
        return value

    return check


def _checked(value: Any, check: Check[T]) -> T:
    return check(value)


def _bare(text: str) -> str:
    """Return the text without a surrounding Markdown fence."""
    if text.startswith("```") and text.endswith("```") and len(text) > 6:
        _, _, inner = text[:-3].partition("\n")
        return inner.strip()
    return text


def _mended(text: str) -> Any:
    import json_repair

    start = min((place for sign in "{[" if (place := text.find(sign)) >= 0), default=0)
    try:
        return json_repair.loads(text[start:], skip_json_loads=True)
    except (ValueError, RecursionError):
        raise AnswerWrongError("The answer is not JSON.", not_json=True) from None


def _told(wrong: list[tuple[tuple[Any, ...], str]]) -> str:
    told = "; ".join(f"{'.'.join(map(str, place)) or 'the whole'}: {message[:160]}" for place, message in wrong[:_MISTAKES_TOLD])
    return f"The JSON has another shape than asked: {told}."
