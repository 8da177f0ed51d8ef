"""Data for reading a language aloud: `languages/*.yaml` as a value."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import yaml

from media.text.reading.numbers import Numbers

_FOLDER = Path(__file__).parent / "languages"
_FEMININE = re.compile(r"\(f\)\Z")

NARROW = "\u00a0\u2007\u2009\u200a\u202f"
"""Spaces that part the thousands of a number; a full space does so where the language says so."""


@dataclass(frozen=True)
class Noun:
    """A noun after a number: a unit or a currency."""

    one: str
    many: str
    feminine: bool = False

    @classmethod
    def of(cls, written: str) -> Noun:
        """Parse "mile/miles", with "(f)" after a feminine noun."""
        plain = _FEMININE.sub("", written)
        one, _, many = plain.partition("/")
        return cls(one, many or one, plain != written)


class Language:
    """One language's data. Lists are sets of words, tables are mappings; missing data are empty."""

    def __init__(self, tag: str, data: Mapping[str, Any]) -> None:
        self.tag, self._data = tag, data
        self.words: Mapping[str, str] = data.get("words", {})
        shape = _SHAPES.get(tag)
        self.numbers = Numbers(tag, self.words.get("point", ""), shape)

    def table(self, name: str) -> Mapping[str, Any]:
        return self._data.get(name) or {}

    def text(self, name: str) -> str:
        return str(self._data.get(name, ""))

    @cache  # noqa: B019 - languages are made once and kept
    def listed(self, name: str) -> frozenset[str]:
        return frozenset(self.text(name).split())

    @cached_property
    def months(self) -> tuple[str, ...]:
        return tuple(self.text("months").split())

    def month_of(self, name: str) -> int:
        """Return the number of a month by its name or an abbreviation; 0 for any other word."""
        plain = name.rstrip(".")
        if short := self.table("month_abbreviations").get(plain):
            return int(short)
        wanted = plain.casefold()
        return next((number for number, month in enumerate(self.months, 1) if month.casefold() == wanted), 0)

    def declined(self, ordinal: str, previous: str, earlier: str = "", noun: str = "") -> str:
        """Return an ordinal with the ending that its context requires: "am dritten", "der dritte", "in der dritten"."""
        if earlier in self.listed("dative_before") and previous in self.listed("articles"):
            return ordinal + "n"
        if not previous and noun:
            return ordinal + next(
                (ending for ending, nouns in self.table("nouns_by_ending").items() if noun in str(nouns).split()), ""
            )
        for ending, words in self.table("ordinal_endings_after").items():
            if previous in str(words).split():
                return ordinal + str(ending)
        return ordinal + self.text("ordinal_ending")

    @cached_property
    def units(self) -> Mapping[str, Noun]:
        return {name: Noun.of(str(said)) for name, said in self.table("units").items()}

    @cached_property
    def currencies(self) -> Mapping[str, tuple[Noun, Noun | None]]:
        made = {}
        for sign, said in self.table("currencies").items():
            whole, _, part = str(said).partition(" | ")
            made[sign] = (Noun.of(whole), Noun.of(part) if part else None)
        return made

    @cached_property
    def decimal(self) -> str:
        return self.text("decimal") or "."

    @cached_property
    def number(self) -> str:
        """A pattern of a number: its groups of thousands, and its decimals."""
        groups = re.escape(self.text("groups")) + NARROW
        return rf"(?P<whole>\d{{1,3}}(?:[{groups}]\d{{3}})++(?!\d)|\d++)(?:{re.escape(self.decimal)}(?P<part>\d++))?"


def _spanish(words: str, gender: str) -> str:
    """Return the words in the gender of the noun: "uno" becomes "un", or "una" before a feminine one; hundreds follow the
    gender.
    """
    if gender:
        words = re.sub(r"veintiuno\Z", "veintiún" if gender == "m" else "veintiuna", words)
        words = re.sub(r"\buno\Z", "un" if gender == "m" else "una", words)
    return words.replace("cientos", "cientas").replace("quinientos", "quinientas") if gender == "f" else words


def _french(words: str, gender: str) -> str:
    return re.sub(r"\bun\Z", "une", words) if gender == "f" else words


def _german(words: str, gender: str) -> str:
    """Return the words in the gender of the noun: "eins" becomes "ein" or "eine"."""
    return re.sub(r"\Aeins\Z", "eine" if gender == "f" else "ein", words) if gender else words


_SHAPES = {"es": _spanish, "fr": _french, "de": _german}


@cache
def language(tag: str) -> Language | None:
    """Return the data of a BCP-47 tag's language, None if there are none."""
    primary = tag.replace("_", "-").split("-")[0].lower()
    path = _FOLDER / f"{primary}.yaml"
    if not re.fullmatch(r"[a-z]{2,3}", primary) or not path.is_file():
        return None
    return Language(primary, yaml.load(path.read_bytes(), _loader()))


def _loader() -> Any:
    return getattr(yaml, "CBaseLoader", yaml.BaseLoader)  # every scalar is a word: "No" is not false
