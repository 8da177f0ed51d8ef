"""What an engine cannot say, told before it is asked to, so that no narration dies at its last line."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from media.text.scripts import script_of, scripts_of


@dataclass(frozen=True)
class Unsayable:
    """A place [start, end) of a text that an engine would leave out, misread or refuse, and why in a few words."""

    start: int
    end: int
    why: str


def foreign_letters(text: str, languages: Iterable[str], title: str) -> tuple[Unsayable, ...]:
    """The letters of scripts in which none of an engine's languages is written; Latin ones are known to all.

    Args:
        title: of the engine, for the reason.
    """
    if text.isascii():
        return ()
    known = {script for language in languages for script in scripts_of(language)}
    return runs_of(text, lambda character: (script := script_of(character)) and script not in known, f"{title} does not read it")


def runs_of(text: str, is_foreign: Callable[[str], object], why: str) -> tuple[Unsayable, ...]:
    """Each run of characters that are foreign, combining marks within it included."""
    found: list[Unsayable] = []
    start: int | None = None
    for index, character in enumerate(text):
        foreign = is_foreign(character)
        if start is None:
            start = index if foreign else None
        elif not foreign and (character < "\x80" or character.isalnum() or character.isspace() or not _is_mark(character)):
            found.append(Unsayable(start, index, why))
            start = None
    if start is not None:
        found.append(Unsayable(start, len(text), why))
    return tuple(found)


def _is_mark(character: str) -> bool:
    return unicodedata.category(character).startswith("M")
