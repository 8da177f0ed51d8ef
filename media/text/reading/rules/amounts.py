"""Written numbers with their decimals or fraction, and their spoken form."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import cached_property

from media.text.reading.language import NARROW, Language

DASH = "‐‑–—−-"  # the hyphen last: the row is also the end of a class of characters
SUPERSCRIPTS = "⁰¹²³⁴⁵⁶⁷⁸⁹"
VULGAR = "½⅓⅔¼¾⅕⅖⅗⅘⅙⅚⅐⅛⅜⅝⅞⅑⅒↉"
MOST_DENOMINATOR = 100

_MIXED = re.compile(rf"(?:[ {NARROW}-]?([{VULGAR}])|[ {NARROW}-](\d{{1,2}})[/⁄](\d{{1,2}})(?![/\d]))")


@dataclass(frozen=True)
class Amount:
    """A written number: the digits before and after the decimal mark, a fraction, and its end."""

    whole: str
    part: str
    fraction: str
    end: int
    grouped: bool = False

    @property
    def plain(self) -> bool:
        return not self.part and not self.fraction


class Amounts:
    """Numbers of one language, with its patterns compiled."""

    def __init__(self, language: Language) -> None:
        self.language, self.numbers, self.words = language, language.numbers, language.words

    @cached_property
    def _number(self) -> re.Pattern[str]:
        return re.compile(self.language.number)

    @cached_property
    def _spaced(self) -> re.Pattern[str]:
        """A pattern of thousands separated by apostrophes or spaces.

        It applies if the language writes them so and no other number is near; with millions, in any language.
        """
        group = r"\d{3}" if self.language.text("full_space_groups") else "000"
        millions = r"[1-9]\d{0,2}(?: \d{3}){2,5}+(?= [^\W\d_A-Z])"
        swiss = r"[1-9]\d{0,2}(?:['’]\d{3}){1,5}+"
        return re.compile(
            rf"(?P<whole>\d{{1,3}}(?: {group})++|{millions}|{swiss})(?!\d)(?:{re.escape(self.language.decimal)}(?P<part>\d++))?"
        )

    def amount(self, text: str, at: int) -> Amount | None:
        """Return the number that begins at a position."""
        found = self._spaced.match(text, at) or self._number.match(text, at)
        if found is None:
            return None
        whole, part = re.sub(r"\D", "", found["whole"]), found["part"] or ""
        end = found.end()
        fraction = ""
        if not part and (mixed := _MIXED.match(text, end)):
            fraction = fraction_of(mixed[1] or f"{mixed[2]}/{mixed[3]}")
            end = mixed.end() if fraction else end
        return Amount(whole, part, fraction, end, len(whole) != len(found["whole"]))

    def in_words(self, amount: Amount, gender: str = "") -> str:
        if amount.fraction:
            whole = self.numbers.cardinal(amount.whole, gender or "m")
            return whole + self.language.text("fraction_join") + self.fraction(amount.fraction, mixed=True)
        return self.numbers.number(amount.whole, amount.part, gender)

    def fraction(self, written: str, mixed: bool = False) -> str:
        """Return "3/8" in words."""
        table = {**self.language.table("fractions"), **(self.language.table("mixed_fractions") if mixed else {})}
        if known := table.get(written):
            return str(known)
        top, _, bottom = written.partition("/")
        named = self.language.table("denominators").get(bottom)
        said = str(named) if named else self.numbers.ordinal(bottom)
        one = int(top) == 1
        plural = said if one or not self.language.text("fraction_plural") else said + self.language.text("fraction_plural")
        return (
            f"{self.words.get('one_part') or self.numbers.cardinal(top, 'm')} {plural}"
            if one
            else f"{self.numbers.cardinal(top)} {plural}"
        )

    def power(self, exponent: str) -> str:
        table = self.language.table("exponents")
        known = table.get(exponent) or table.get({"2": "²", "3": "³"}.get(exponent, ""))
        return str(known) if known else str(table.get("other", "{}")).format(self.numbers.cardinal(exponent))


def fraction_of(written: str) -> str:
    """Return a fraction as "3/8", from one character or from figures; "" if its denominator is not read as one."""
    if len(written) == 1:
        written = unicodedata.normalize("NFKC", written).replace("⁄", "/")
    top, _, bottom = written.partition("/")
    proper = top.isdecimal() and bottom.isdecimal() and 0 < int(top) < int(bottom) <= MOST_DENOMINATOR
    return f"{int(top)}/{int(bottom)}" if proper else ""
