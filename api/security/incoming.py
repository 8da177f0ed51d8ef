"""What the values of a call may hold: files that were uploaded or made here, numbers and depths that JSON readers agree on.

Gradio copies what a value names by its path into the uploads before any endpoint sees it, so a path is judged here, at the
border, wherever in the values it stands.
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
"""Lists and objects inside each other; readers further in go down by recursion."""

_ADDRESS = re.compile(r"\s*(?:[a-z][a-z0-9+.-]*:|[\\/]{2})", re.IGNORECASE)
_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")


def read_json(body: bytes) -> Any:
    """The value of a body, bounded in what later readers could stumble over.

    Raises:
        InvalidInput: it is not JSON, is nested deeper than `DEEPEST`, or holds a number or a text that JSON cannot carry.
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
    """Every value in `value` and how deep it lies."""
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
    """Judges the paths in the values of calls.

    Args:
        uploads: where uploaded files lie, and Gradio's copies of what it shows.
        outputs: where the studio's results lie.
    """

    def __init__(self, uploads: Path, outputs: Path) -> None:
        self.uploads, self.outputs = uploads, outputs

    def check(self, value: Any) -> bool:
        """Whether anything in `value` was changed: an output named by its path loses the mark that has Gradio copy it.

        Every object with a text under "path" counts as a file, marked as one or not.

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
    """Whether `path` begins as an address does: with a scheme, or as a share of another machine."""
    return _ADDRESS.match(path) is not None
