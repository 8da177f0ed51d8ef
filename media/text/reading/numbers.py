"""Numbers in words, by num2words, in their spoken form: without commas, with special rules for years and digits."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from functools import lru_cache

LARGEST = 10**33
_DIGITS = 24
"""A row of more digits than this is read digit by digit: no one says it as one number."""

_PLAIN = str.maketrans("", "", ",\u00ad")
_FAILURES = (ValueError, NotImplementedError, OverflowError, TypeError, KeyError, IndexError, AttributeError)
"""What one or another language of num2words raises for numbers that it cannot say."""


def in_words(value: int | float, language: str, form: str) -> str | None:
    """Return a number as num2words spells it; None if the language is unknown, or cannot express it."""
    from num2words import num2words  # here: 60 modules of languages that a start does not need

    try:
        return str(num2words(value, lang=language, to=form))
    except _FAILURES:
        return None


@lru_cache(maxsize=8192)
def said(number: str, language: str, form: str = "cardinal") -> str:
    """Return a whole number in words: "cardinal", "ordinal" or "year"; unchanged if the language is unknown or it is too
    large.
    """
    value = int(number)
    if abs(value) >= LARGEST:
        return " ".join(said(digit, language) for digit in number)
    words = in_words(value, language, form)
    if words is None:
        return number if form == "cardinal" else said(number, language)
    return re.sub(r"\s+", " ", words.translate(_PLAIN)).strip()


def knows(language: str) -> bool:
    """Return whether num2words supports the language."""
    return said("21", language) != "21"


class Numbers:
    """Rules for numbers in one language.

    Args:
        language: primary tag.
        point: the word for the decimal mark.
        shape: adapts a cardinal to its context ("un" for "uno"), given the words and a gender.
    """

    def __init__(self, language: str, point: str, shape: Callable[[str, str], str] | None = None) -> None:
        self.language, self._point = language, point
        self._shape = shape

    def cardinal(self, digits: str, gender: str = "") -> str:
        words = said(digits, self.language) if len(digits) <= _DIGITS else self.digits(digits)
        return self._shape(words, gender) if self._shape else words

    def ordinal(self, digits: str) -> str:
        return said(digits, self.language, "ordinal")

    def year(self, digits: str) -> str:
        return said(digits, self.language, "year")

    def digits(self, digits: str) -> str:
        """Return the digits one by one."""
        return " ".join(said(digit, self.language) for digit in digits)

    def number(self, digits: str, decimals: str = "", gender: str = "") -> str:
        """Return a number with its decimals, which are read digit by digit."""
        if decimals:
            return f"{self.cardinal(digits or '0')} {self._point} {self.decimals(decimals)}"
        if len(digits) > 1 and digits.startswith("0"):
            return self.digits(digits)
        return self.cardinal(digits, gender)

    def decimals(self, decimals: str) -> str:
        """Return decimals in words: one by one in English, elsewhere two digits as a number."""
        if self.language == "en" or len(decimals) > 2 or decimals.startswith("0") or len(decimals) == 1:
            return self.digits(decimals)
        return self.cardinal(decimals)


def is_one(digits: str, decimals: str) -> bool:
    return not decimals.strip("0") and digits.isdigit() and Decimal(digits) == 1
