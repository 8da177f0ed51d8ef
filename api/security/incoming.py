"""Checks the values of a call: paths only of files that were uploaded or made here, and JSON within safe limits.

Gradio copies files that a value names by path into the uploads before an endpoint is called, so paths anywhere in the values
are checked here.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from studio.errors import InvalidInput
from studio.files import file_within

DEEPEST = 100
"""Maximum nesting of lists and objects; later readers are recursive."""

_ADDRESS = re.compile(r"\s*(?:[a-z][a-z0-9+.-]*:|[\\/]{2})", re.IGNORECASE)
_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")


def read_json(body: bytes) -> Any:
    """Parse a body as JSON, within limits that are safe for later readers.

    Raises:
        InvalidInput: it is not JSON, is nested deeper than `DEEPEST`, or contains a number or text that JSON cannot represent.
    """
    try:
        value = json.loads(body)
    except RecursionError:
        raise InvalidInput("call.too-deep", most=DEEPEST) from None
    except ValueError:
        raise InvalidInput("call.body-not-json") from None
    halves = _SURROGATE.search(body) is not None
    for one, depth in _walk(value):
        if depth > DEEPEST:
            raise InvalidInput("call.too-deep", most=DEEPEST)
        if isinstance(one, float) and not math.isfinite(one):
            raise InvalidInput("call.no-number")
        if halves and not _whole(one):
            raise InvalidInput("call.half-character")
    return value


def _walk(value: Any) -> Iterator[tuple[Any, int]]:
    """Yield every value in `value` with its depth."""
    waiting = [(value, 0)]
    while waiting:
        one, depth = waiting.pop()
        yield one, depth
        if isinstance(one, dict):
            waiting.extend((inner, depth + 1) for inner in one.values())
        elif isinstance(one, list):
            waiting.extend((inner, depth + 1) for inner in one)


def _whole(one: Any) -> bool:
    try:
        for text in one if isinstance(one, dict) else (one,) if isinstance(one, str) else ():
            text.encode()
    except UnicodeEncodeError:
        return False
    return True


class IncomingFiles:
    """Checks the paths in the values of calls.

    Args:
        uploads: the folder of uploaded files and of Gradio's copies.
        outputs: the folder of the studio's results.
    """

    def __init__(self, uploads: Path, outputs: Path) -> None:
        self.uploads, self.outputs = uploads, outputs

    def check(self, value: Any) -> bool:
        """Check all files in `value` and return whether it was changed: the mark that makes Gradio copy a file is removed from
        outputs. Every object with a string under "path" counts as a file.

        Raises:
            InvalidInput: a file is named by an address, or is neither an upload nor an output.
        """
        changed = False
        for one, _ in _walk(value):
            if not isinstance(one, dict) or not isinstance(one.get("path"), str):
                continue
            if _ADDRESS.match(one["path"]):
                raise InvalidInput("call.file-from-address")
            if file_within(one["path"], (self.uploads,)) is None:
                if file_within(one["path"], (self.outputs,)) is None:
                    raise InvalidInput("call.file-not-ours")
                changed = one.pop("meta", None) is not None or changed
        return changed


def is_address(path: str) -> bool:
    """Return whether `path` begins like an address: with a scheme, or as a network share."""
    return _ADDRESS.match(path) is not None
