"""Validation of user input by a pydantic model, with the first error in one sentence."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from studio.errors import InvalidInput

Model = TypeVar("Model", bound=BaseModel)

LONGEST_SHOWN_VALUE = 60


def validated(model: type[Model], given: Mapping[str, Any], what: str = "field", context: Any = None) -> Model:
    """Return `given` as an instance of `model`.

    Args:
        what: name for a key of `given` in the sentence: "field", "option".
        context: of the model's validators, as in pydantic.

    Raises:
        InvalidInput: with the first wrong key, its value and what is allowed.
    """
    if not isinstance(given, Mapping):
        raise InvalidInput("input.not-names", kind=what, given=_kind_of(given))
    try:
        return model.model_validate(dict(given), context=context)
    except ValidationError as error:
        raise _explained(error, model, what) from None


def _explained(error: ValidationError, model: type[BaseModel], what: str) -> InvalidInput:
    mistakes = error.errors(include_url=False)
    # A misspelt key also makes a required one missing: the misspelling is what has to be told.
    first = next((mistake for mistake in mistakes if mistake["type"] == "extra_forbidden"), mistakes[0])
    where = _shortened(".".join(str(part)[:LONGEST_SHOWN_VALUE] for part in first["loc"]))
    if first["type"] == "extra_forbidden":
        known = sorted(model.model_fields) if len(first["loc"]) == 1 else []
        near = get_close_matches(where, known, n=1)
        return InvalidInput("input.unknown", kind=what, name=where, near=near, known=known)
    if first["type"] == "missing":
        return InvalidInput("input.missing", kind=what, name=where)
    if not where:
        return InvalidInput("input.rule-broken", rule=_sentence(first["msg"]))
    return InvalidInput("input.value-wrong", kind=what, name=where, given=_shown(first["input"]), rule=_sentence(first["msg"]))


def _sentence(message: str) -> str:
    words = message.removeprefix("Value error, ").replace("Input should be", "It should be").strip()
    return words if words.endswith((".", "!", "?")) else f"{words}."


def _shown(value: Any) -> str:
    if not isinstance(value, str | int | float | bool | None):
        return _kind_of(value)
    words = repr(value) if not isinstance(value, str) else f'"{value}"'
    return _shortened(words)


def _shortened(words: str) -> str:
    return words if len(words) <= LONGEST_SHOWN_VALUE else f"{words[:LONGEST_SHOWN_VALUE]}…"


def _kind_of(value: Any) -> str:
    names = {list: "a list", tuple: "a list", dict: "a set of names with values", str: "a text", type(None): "nothing"}
    return names.get(type(value), f"a {type(value).__name__}")
