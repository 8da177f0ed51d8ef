"""Checks before a job is accepted whether the engines of a plan can speak all of it; replaces what they cannot, if requested."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from anyascii import anyascii

from capabilities.voiceover.roles.speaker import Speaker
from engines.contract import EnginePaths, PhonemeSpan, SpeechRequest, Unsayable
from studio.errors import InvalidInput

_SHOWN = 6
_LONGEST_SHOWN = 24
_NAMED_LETTER = re.compile(
    r"(?:GREEK|CYRILLIC|HEBREW|ARABIC) (?:CAPITAL |SMALL |FINAL )*+LETTER (?:FINAL )?+(?P<name>[A-Z ]+?)(?: WITH .+)?\Z"
)


@dataclass(frozen=True)
class UnsayablePlace:
    """A part of a script that its engine cannot speak.

    Args:
        line: of the script, counted from 1.
        text: the part, in the engine's form.
        instead: its replacement, "" if it would be dropped.
        why: in a few words.
        engine: title of the engine.
    """

    line: int
    text: str
    instead: str
    why: str
    engine: str

    @property
    def shown(self) -> str:
        """The text in quotation marks, cut where it is long."""
        return f"“{self.text if len(self.text) <= _LONGEST_SHOWN else self.text[:_LONGEST_SHOWN].rstrip() + '…'}”"

    def __str__(self) -> str:
        return f"{self.shown} in line {self.line}"


def request_of(text: str, role: Speaker) -> SpeechRequest:
    """Return the request for a role's engine."""
    return SpeechRequest(text, role.casting.voice, role.language)


def may_be_unsayable(script: str, roles: Iterable[Speaker], site: EnginePaths) -> bool:
    """Return whether any character of a script may be unreadable for an engine of these roles: quick, and never wrongly False."""
    if script.isascii():
        return False
    letters = " ".join(sorted({character for character in script if character >= "\x80"}))
    distinct = {(role.engine_id, role.language, role.casting.voice.preset): role for role in roles}
    return any(_found(f"a {letters}{letters.replace(' ', '')}", role, site) for role in distinct.values())


class Sentence(Protocol):
    """The parts of a planned segment that are needed here."""

    @property
    def text(self) -> str: ...

    @property
    def line(self) -> int: ...

    @property
    def role(self) -> Speaker: ...

    @property
    def phonemes(self) -> tuple[PhonemeSpan, ...]: ...


def unsayable_places(sentences: Iterable[Sentence], site: EnginePaths) -> list[UnsayablePlace]:
    """Return all such parts of a plan, in order."""
    return [place for one in sentences for place in places_of(one, site)]


def places_of(one: Sentence, site: EnginePaths) -> Iterator[UnsayablePlace]:
    """Yield those of one sentence."""
    title = one.role.casting.engine_cls.card.title
    for place in _found(_masked(one.text, one.phonemes), one.role, site):
        said = one.text[place.start : place.end]
        yield UnsayablePlace(one.line, said, _instead(said, one.role, site), place.why, title)


def _masked(text: str, phonemes: Iterable[PhonemeSpan]) -> str:
    """The text with a word that any engine reads in the place of those that are spoken by their sounds."""
    for span in phonemes:
        text = text[: span.start] + "a" * (span.end - span.start) + text[span.end :]
    return text


def replaced(text: str, role: Speaker, site: EnginePaths, phonemes: Iterable[PhonemeSpan] = ()) -> str:
    """Return the sentence with Latin letters in place of what cannot be spoken, which is left out if those cannot be spoken
    either.

    Args:
        phonemes: places that are spoken by their sounds, whatever is written there.
    """
    for place in reversed(_found(_masked(text, phonemes), role, site)):
        said = _instead(text[place.start : place.end], role, site)
        before, after = text[: place.start], text[place.end :]
        gap = " " if said and before[-1:].isalnum() else ""
        text = before + gap + said + (" " if said and after[:1].isalnum() else "") + after
    return " ".join(text.split())


def refuse_unsayable(places: Sequence[UnsayablePlace], *, with_lines: bool = True) -> None:
    """
    Args:
        with_lines: name the line of each; a script of one line needs none.

    Raises:
        InvalidInput: there are such places; it names the first few.
    """
    if not places:
        return
    listed = ", ".join(dict.fromkeys(str(place) if with_lines else place.shown for place in places[:_SHOWN]))
    more = f" and {len(places) - _SHOWN:,} more" if len(places) > _SHOWN else ""
    engines = " and ".join(dict.fromkeys(place.engine for place in places))
    whys = "; ".join(list(dict.fromkeys(place.why for place in places))[:2])
    raise InvalidInput("script.cannot-say", engine=engines, places=listed + more, why=whys)


def _found(text: str, role: Speaker, site: EnginePaths) -> tuple[Unsayable, ...]:
    return role.casting.engine_cls.unsayable(request_of(text, role), site)


def _instead(said: str, role: Speaker, site: EnginePaths) -> str:
    """A letter's name ("pi"), else the Latin letters; "" when the engine cannot say those either."""
    name = _NAMED_LETTER.match(unicodedata.name(said, "")) if len(said) == 1 else None
    latin = name.group("name").lower() if name else anyascii(said).strip()
    if not any(map(str.isalnum, latin)) or _found(latin, role, site):
        return ""
    return latin
