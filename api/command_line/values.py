"""Parses the words after the name of a call on the command line into its arguments."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from api.http.v1.arguments import from_text
from api.operations.operation import Operation

Upload = Callable[[Path], str]


class UsageError(Exception):
    """The command line is wrong. The text says why."""


def arguments_of(operation: Operation, words: Sequence[str], upload: Upload) -> dict[str, Any]:
    """Parse `key=value` words: text as it is, everything else as JSON. `key=@path` uploads a file if the argument is a file,
    and reads it if the argument is text; `options.speed=1.2` sets one value of a mapping; `key=@@…` is text that begins with @.

    Args:
        upload: uploads a file and returns the reference by which calls name it.

    Raises:
        UsageError: a word that is none of these, or a file that cannot be read.
    """
    arguments: dict[str, Any] = {}
    for word in words:
        key, sign, value = word.partition("=")
        name, _, inner = key.partition(".")
        if not sign or not name:
            raise UsageError(f'"{word[:60]}" is no argument; write key=value, such as {_example(operation)}.')
        if name not in operation.input.model_fields:
            known = ", ".join(operation.input.model_fields) or "none"
            raise UsageError(f'{operation.name} has no argument "{name[:60]}". Its arguments: {known}.')
        if inner:
            _put(arguments.setdefault(name, {}), inner, _plain(value), word)
        else:
            arguments[name] = _value(operation, name, value, upload)
    return arguments


def _value(operation: Operation, name: str, value: str, upload: Upload) -> Any:
    if value.startswith("@@"):
        return from_text(operation, name, value[1:])
    if not value.startswith("@"):
        return from_text(operation, name, value)
    if name in operation.files:
        path = Path(value[1:]).expanduser()
        if not path.is_file():
            raise UsageError(f"There is no file {value[1:]} for {name}.")
        return upload(path)
    try:
        text = sys.stdin.read() if value == "@-" else Path(value[1:]).expanduser().read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        raise UsageError(f"The file {value[1:]} for {name} cannot be read as a text in UTF-8.") from None
    return from_text(operation, name, text)


def _put(values: Any, key: str, value: Any, word: str) -> None:
    name, _, inner = key.partition(".")
    if not isinstance(values, dict) or not name:
        raise UsageError(f'"{word[:60]}" sets a value within something that is no set of values.')
    if inner:
        _put(values.setdefault(name, {}), inner, value, word)
    else:
        values[name] = value


def _plain(text: str) -> Any:
    """Parse a value of unknown type: as JSON if it is JSON, else as text."""
    from api.security.incoming import read_json
    from studio.errors import InvalidInput

    try:
        return read_json(text.encode())
    except InvalidInput:
        return text


def _example(operation: Operation) -> str:
    name = next(iter(operation.input.model_fields), "key")
    return f"{name}={operation.example.get(name, '…')}"
