"""Lists of words that say whose turn it is; `phrases.toml` holds them."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import Any, Literal

_FILE = Path(__file__).with_name("phrases.toml")


@cache
def _table() -> dict[str, Any]:
    return tomllib.loads(_FILE.read_text("utf-8"))


@cache
def words_of(kind: Literal["asking", "open", "backchannel"], language: str = "") -> frozenset[str]:
    """The words of a kind in a language, of all languages where none is named; empty for one that is not listed."""
    table: dict[str, str] = _table()[kind]
    tongue = language.split("-")[0].lower()
    lists = [table.get(tongue, "")] if language else table.values()
    return frozenset(word for one in lists for word in one.split())


@cache
def phrases_of(kind: Literal["stop", "ghosts"]) -> frozenset[str]:
    """The phrases of a kind, of all languages."""
    return frozenset(_table()["phrases"][kind])
