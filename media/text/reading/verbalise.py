"""Verbalisation (text normalisation for speech): one pass that replaces everything that is not written as it is spoken."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import cache
from heapq import merge

from media.text.reading.inline import ITEM_BREAK, LINE_BREAK
from media.text.reading.language import Language, language
from media.text.reading.numbers import knows, said
from media.text.reading.pronounced import found_words
from media.text.reading.rules.calendar import Calendar
from media.text.reading.rules.east_asian import LANGUAGES as EAST_ASIAN
from media.text.reading.rules.east_asian import read as east_asian
from media.text.reading.rules.figures import Figures
from media.text.reading.rules.scene import Said, Scene
from media.text.reading.rules.signs import EMOJI, Signs
from media.text.reading.rules.words import abbreviation, bare_title, capitals, roman, roman_ordinal
from media.text.reading.spans import Traced, Tracer

_NUMBER = re.compile(r"(?<![\w.,])\d{1,15}(?![\w]|[.,:/-]\d)")
_MIXED_WORD = re.compile(r"[^\W_]+")
_PER = re.compile(r"/([^\W\d_]{1,5})(?!\w)")
_BREAK = re.compile(rf"(?:(?P<item>{ITEM_BREAK})|\A)(?:(?P<counter>\d{{1,3}}[.)]|[a-zA-Z]\))(?= \S))?|(?P<line> ?{LINE_BREAK} ?)")
_ENDED = re.compile(r"[.!?:;,…。！？：；，、][\"'”’»)\]]*\s*\Z")
_RUN = re.compile(r"\d+|[^\W\d_]+")


class Verbaliser:
    """All rules of one language, in the order in which they are tried at a position."""

    def __init__(self, data: Language) -> None:
        self.language = data
        self.figures, self.calendar = Figures(data), Calendar(data)
        self.signs = Signs(data, self.figures)
        self._trigger = re.compile(
            "|".join(
                (
                    rf"(?P<idiom>(?<!\w)(?:{_any(data.table('idioms'))})(?!\w))",
                    r"(?P<link>(?:https?|ftp)://|www\.|(?<=[\w.])@(?=\w))",
                    r"(?P<figure>\d|(?<![\w.])[.,](?=\d))",
                    rf"(?P<money>(?:{self.figures.money.signs})(?=[ \u00a0\u202f]?[-−–]?[.,]?\d))",
                    rf"(?P<month>(?<!\w)(?:{self.calendar.month_names})[ \u00a0]\d)",
                    rf"(?P<bare>(?<!\w)(?:{_any(data.table('without_stop'))})(?= [A-ZÀ-Þ]))",
                    r"(?P<capitals>(?<![\w.&])[A-ZÀ-ÖØ-Þ]{2,}s?(?![\w]|\.[A-Za-z]))",
                    r"(?P<ordinal>(?<![\w.])[IVXLC]{1,6}(?:er|re|ère|ème|e|ᵉʳ|ᵉ)(?!\w))"
                    if data.table("first")
                    else r"(?P<ordinal>(?!))",
                    r"(?P<letter>(?<![\w.])[IVXLC](?!\w))",
                    r"(?P<short>(?<![\w.@])[^\W\d_]{1,12}(?:\.[ \u00a0\u202f]?[^\W\d_](?=\.)|\.[^\W\d_]{1,4}(?=\.)){0,6}\.)",
                    r"(?P<domain>(?<=[^\W\d_])\.(?=[a-z]{2}))",
                    r"(?P<decade>['’‘](?=\d0s))",
                    rf"(?P<sign>[{re.escape(self.signs.characters)}]|[\u2160-\u217f\u2460-\u24ff]|{EMOJI})",
                )
            )
        )

    def read(self, text: str, tag: str, keep: Collection[str]) -> Iterator[Said]:
        """Yield everything that is read differently than it is written, in order and without overlaps."""
        scene = Scene(text, self.language, tag)
        at = done = 0
        while found := self._trigger.search(text, at):
            said = self._said(scene, found.start(), found)
            if said is not None and said.start >= done and said.end > said.start:
                if said.part not in keep:
                    yield said
                at = done = said.end
            else:
                at = self._past(text, found)

    @staticmethod
    def _past(text: str, found: re.Match[str]) -> int:
        if found.lastgroup == "figure":
            return _digits_end(text, found.start())
        return found.start() + 1 if found.lastgroup in ("link", "short") else found.end()

    def _said(self, scene: Scene, at: int, found: re.Match[str]) -> Said | None:
        match found.lastgroup:
            case "figure":
                return self._per(scene, self._figure(scene, at))
            case "money":
                return self._per(scene, self.figures.money.before(scene, at)) or self.signs.sign(scene, at)
            case "sign":
                return (self.calendar.phone(scene, at) if found[0] == "+" else None) or self.signs.sign(scene, at)
            case "idiom":
                return Said(at, found.end(), str(self.language.table("idioms")[found["idiom"]]), "abbreviation")
            case "link" | "domain":
                return self.signs.address(scene, at)
            case "month":
                return self.calendar.named_date(scene, at)
            case "decade":
                return Said(at, at + 1, "", "number")
            case _:
                return self._word(scene, at, found)

    def _per(self, scene: Scene, said: Said | None) -> Said | None:
        """Read an amount with its denominator: "$2M/yr", "5 mg/kg"."""
        found = _PER.match(scene.text, said.end) if said else None
        noun = self.language.units.get(found[1]) if found else None
        if said is None or found is None or noun is None:
            return said
        return replace(said, end=found.end(), words=f"{said.words} {self.language.words.get('per', '')} {noun.one}")

    def _word(self, scene: Scene, at: int, found: re.Match[str]) -> Said | None:
        if found.lastgroup == "bare":
            return bare_title(scene, at, found.end())
        if found.lastgroup == "ordinal":
            return roman_ordinal(scene, at, found.end())
        if found.lastgroup == "short":
            first = scene.text.index(".", at) + 1  # "vs. U.S." is no abbreviation, "vs." is
            said = abbreviation(scene, at, found.end()) or self._stop(scene, at, found.end())
            return said or (abbreviation(scene, at, first) if first < found.end() else None)
        return self._roman(scene, at, found.end()) or (
            capitals(scene, at, found.end()) if found.lastgroup == "capitals" else None
        )

    def _roman(self, scene: Scene, at: int, end: int) -> Said | None:
        """Read a Roman numeral, with the full stop that makes it an ordinal in some languages: "Ludwig XIV. regierte"."""
        said = roman(scene, at, end)
        if said and self.language.text("ordinal_stop") and scene.text[end : end + 2] == ". " and scene.lower_follows(end + 1):
            return replace(said, end=end + 1)
        return said

    def _stop(self, scene: Scene, at: int, end: int) -> Said | None:
        """Read a word before a full stop, which may itself be an acronym or a Roman numeral."""
        word = scene.text[at : end - 1]
        if not word.isupper() or not word.isalpha():
            return None
        return self._roman(scene, at, end - 1) or (capitals(scene, at, end - 1) if len(word) > 1 else None)

    def _figure(self, scene: Scene, at: int) -> Said | None:
        before = scene.before(at)
        if scene.text[at] in ".,":
            return self.figures.bare_decimals(scene, at)
        if before == "(" and (said := self.calendar.phone(scene, at - 1)):
            return said
        if before.isalpha() or before == "_":
            return self._mixed(scene, at)
        return (
            self.calendar.date(scene, at)
            or self.calendar.clock(scene, at)
            or self.calendar.phone(scene, at)
            or self._mixed(scene, at)
            or self.figures.figure(scene, at)
        )

    def _mixed(self, scene: Scene, at: int) -> Said | None:
        """Read a word of letters and digits: "B2B", "MP3", "3D", "A4"."""
        text = scene.text
        start = at
        while start and text[start - 1].isalnum() and at - start < 12:
            start -= 1
        found = _MIXED_WORD.match(text, start, min(len(text), start + 24))
        if found is None or not _IS_MIXED.fullmatch(found[0]):
            return None
        runs = _RUN.findall(found[0])
        return Said(start, found.end(), " ".join(map(self._run, runs)), "acronym")

    def _run(self, run: str) -> str:
        if run.isdigit():
            pairs = len(run) > 2 and self.language.tag == "en"
            return self.figures.pairs(run) if pairs else self.language.numbers.number(run)
        return ".".join(run) if run.isupper() and len(run) <= 3 else run


_IS_MIXED = re.compile(
    r"(?:[A-Z]{1,3}\d{1,4}[A-Z]{0,2}|[A-Z]\d[A-Z]|(?:[A-Z]\d{1,2}){2,4}|\d{1,3}[A-Z]{1,2}|[a-z]\d{1,2}|[A-Z][a-z]{1,5}\d{1,3}|[a-z][A-Z]\w{2,8}\d{1,3})"
)


def _any(table: Collection[str]) -> str:
    return "|".join(sorted(map(re.escape, table), key=len, reverse=True)) or "(?!)"


def _digits_end(text: str, at: int) -> int:
    while at < len(text) and text[at].isdigit():
        at += 1
    return at


@cache
def _verbaliser(tag: str) -> Verbaliser | None:
    data = language(tag)
    return Verbaliser(data) if data else None


def verbalise(text: str, tag: str, keep: Collection[str] = (), pronunciations: Mapping[str, str] | None = None) -> Traced:
    """Return the text as it is spoken in its language.

    Args:
        tag: BCP-47.
        keep: kinds (`scene.Part`) that remain as written.
        pronunciations: words, as written, to their pronunciation; they take precedence over every rule.
    """
    tracer = Tracer(text)
    first = [Said(start, end, words, "pronunciation") for start, end, words in found_words(text, pronunciations or {})]
    for one in _merged(first, merge(_breaks(text), _changes(text, tag, keep), key=lambda said: said.start)):
        tracer.replace(one.start, one.end, one.words, one.part)
    return tracer.finish()


def _merged(first: list[Said], others: Iterable[Said]) -> Iterator[Said]:
    """Yield both in order; where they overlap, the first ones win, and of the others the earlier."""
    waiting, done = iter([*first, None]), 0
    ahead = next(waiting)
    for one in others:
        while ahead is not None and ahead.start < one.end:
            yield ahead
            done, ahead = ahead.end, next(waiting)
        if one.start >= done:
            yield one
            done = one.end
    while ahead is not None:
        yield ahead
        ahead = next(waiting)


def _breaks(text: str) -> Iterator[Said]:
    """Yield the breaks: a list item ends like a sentence, a line of verse like a clause; a counter is followed by a short
    pause.
    """
    for found in _BREAK.finditer(text):
        ended = _ENDED.search(text, max(0, found.start() - 6), found.start()) is not None or found.start() == 0
        if found["item"]:
            counter = found["counter"]
            if not ended or counter:
                yield Said(found.start(), found.start() + 1, f"{'' if ended else '.'}{ITEM_BREAK}", "sign")
        elif found["line"]:
            yield Said(found.start(), found.end(), f"{'' if ended else ','}{ITEM_BREAK}", "sign")
        if found["counter"]:
            yield Said(found.end("counter") - 1, found.end("counter"), ",", "sign")


def _changes(text: str, tag: str, keep: Collection[str]) -> Iterator[Said]:
    primary = tag.replace("_", "-").split("-")[0].lower()
    if primary in EAST_ASIAN:
        yield from east_asian(text, primary, keep)
    elif verbaliser := _verbaliser(primary):
        yield from verbaliser.read(text, tag, keep)
    elif "number" not in keep and any(character.isdigit() for character in text) and knows(primary):
        yield from (Said(*found.span(), said(found[0], primary), "number") for found in _NUMBER.finditer(text))
