"""Figures in words, by num2words, in the form in which they are said: no commas, years and digits in their own way."""

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
    """A number as num2words says it; None where the language is not known, or cannot say this one."""
    from num2words import num2words  # here: 60 modules of languages that a start does not need

    try:
        return str(num2words(value, lang=language, to=form))
    except _FAILURES:
        return None


@lru_cache(maxsize=8192)
def said(number: str, language: str, form: str = "cardinal") -> str:
    """A whole number in words: "cardinal", "ordinal" or "year". Itself where the language is not known or it is too large."""
    value = int(number)
    if abs(value) >= LARGEST:
        return " ".join(said(digit, language) for digit in number)
    words = in_words(value, language, form)
    if words is None:
        return number if form == "cardinal" else said(number, language)
    return re.sub(r"\s+", " ", words.translate(_PLAIN)).strip()


def knows(language: str) -> bool:
    """Whether numbers can be said in this language at all."""
    return said("21", language) != "21"


class Numbers:
    """How one language says numbers.

    Args:
        language: primary tag.
        point: the word at the decimal mark.
        shape: a change to a cardinal that depends on what follows ("un" for "uno"), given the words and a gender.
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
        """One by one."""
        return " ".join(said(digit, self.language) for digit in digits)

    def number(self, digits: str, decimals: str = "", gender: str = "") -> str:
        """A number with what stands behind its decimal mark, which is read digit by digit."""
        if decimals:
            return f"{self.cardinal(digits or '0')} {self._point} {self.decimals(decimals)}"
        if len(digits) > 1 and digits.startswith("0"):
            return self.digits(digits)
        return self.cardinal(digits, gender)

    def decimals(self, decimals: str) -> str:
        """In English one by one; elsewhere two digits are a number."""
        if self.language == "en" or len(decimals) > 2 or decimals.startswith("0") or len(decimals) == 1:
            return self.digits(decimals)
        return self.cardinal(decimals)


def is_one(digits: str, decimals: str) -> bool:
    return not decimals.strip("0") and digits.isdigit() and Decimal(digits) == 1
