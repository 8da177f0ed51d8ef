"""The language of messages, and its rules for numbers, lists and plurals.

English needs the standard library only; other languages follow CLDR through Babel, which the studio has and workers do not: a
worker formats everything in English, and sends codes and parameters.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from babel import Locale

SOURCE_LANGUAGE = "en"
"""The language of the complete catalogues, which is used for what another lacks."""

_language: ContextVar[str] = ContextVar("language", default=SOURCE_LANGUAGE)


def language() -> str:
    """Return the tag of the present language: that of the request being answered, or English."""
    return _language.get()


@contextmanager
def speaking(tag: str) -> Iterator[None]:
    """Make words in this language within the block, in this thread or task alone."""
    token = _language.set(tag)
    try:
        yield
    finally:
        _language.reset(token)


def plural_category(value: object, tag: str) -> str:
    """CLDR's category of a number: zero, one, two, few, many or other."""
    if not isinstance(value, int | float) or isinstance(value, bool):
        return "other"
    if (locale := _locale(tag)) is not None:
        return str(locale.plural_form(value))
    return "one" if value == 1 and isinstance(value, int) else "other"


def number_text(value: object, pattern: str, tag: str) -> str:
    """Return a number formatted by a pattern such as `#,##0.0#`: with group separators if it has a comma, and its minimum and
    maximum of decimals.
    """
    if not isinstance(value, int | float):
        return str(value)
    if not math.isfinite(value):
        return str(float(value))
    decimals = pattern.partition(".")[2]
    text = f"{value:{',' if ',' in pattern else ''}.{len(decimals)}f}"
    spare = len(decimals.rstrip("#"))
    whole, _, fraction = text.partition(".")
    fraction = fraction[:spare] + fraction[spare:].rstrip("0")
    locale = _locale(tag)
    if locale is None:
        return f"{whole}.{fraction}" if fraction else whole
    from babel.numbers import format_decimal

    shown = f"{pattern.partition('.')[0]}.{'0' * len(fraction)}" if fraction else pattern.partition(".")[0]
    return str(format_decimal(Decimal(text.replace(",", "")), format=shown, locale=locale))


def list_text(words: Sequence[str], style: str, tag: str) -> str:
    """Words one after the other: with commas, with `and` or `or` before the last, or as `sentences` that follow each other."""
    if style == "sentences":
        return " ".join(words)
    if style not in {"and", "or"} or len(words) < 2:
        return ", ".join(words)
    if (locale := _locale(tag)) is not None:
        from babel.lists import format_list

        return str(format_list(list(words), style="standard" if style == "and" else "or", locale=locale))
    return f"{', '.join(words[:-1])} {style} {words[-1]}"


@lru_cache(maxsize=64)
def _locale(tag: str) -> Locale | None:
    """None for English, for an unknown language, and where Babel is not installed."""
    if tag.split("-")[0] == SOURCE_LANGUAGE:
        return None
    try:
        from babel import Locale, UnknownLocaleError
    except ImportError:
        return None
    try:
        return Locale.parse(tag, sep="-")
    except (UnknownLocaleError, ValueError):
        return None
