"""Dates, times of day and telephone numbers in words."""

from __future__ import annotations

import re
from functools import cached_property

from media.text.reading.language import Language
from media.text.reading.rules.amounts import DASH
from media.text.reading.rules.scene import SPACE, Said, Scene

_ISO = re.compile(r"([12]\d{3})([-./])(\d{1,2})\2(\d{1,2})(?![\d/]|-\d)")
_NUMERIC = re.compile(r"(\d{1,2})([-./])(\d{1,2})\2((?:[12]\d)?\d\d)(?![\d/]|[-.]\d)")
_CLOCK = re.compile(r"(?P<hour>[01]?\d|2[0-4]):(?P<minute>[0-5]\d)(?::(?P<second>[0-5]\d)(?:\.\d+)?)?(?![\d:])")
_PHONES = (
    re.compile(r"\+\d{1,3}(?:[ .\-\u00a0]?\(?\d{1,5}\)?){2,6}(?!\d)"),
    re.compile(r"(?:1[ .\-])?\(\d{3}\)[ .\-\u00a0]?\d{3}[ .\-]\d{4}(?!\d)"),
    re.compile(r"(?:1[ .\-])?\d{3}[.\-\u00a0 ]\d{3}[.\-\u00a0 ]\d{4}(?!\d)"),
    re.compile(r"\d{3}-\d{4}(?![\d-])"),
    re.compile(r"0\d{1,5}(?:[ /\-\u00a0]\d{2,8}){1,5}(?!\d)"),
    re.compile(r"0\d{6,14}(?!\d)"),
)
_GROUPS = re.compile(r"\(?\d{1,7}\)?(?:[ .\-/\u00a0]\d{1,7}){1,6}(?!\d)")
_MOST_DAYS = 31


class Calendar:
    """The rules of one language."""

    def __init__(self, language: Language) -> None:
        self.language, self.numbers, self.words = language, language.numbers, language.words

    @cached_property
    def month_names(self) -> str:
        short = (re.escape(name) for name in self.language.table("month_abbreviations"))
        return "|".join(
            [*sorted(map(re.escape, self.language.months), key=len, reverse=True), *(f"{name}\\b\\.?" for name in short)]
        )

    @cached_property
    def _day_first(self) -> re.Pattern[str]:
        mark = self.language.text("day_mark")
        return re.compile(
            rf"(\d{{1,2}})(?:{mark})(?:{SPACE}|\n)?(?:(?:of|de|del) )?(?P<month>{self.month_names})(?!\w)"
            rf"(?:,?(?:{SPACE}|\n)(?:(?:de|del|of) )?(?P<year>[12]\d{{3}})(?![\d:%]|[.,]\d))?",
            0 if self.language.text("months_are_names") else re.IGNORECASE,
        )

    @cached_property
    def _month_first(self) -> re.Pattern[str]:
        return re.compile(
            rf"(?P<month>{self.month_names}){SPACE}(?P<day>\d{{1,2}})(?:st|nd|rd|th)?(?![\d:%]|[.,]\d|{SPACE}?(?:a\.?m|p\.?m|km|kg|percent|degrees))"
            rf"(?:(?P<last>{SPACE}?[{DASH}]{SPACE}?)(?P<until>\d{{1,2}})(?!\d))?"
            rf"(?:,{SPACE}?(?P<year>[12]\d{{3}})(?!\d)|{SPACE}(?P<bare>[12]\d{{3}})(?!\d))?"
        )

    def date(self, scene: Scene, at: int) -> Said | None:
        """Read a date in figures, or a day before the name of its month."""
        text = scene.text
        if found := _ISO.match(text, at):
            return self._dated(scene, at, found.end(), int(found[4]), int(found[3]), found[1])
        if found := _NUMERIC.match(text, at):
            return self._numeric(scene, at, found)
        found = self._day_first.match(text, at)
        if found is None or not 0 < int(found[1]) <= _MOST_DAYS:
            return None
        return self._dated(
            scene, at, found.end(), int(found[1]), self.language.month_of(found["month"]), found["year"] or "", day_first=True
        )

    def named_date(self, scene: Scene, at: int) -> Said | None:
        """Read a month and its day: "March 14, 2026"."""
        if self.language.text("date_order") != "month":
            return None
        found = self._month_first.match(scene.text, at)
        if found is None or not 0 < int(found["day"]) <= _MOST_DAYS or scene.before(at).isalnum():
            return None
        month = self.language.months[self.language.month_of(found["month"]) - 1]
        day = self.numbers.ordinal(found["day"])
        if found["until"]:
            day += f" {self.words.get('to', '')} {self.numbers.ordinal(found['until'])}"
        year = found["year"] or found["bare"]
        template = self.language.text("date" if year else "date_without_year")
        words = template.format(month=month, day=day, year=self.numbers.year(year) if year else "")
        return Said(at, found.end(), words, "date")

    def _numeric(self, scene: Scene, at: int, found: re.Match[str]) -> Said | None:
        one, other, year = int(found[1]), int(found[3]), found[4]
        month_first = self.language.text("date_order") == "month" and not scene.tag.endswith(("GB", "AU", "NZ", "IE", "IN", "ZA"))
        if month_first and found[2] == ".":
            month_first = one <= 12
        day, month = (other, one) if (month_first and one <= 12) or other > 12 else (one, other)
        if len(year) == 2:
            if found[2] == "-" or (found[2] == "." and self.language.text("date_order") == "month"):
                return None
            year = ("20" if int(year) < 50 else "19") + year
        return self._dated(scene, at, found.end(), day, month, year)

    def _dated(self, scene: Scene, at: int, end: int, day: int, month: int, year: str, day_first: bool = False) -> Said | None:
        if not 0 < month <= 12 or not 0 < day <= _MOST_DAYS:
            return None
        form = "date_day_first" if day_first and self.language.text("date_day_first") else "date"
        template = self.language.text(form if year else f"{form}_without_year")
        previous = scene.word_before(at).lower()
        if previous in self.language.listed("articles") and template.startswith("the "):
            template = template.removeprefix("the ")
        words = template.format(
            day=self._day(day, previous), month=self.language.months[month - 1], year=self.numbers.year(year) if year else ""
        )
        return Said(at, end, words, "date")

    def _day(self, day: int, previous: str) -> str:
        if limit := self.language.text("day_ordinals_to"):
            return self.numbers.ordinal(str(day)) if day <= int(limit) else self.numbers.cardinal(str(day))
        return self.language.declined(self.numbers.ordinal(str(day)), previous)

    def clock(self, scene: Scene, at: int) -> Said | None:
        """Read a time of day: "3:30 pm", "14:30", "14h30", "3pm"."""
        text = scene.text
        found = _CLOCK.match(text, at)
        if found is None and (found := self._other_clock.match(text, at)) is None:
            return None
        parts = found.groupdict()
        end = found.end()
        if (half := parts.get("half")) and not self.language.text("clock"):
            end = found.start("half")
        marked = self._hour_word.match(text, end)
        if marked:
            end = marked.end()
        after = self._half_day.match(text, found.start("half") if half else end)
        words = self._time(parts["hour"], parts["minute"] or "00", parts.get("second"), str(after["half"]) if after else "")
        end = after.end() if after else end
        stop = "." if after and after["half"].endswith(".") and scene.sentence_ends(end) else ""
        return Said(at, end, words + stop, "time")

    def _time(self, hour: str, minute: str, second: str | None, half: str) -> str:
        numbers, words = self.numbers, self.words
        hours = numbers.cardinal(str(int(hour)), self.language.text("hour_gender"))
        named = words.get("hour_one") if int(hour) == 1 and words.get("hour_one") else words.get("hour", "")
        if not int(minute):
            said = hours if half else f"{hours} {named}".strip()
        else:
            low = words.get("zero_minute", "") if int(minute) < 10 else ""
            joined = words.get("hour_join", " ").replace(words.get("hour", " "), str(named)) if named else " "
            said = f"{hours}{joined}{low + ' ' if low else ''}{numbers.cardinal(str(int(minute)))}"
        if second:
            said += f" {words.get('and', '')} {numbers.cardinal(str(int(second)))} {words.get('seconds', '')}"
        return f"{said} {self.language.table('half_days')[half]}" if half else said

    @cached_property
    def _hour_word(self) -> re.Pattern[str]:
        return re.compile(rf"{SPACE}?(?:{self.language.text('hour_words') or '(?!)'})\b(?!/)")

    @cached_property
    def _half_day(self) -> re.Pattern[str]:
        names = "|".join(sorted(map(re.escape, self.language.table("half_days")), key=len, reverse=True)) or "(?!)"
        return re.compile(rf"{SPACE}?(?P<half>{names})(?!\w)")

    @cached_property
    def _other_clock(self) -> re.Pattern[str]:
        names = "|".join(sorted(map(re.escape, self.language.table("half_days")), key=len, reverse=True)) or "(?!)"
        own = self.language.text("clock")
        half = rf"(?P<hour>1[0-2]|0?[1-9])(?:[.:](?P<minute>[0-5]\d))?{SPACE}?(?P<half>(?:{names}))(?!\w)"
        return re.compile(own or half)

    def phone(self, scene: Scene, at: int) -> Said | None:
        """Read a telephone number: digits one by one, a short pause between its groups."""
        if scene.before(at) in tuple("$€£.,:-/") or scene.before(at).isalnum():
            return None
        called = scene.word_before(at).lower().rstrip(".") in self.language.listed("digit_words")
        for pattern in (*_PHONES, _GROUPS) if called else _PHONES:
            found = pattern.match(scene.text, at)
            if found and sum(character.isdigit() for character in found[0]) >= 7:
                groups = re.findall(r"\d+", found[0])
                plus = self.words.get("plus", "") + " " if found[0][0] == "+" else ""
                return Said(at, found.end(), plus + ", ".join(map(self.numbers.digits, groups)), "phone number")
        return None
