"""Numbers in words: alone, with units and money, as years, ranges, fractions and ordinals."""

from __future__ import annotations

import re
import unicodedata
from functools import cached_property
from math import gcd

from media.text.reading.language import NARROW, Language, Noun
from media.text.reading.numbers import is_one
from media.text.reading.rules.amounts import DASH, MOST_DENOMINATOR, SUPERSCRIPTS, Amount, Amounts
from media.text.reading.rules.money import BARE_DECIMALS, Money
from media.text.reading.rules.scene import SPACE, Said, Scene

_EXPONENT = str.maketrans(SUPERSCRIPTS, "0123456789")
_COMPATIBLE = "㎏㎎㎍㎜㎝㎞㎡㎢㎥㎖㎗ℓ㏄"
_YEAR = re.compile(r"1[1-9]\d\d|20\d\d")


class Figures:
    """The rules of one language, with its patterns compiled."""

    def __init__(self, language: Language) -> None:
        self.language, self.numbers, self.words = language, language.numbers, language.words
        self.amounts = Amounts(language)
        self.money = Money(language, self.amounts)

    # Patterns, made from the data when first used

    @cached_property
    def _unit(self) -> re.Pattern[str]:
        names = "|".join(sorted(map(re.escape, (*self.language.units, *_COMPATIBLE)), key=len, reverse=True))
        return re.compile(rf"(?P<join>{SPACE}?|-)(?P<unit>{names})(?P<power>[²³]|(?<=m)[23](?!\d))?(?!\w)")

    @cached_property
    def _ordinal(self) -> re.Pattern[str]:
        endings = "|".join(map(re.escape, self.language.text("ordinal_endings").split()))
        return re.compile(rf"(\d{{1,9}}(?:,\d{{3}})*)(?:{endings})(?!\w)") if endings else re.compile(r"(?!)")

    @cached_property
    def _suffixed(self) -> re.Pattern[str]:
        endings = "|".join(sorted(map(re.escape, self.language.table("ordinal_suffixes")), key=len, reverse=True))
        return re.compile(rf"(\d{{1,4}})({endings})(?!\w)") if endings else re.compile(r"(?!)")

    # Numbers

    # Rules

    def figure(self, scene: Scene, at: int) -> Said | None:
        """Read a number without a currency before it, with its unit."""
        text = scene.text
        if (
            said := self._years(scene, at)
            or self._slashed(scene, at)
            or self._paired(scene, at)
            or self._ordered(scene, at)
            or self._version(scene, at)
        ):
            return said
        amount = self.amounts.amount(text, at)
        if amount is None:
            return None
        if said := self._feet(text, at, amount):
            return said
        if said := self.money.behind(scene, at, amount):
            return said
        end = amount.end
        scale, scale_end = self.money.scaled(text, end)
        if scale:
            return Said(at, scale_end, f"{self.amounts.in_words(amount)} {scale}", "number")
        if unit := self._unit.match(text, end):
            return self._measured(at, amount, unit)
        return self._alone(scene, at, amount)

    def _measured(self, at: int, amount: Amount, found: re.Match[str]) -> Said:
        name = found["unit"]
        power = found["power"] or ""
        if name in _COMPATIBLE:
            name = unicodedata.normalize("NFKC", name)
            if name[-1] in "23" and len(name) > 1:
                name, power = name[:-1], {"2": "²", "3": "³"}[name[-1]]
        noun = self.language.units.get(name) or Noun(name, name)
        power = {"2": "²", "3": "³"}.get(power, power)
        single = (is_one(amount.whole, amount.part) and not amount.fraction) or (
            found["join"] == "-" and self.language.tag == "en"
        )
        said = noun.one if single else noun.many
        if power:
            table = self.language.table("powers_of_one" if single else "powers") or self.language.table("powers")
            said = str(table.get(power, "{}")).format(said, small=said.lower())
        return Said(at, found.end(), f"{self.amounts.in_words(amount, 'f' if noun.feminine else 'm')} {said}", "unit")

    def _alone(self, scene: Scene, at: int, amount: Amount) -> Said | None:
        """Read a bare number: a year, a room, a code, or a count."""
        text, end, digits = scene.text, amount.end, amount.whole
        previous = scene.word_before(at).lower().rstrip(".")
        if amount.plain and not amount.grouped:
            if exponent := re.compile(rf"[{SUPERSCRIPTS}]+").match(text, end):
                power = exponent[0].translate(_EXPONENT)
                return Said(at, exponent.end(), f"{self.numbers.number(digits)} {self.amounts.power(power)}", "number")
            if previous in self.language.listed("digit_words") or (len(digits) > 1 and digits[0] == "0"):
                return Said(at, end, self.numbers.digits(digits), "number")
            model = self.language.tag == "en" and _MODEL.search(scene.near(at)) is not None
            if (model or previous in self.language.listed("pair_words")) and 3 <= len(digits) <= 4:
                return Said(at, end, self.pairs(digits), "number")
            if _YEAR.fullmatch(digits) and self._is_year(scene, at, end, previous):
                return Said(at, end, self.numbers.year(digits), "number")
        gender = self._gender(scene, end)
        if (
            amount.fraction == "1/2"
            and (after := self.language.table("fraction_after_noun"))
            and (noun := _NOUN.match(text, end))
        ):
            whole = self.numbers.cardinal(amount.whole, gender or "m")
            return Said(at, noun.end(), f"{whole} {noun[1]}{after[gender or 'm']}", "fraction")
        return Said(at, end, self.amounts.in_words(amount, gender), "number")

    def _gender(self, scene: Scene, end: int) -> str:
        """Return the gender of the following noun if the language's numbers agree with it and its ending reveals it."""
        feminine = self.language.text("feminine_endings")
        if not feminine or (self.language.tag == "de" and not scene.name_follows(end)):
            return ""
        word = re.match(r"[ \u00a0]([^\W\d_]+)", scene.text[end : end + 40])
        if not word or word[1].lower() in self.language.listed("no_nouns"):
            return ""
        return "f" if word[1].lower().endswith(tuple(feminine.split())) else "m"

    def pairs(self, digits: str) -> str:
        """Return a flight or a room number: 370 is "three seventy", 101 "one oh one", 1204 "twelve oh four"."""
        first, last = digits[:-2], digits[-2:]
        oh = self.words.get("zero_minute", "")
        if last == "00":
            return self.numbers.cardinal(digits)
        tail = f"{oh} {self.numbers.cardinal(last[1])}" if last[0] == "0" else self.numbers.cardinal(last)
        return f"{self.numbers.cardinal(first)} {tail}"

    def _is_year(self, scene: Scene, at: int, end: int, previous: str) -> bool:
        if scene.language.text("years_are_cardinals"):
            return False
        after = re.match(r"[ \u00a0]([^\W\d_]+)", scene.text[end : end + 24])
        counted = self.language.listed("counted_words")
        if previous in self.language.listed("year_words") or self.language.month_of(previous):
            return not (after and after[1].lower() in counted)
        if not after:
            return True
        word = after[1]
        return not (
            word.islower() and (word in counted or (word.endswith("s") and word not in {"was", "is", "has", "as", "its", "this"}))
        )

    def _years(self, scene: Scene, at: int) -> Said | None:
        """Read a range of years, "1914-1918" or "1914–18", or a decade, "1990s"."""
        if decade := _DECADE.match(scene.text, at):
            return self._decade(decade, at) if self.words.get("decade") else None
        found = _YEARS.match(scene.text, at)
        if found is None or not _YEAR.fullmatch(found[1]):
            return None
        last = found[2] if len(found[2]) == 4 else found[1][:2] + found[2]
        if int(last) <= int(found[1]):
            return None
        second = self.numbers.year(found[2]) if len(found[2]) == 4 else self.numbers.cardinal(found[2])
        return Said(at, found.end(), f"{self.numbers.year(found[1])} {self.words.get('to', '')} {second}", "range")

    def _decade(self, found: re.Match[str], at: int) -> Said:
        said = self.numbers.year(found[1]) if len(found[1]) == 4 else self.numbers.cardinal(found[1])
        plural = said[:-1] + "ies" if said.endswith("y") else said + ("es" if said.endswith("x") else "s")
        return Said(at, found.end(), plural, "number")

    def bare_decimals(self, scene: Scene, at: int) -> Said | None:
        """Read a number without an integer part: ".5"."""
        found = BARE_DECIMALS.match(scene.text, at)
        if found is None or scene.text[at] != self.language.decimal:
            return None
        return Said(at, found.end(), f"{self.words.get('point', '')} {self.numbers.digits(found[1])}", "number")

    def _paired(self, scene: Scene, at: int) -> Said | None:
        """Read a ratio, "3:1", or a size, "1920 × 1080"."""
        found = _PAIRED.match(scene.text, at)
        if found is None or "/" in scene.text[found.end() : found.end() + 1]:
            return None
        product = found[2] == "×" and _EQUALS.match(scene.text, found.end())
        joined = self.words.get("ratio" if found[2] == ":" else "times" if product else "by", "")
        return Said(at, found.end(), f"{self.numbers.number(found[1])} {joined} {self.numbers.number(found[3])}", "number")

    def part_of_unit(self, text: str, at: int, end: int, written: str) -> Said:
        """Read a fraction text[at:end] without an integer, with its unit: "½ km"."""
        said = self.amounts.fraction(written)
        unit = self._unit.match(text, end)
        noun = self.language.units.get(unit["unit"]) if unit and not unit["power"] else None
        if unit and noun:
            return Said(at, unit.end(), f"{said} {noun.one}", "fraction")
        return Said(at, end, said, "fraction")

    def _slashed(self, scene: Scene, at: int) -> Said | None:
        """Read a fraction, or two numbers with a slash in between."""
        found = _SLASHED.match(scene.text, at)
        if found is None:
            return None
        top, bottom = found[1], found[2]
        if scene.before(at) == "/" or re.match(r"[/\w]", scene.text[found.end() : found.end() + 1]):
            return None
        if (
            0 < int(top) < int(bottom) <= MOST_DENOMINATOR
            and gcd(int(top), int(bottom)) < int(bottom)
            and len(bottom.lstrip("0")) == len(bottom)
        ):
            return self.part_of_unit(scene.text, at, found.end(), f"{top}/{bottom}")
        if _YEAR.fullmatch(top) and len(bottom) == 2 and int(bottom) == (int(top) + 1) % 100:
            season = f"{self.numbers.year(top)} {self.words.get('to', '')} {self.numbers.cardinal(bottom)}"
            return Said(at, found.end(), season, "range")
        joined = self.words.get("slash", "")
        return Said(
            at, found.end(), f"{self.numbers.number(top)} {joined} {self.numbers.number(bottom)}".replace("  ", " "), "number"
        )

    def _ordered(self, scene: Scene, at: int) -> Said | None:
        text = scene.text
        if found := self._ordinal.match(text, at):
            return Said(at, found.end(), self.numbers.ordinal(found[1].replace(",", "")), "number")
        if found := self._suffixed.match(text, at):
            gender = str(self.language.table("ordinal_suffixes")[found[2]])
            return Said(at, found.end(), self.ordinal(int(found[1]), gender), "number")
        if (suffix := self.words.get("decade_suffix")) and (found := _DECADE_SUFFIX.match(text, at)) and found[2] == suffix:
            return Said(at, found.end(), self.numbers.year(found[1]) + suffix, "number")
        found = _STOPPED.match(text, at) if self.language.text("ordinal_stop") else None
        if found is None:
            return None
        previous, noun = scene.word_beside(at).lower(), found[2]
        if previous not in self.language.listed("ordinal_words") and noun not in self.language.listed("ordinal_nouns"):
            return None
        earlier = scene.word_beside(at - 1 - len(previous)).lower() if previous else ""
        return Said(
            at, found.end(1) + 1, self.language.declined(self.numbers.ordinal(found[1]), previous, earlier, noun), "number"
        )

    def ordinal(self, value: int, gender: str = "") -> str:
        """Return an ordinal in a gender: "primera", "premier"; "e" is the short form before a noun, "primer"."""
        first = self.language.table("first")
        if first and value == 1:
            return str(first.get(gender or "m"))
        said = self.numbers.ordinal(str(value))
        if self.language.tag != "es":
            return said
        if gender == "f":
            return re.sub(r"o\b", "a", said)
        return said[:-1] if gender == "e" and said.endswith(("primero", "tercero")) else said

    def _version(self, scene: Scene, at: int) -> Said | None:
        """Read numbers with two or more dots: a version or an IP address."""
        if self.language.decimal != "." and (found := _DOTTED.match(scene.text, at)):
            said = [self.numbers.number(part) for part in found.groups()]
            return Said(at, found.end(), f" {self.words.get('dot', '')} ".join(said), "number")
        found = _VERSION.match(scene.text, at)
        if found is None or (self.language.text("groups") == "." and _DOTTED_THOUSANDS.match(scene.text, at)):
            return None
        parts = found[0].split(".")
        joined = self.words.get("dot" if len(parts) == 4 else "point", "")
        said = [self.numbers.digits(part) if len(parts) == 4 else self.numbers.number(part) for part in parts]
        return Said(at, found.end(), f" {joined} ".join(said), "number")

    def _feet(self, text: str, at: int, amount: Amount) -> Said | None:
        """Read feet and inches: 5'10"."""
        found = _FEET.match(text, amount.end) if amount.plain else None
        if found is None or "ft" not in self.language.units:
            return None
        foot, inch = self.language.units["ft"], self.language.units["in."]
        feet = f"{self.amounts.in_words(amount)} {foot.one if is_one(amount.whole, '') else foot.many}"
        return Said(
            at, found.end(), f"{feet} {self.numbers.cardinal(found[1])} {inch.one if found[1] == '1' else inch.many}", "unit"
        )


_YEARS = re.compile(rf"(\d{{4}}) ?[{DASH}] ?(\d{{4}}|\d\d)(?![\d/:.,{DASH}]?\d|[ {NARROW}]?(?:%|°|km|kg))")
_NOUN = re.compile(rf"[ {NARROW}]([^\W\d_A-Z]{{2,30}})(?!\w)")
_MODEL = re.compile(r"(?<![^\W_])[A-Z]{1,2}-\Z")
_EQUALS = re.compile(r" ?[=≈]")
_DECADE_SUFFIX = re.compile(r"((?:1\d|20)?\d0)(er)(?![\w])")
_STOPPED = re.compile(r"(\d{1,3})\.(?:[ \u00a0]([^\W\d_]+))")
_DOTTED = re.compile(r"(\d{1,3})\.(\d{1,2})(?!\d|\.\d)")
_DECADE = re.compile(r"((?:1\d|20)?\d0)['’]?s(?!\w)")
_PAIRED = re.compile(rf"(\d{{1,5}})[ {NARROW}]?([:x×])[ {NARROW}]?(\d{{1,5}})(?![\w:.,]\d|\d)")
_SLASHED = re.compile(r"(\d{1,4})[/⁄](\d{1,4})(?!\d)")
_VERSION = re.compile(r"\d{1,4}(?:\.\d{1,4}){2,}(?!\d|\.\d)")
_DOTTED_THOUSANDS = re.compile(r"\d{1,3}(?:\.\d{3})+(?!\d)")
_FEET = re.compile(r"['’′][ \u00a0]?(\d{1,2})(?:[\"”″]|''|’’)")
