"""A code with its parameters: a message without a language."""

from __future__ import annotations

import math
import numbers
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import Enum
from pathlib import PurePath
from typing import Any, Literal

from media.messages.catalogue import Entry, entry
from media.messages.languages import language, number_text
from media.messages.pattern import PatternError, filled, parsed


@dataclass(frozen=True)
class Message:
    """A message as data.

    Args:
        code: `area.what-is-wrong`, stable: programs compare it.
        parameters: values for the fields of its patterns: text, numbers, booleans, lists of them, and other messages.
        told: its English text from elsewhere, for codes that no catalogue here has.
        part: which of its two texts is used as a parameter of another message.
    """

    code: str
    parameters: Mapping[str, Any]
    told: Entry | None = None
    part: Literal["reason", "hint"] = "reason"

    @classmethod
    def of(cls, code: str, /, **parameters: object) -> Message:
        return cls(code, {name: plain(value) for name, value in parameters.items()})

    def reason(self, tag: str | None = None) -> str:
        """Return the reason, in the given language or that of this request."""
        return self._words("reason", tag or language())

    def hint(self, tag: str | None = None) -> str:
        """Return the next step; "" if the reason contains it."""
        return self._words("hint", tag or language())

    def __str__(self) -> str:
        return self.reason()

    def as_dict(self) -> dict[str, Any]:
        """Return the message as JSON; `from_dict` reads it."""
        fields = {"code": self.code, "parameters": {name: _as_json(value) for name, value in self.parameters.items()}}
        return fields if self.part == "reason" else {**fields, "part": self.part}

    def as_hint(self) -> Message:
        """Return the same message, represented by its next step in other messages."""
        return replace(self, part="hint")

    @classmethod
    def from_dict(cls, fields: Mapping[str, Any], told: Entry | None = None) -> Message:
        given = fields.get("parameters")
        parameters = {str(name): _from_json(value) for name, value in given.items()} if isinstance(given, Mapping) else {}
        return cls(str(fields["code"]), parameters, told, "hint" if fields.get("part") == "hint" else "reason")

    def _words(self, which: str, tag: str) -> str:
        words = entry(self.code, tag) or self.told
        if words is None:
            return self._bare() if which == "reason" else ""
        try:
            return filled(parsed(getattr(words, which)), self.parameters, tag, lambda value: _told(value, tag)).strip()
        except PatternError:
            return self._bare()

    def _bare(self) -> str:
        values = ", ".join(f"{name}: {_told(value, 'en')}" for name, value in self.parameters.items())
        return f"{self.code} ({values})" if values else self.code


def plain(value: object) -> Any:
    """Return a parameter as a JSON value; of a path only its name, so that no folder of this machine is shown."""
    if isinstance(value, Enum):
        return plain(value.value)
    if value is None or isinstance(value, str | bool | Message):
        return value
    if isinstance(value, numbers.Integral):
        return int(value)
    if isinstance(value, numbers.Real):
        return float(value) if math.isfinite(value) else str(float(value))
    if isinstance(value, PurePath):
        return value.name
    if isinstance(value, BaseException):
        return str(value)
    try:
        return [plain(one) for one in value]  # type: ignore[attr-defined]
    except TypeError:
        return str(value)


def _told(value: object, tag: str) -> str:
    if isinstance(value, Message):
        return value.reason(tag) if value.part == "reason" else value.hint(tag)
    if isinstance(value, float):
        return number_text(float(f"{value:g}"), "0.######", tag) if abs(value) < 1e15 else f"{value:g}"
    if isinstance(value, list | tuple):
        return ", ".join(_told(one, tag) for one in value)
    return "" if value is None else str(value)


def _as_json(value: Any) -> Any:
    if isinstance(value, Message):
        return value.as_dict()
    return [_as_json(one) for one in value] if isinstance(value, list | tuple) else value


def _from_json(value: Any) -> Any:
    if isinstance(value, Mapping):
        return Message.from_dict(value) if isinstance(value.get("code"), str) else str(value)
    return [_from_json(one) for one in value] if isinstance(value, list | tuple) else value
