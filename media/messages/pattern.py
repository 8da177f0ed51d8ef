"""Patterns of messages: the part of ICU MessageFormat that the catalogues use.

`{name}` puts a value in; `{size, number, #,##0.0}` a number by a pattern of digits; `{names, list}` a list with commas,
`{names, list, and}` and `{names, list, or}` with that word before its last, `{faults, list, sentences}` with spaces alone;
`{n, plural, =0 {none} one {# file} other {# files}}` chooses by CLDR's plural category, of a list by its length;
`{what, select, video {a clip} other {a sound}}` chooses by the value itself, `none` being no value.

`'{'` is a brace, and `''` before a brace an apostrophe.

Source: https://unicode-org.github.io/icu/userguide/format_parse/messages/
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from media.messages.languages import list_text, number_text, plural_category

KINDS = frozenset({"", "number", "list", "plural", "select"})

_NAME = re.compile(r"[a-z][a-z0-9_]*")
_CHOICE = re.compile(r"\s*(=\d+|[a-z][a-z0-9_-]*)\s*\{")


class PatternError(ValueError):
    """A pattern of a catalogue is not well formed."""


@dataclass(frozen=True)
class Field:
    """One `{…}`: the parameter, its format, the style of the format, and the patterns to choose from."""

    name: str
    kind: str = ""
    style: str = ""
    choices: tuple[tuple[str, Pattern], ...] = ()


@dataclass(frozen=True)
class Count:
    """`#` in a plural: the number."""


Pattern = tuple["str | Field | Count", ...]


@lru_cache(maxsize=4096)
def parsed(text: str) -> Pattern:
    """Return the parts of a pattern.

    Raises:
        PatternError: it is not well formed.
    """
    parts, end = _parts(text, 0, in_choice=False, in_plural=False)
    if end != len(text):
        raise PatternError(f"{text!r}: a closing brace too many")
    return parts


def fields_of(pattern: Pattern) -> Iterator[Field]:
    """Yield every field of a pattern, including those within choices."""
    for part in pattern:
        if isinstance(part, Field):
            yield part
            for _, chosen in part.choices:
                yield from fields_of(chosen)


def filled(
    pattern: Pattern, values: Mapping[str, object], language: str, told: Callable[[object], str], count: object = None
) -> str:
    """Return the text of a pattern.

    A missing parameter is shown as its name in braces, because an error's text must never raise an error.

    Args:
        told: formats a value if the pattern has no format.
        count: the value of `#`.
    """
    words = []
    for part in pattern:
        if isinstance(part, str):
            words.append(part)
        elif isinstance(part, Count):
            words.append(number_text(count, "#,##0.###", language))
        elif part.name not in values:
            words.append(f"{{{part.name}}}")
        else:
            words.append(_field_text(part, values, language, told, count))
    return "".join(words)


def _field_text(field: Field, values: Mapping[str, object], language: str, told: Callable[[object], str], count: object) -> str:
    value = values[field.name]
    if field.kind == "number" and _is_number(value):
        return number_text(value, field.style or "#,##0.###", language)
    if field.kind == "list" and isinstance(value, list | tuple):
        return list_text([told(one) for one in value], field.style, language)
    if field.kind in {"plural", "select"}:
        return filled(_chosen(field, value, language), values, language, told, value if field.kind == "plural" else count)
    return told(value)


def _chosen(field: Field, value: object, language: str) -> Pattern:
    choices = dict(field.choices)
    if field.kind == "select":
        wanted = "none" if value in (None, "") else str(value).lower()
        return choices.get(wanted, choices["other"])
    if isinstance(value, list | tuple):
        value = len(value)
    exact = choices.get(f"={value}")
    return exact if exact is not None else choices.get(plural_category(value, language), choices["other"])


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _parts(text: str, at: int, *, in_choice: bool, in_plural: bool) -> tuple[Pattern, int]:
    parts: list[str | Field | Count] = []
    plain: list[str] = []

    def end_plain() -> None:
        if plain:
            parts.append("".join(plain))
            plain.clear()

    while at < len(text):
        char = text[at]
        if char == "'" and text[at + 1 : at + 2] in ("{", "}"):
            closing = text.find("'", at + 2)
            closing = len(text) if closing < 0 else closing
            plain.append(text[at + 1 : closing])
            at = closing + 1
        elif char == "'" and text[at + 1 : at + 3] in ("'{", "'}"):
            plain.append("'")
            at += 2
        elif char == "{":
            end_plain()
            field, at = _field(text, at + 1)
            parts.append(field)
        elif char == "}":
            if not in_choice:
                break
            end_plain()
            return tuple(parts), at
        elif char == "#" and in_plural:
            end_plain()
            parts.append(Count())
            at += 1
        else:
            plain.append(char)
            at += 1
    if in_choice:
        raise PatternError(f"{text!r}: a choice is not closed")
    end_plain()
    return tuple(parts), at


def _field(text: str, at: int) -> tuple[Field, int]:
    comma, closing = text.find(",", at), text.find("}", at)
    if closing < 0:
        raise PatternError(f"{text!r}: a field is not closed")
    if not 0 <= comma < closing:
        return Field(_name(text, text[at:closing])), closing + 1
    name, rest = _name(text, text[at:comma]), comma + 1
    comma = text.find(",", rest)
    kind = text[rest : comma if 0 <= comma < closing else closing].strip()
    if kind not in KINDS - {""}:
        raise PatternError(f"{text!r}: {kind!r} is no kind of field")
    if kind in {"plural", "select"}:
        return _choices(text, comma + 1, name, kind)
    return Field(name, kind, text[comma + 1 : closing].strip() if 0 <= comma < closing else ""), closing + 1


def _choices(text: str, at: int, name: str, kind: str) -> tuple[Field, int]:
    choices: list[tuple[str, Pattern]] = []
    while (found := _CHOICE.match(text, at)) is not None:
        pattern, at = _parts(text, found.end(), in_choice=True, in_plural=kind == "plural")
        choices.append((found[1], pattern))
        at += 1
    while text[at : at + 1] == " ":
        at += 1
    if text[at : at + 1] != "}" or "other" not in dict(choices):
        raise PatternError(f"{text!r}: the choices of {name} need one called other, and a closing brace")
    return Field(name, kind, "", tuple(choices)), at + 1


def _name(text: str, name: str) -> str:
    name = name.strip()
    if not _NAME.fullmatch(name):
        raise PatternError(f"{text!r}: {name!r} is no name of a parameter")
    return name
