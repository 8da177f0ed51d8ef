"""Chinese and Japanese numbers and signs in words, by the grammars of WeTextProcessing (package wetext, Apache-2.0).

The grammars read across commas and split a number at the end of a clause; therefore they get one clause at a time. What they do
not support (fractions of one character, powers, ranges, currencies before a number) is converted first.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterator
from difflib import SequenceMatcher
from functools import cache, lru_cache
from typing import Any

from media.text.reading.language import Language, language
from media.text.reading.rules.amounts import SUPERSCRIPTS, VULGAR, fraction_of
from media.text.reading.rules.scene import Said
from media.text.reading.rules.words import roman_value

LANGUAGES = ("zh", "ja")

_CLAUSE = re.compile(r"[^，。、！？；：「」『』（）《》“”\s\x1e\x1f]++")
_FIGURE = re.compile(r"[0-9０-９]")
_LONGEST_CLAUSE = 60
_OWN = re.compile(
    rf"(?P<mixed>[0-9０-９]{{1,6}}[{VULGAR}]|[{VULGAR}])"
    rf"|(?P<power>[0-9]{{1,6}}[{SUPERSCRIPTS}]+|(?<![A-Za-z0-9])[A-Za-z][{SUPERSCRIPTS}]+)"
    r"|(?P<note>(?<=[\u3040-\u9fff，。！？」』”])[⁰¹²³⁴⁵⁶⁷⁸⁹]+)"
    r"|(?P<money>[€£$₹₩](?P<price>[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]{1,4})?|[0-9]{1,15}(?:\.[0-9]{1,4})?))"
    r"|(?P<minus>(?<![0-9A-Za-z])[-−–](?P<cold>[0-9]{1,6}(?:\.[0-9]{1,4})?)(?P<degree>°[CF]?|℃|℉|度)?)"
    r"|(?P<warm>(?P<heat>[0-9]{1,6}(?:\.[0-9]{1,4})?)(?:°C|℃))"
    r"|(?P<range>(?<=[0-9年月日时時分歳岁人个元円度%％])[~〜～–—](?=[0-9]))"
    r"|(?P<ratio>(?P<one>[0-9]{1,3}):(?P<other>[0-9])(?![0-9:]))"
    r"|(?P<phone>(?<![0-9-])0[0-9]{1,4}(?:-[0-9]{3,4}){1,3}(?![0-9]))"
    r"|(?P<roman>[\u2160-\u217f])|(?P<circle>[\u2460-\u2473])"
    r"|(?P<sign>[≈≤≥≠±×÷√∞&@§№#=＝+＋])"
)
_DEGREES = {"zh": {"C": "摄氏度", "F": "华氏度", "": "度"}, "ja": {"C": "度", "F": "度", "": "度"}}


def read(text: str, tag: str, keep: Collection[str]) -> Iterator[Said]:
    """Yield everything that is read differently than it is written, in order."""
    data = language(tag)
    assert data is not None
    done = 0
    for found in _OWN.finditer(text):
        words = _own(found, data, tag)
        if words is None:
            continue
        yield from _between(text, done, found.start(), tag, keep)
        if "number" not in keep:
            yield Said(found.start(), found.end(), words, "number")
        done = found.end()
    yield from _between(text, done, len(text), tag, keep)


def _own(found: re.Match[str], data: Language, tag: str) -> str | None:
    match found.lastgroup if found.lastgroup not in ("price", "cold", "degree", "heat", "one", "other") else _outer(found):
        case "mixed":
            return _mixed(found[0], data, tag)
        case "power":
            base, exponent = re.split(rf"(?=[{SUPERSCRIPTS}])", found[0], maxsplit=1)
            power = {"²": data.text("squared"), "³": data.text("cubed")}.get(exponent)
            return None if power is None else (_number(base, tag) if base.isdigit() else base) + power
        case "note":
            return ""
        case "money":
            return _number(found["price"], tag) + str(data.table("currencies")[found[0][0]])
        case "minus":
            degree = found["degree"]
            unit = (
                "" if degree is None else _DEGREES[tag][unicodedata.normalize("NFKC", degree).replace("°", "").replace("度", "")]
            )
            return data.text("minus") + _number(found["cold"], tag) + unit
        case "warm":
            return None if tag == "zh" else _number(found["heat"], tag) + "度"
        case "range":
            return data.text("to")
        case "ratio":
            joined = "比" if tag == "zh" else "対"
            return _number(found["one"], tag) + joined + _number(found["other"], tag)
        case "phone":
            return "、".join("".join(_digit(digit, tag) for digit in group) for group in found[0].split("-"))
        case "roman":
            return _number(str(roman_value(unicodedata.normalize("NFKC", found[0]).upper())), tag)
        case "circle":
            return _number(unicodedata.normalize("NFKC", found[0]), tag)
        case _:
            return str(data.table("signs").get(unicodedata.normalize("NFKC", found[0]), data.table("signs").get(found[0], "")))


def _outer(found: re.Match[str]) -> str:
    return next(name for name in ("money", "minus", "warm", "ratio") if found[name] is not None)


def _mixed(written: str, data: Language, tag: str) -> str:
    whole, fraction = written[:-1], fraction_of(written[-1])
    top, _, bottom = fraction.partition("/")
    said_fraction = data.text("fraction").format(top=_number(top, tag), bottom=_number(bottom, tag))
    return f"{_number(whole, tag)}{data.text('mixed')}{said_fraction}" if whole else said_fraction


def _number(figure: str, tag: str) -> str:
    return _say(unicodedata.normalize("NFKC", figure), tag)


def _digit(digit: str, tag: str) -> str:
    return ("〇一二三四五六七八九" if tag == "zh" else "零一二三四五六七八九")[int(digit)].replace("零", "ゼロ")


def _between(text: str, start: int, end: int, tag: str, keep: Collection[str]) -> Iterator[Said]:
    if "number" in keep:
        return
    for clause in _CLAUSE.finditer(text, start, end):
        for first in range(clause.start(), clause.end(), _LONGEST_CLAUSE):
            part = text[first : min(clause.end(), first + _LONGEST_CLAUSE)]
            if _FIGURE.search(part):
                yield from (Said(first + one, first + last, words, "number") for one, last, words in _changes(part, tag))


@lru_cache(maxsize=4096)
def _changes(clause: str, tag: str) -> tuple[tuple[int, int, str], ...]:
    """Return the differences between a clause and its reading. (The grammar's own alignment takes twenty times as long.)"""
    steps = SequenceMatcher(None, clause, reading := _say(clause, tag), autojunk=False).get_opcodes()
    found: list[tuple[int, int, str]] = []
    for kind, first, last, begin, end in steps:
        if kind == "insert":  # words that stand for nothing belong to what is beside them
            first, last, begin, end = (first - 1, last, begin - 1, end) if first else (first, last + 1, begin, end + 1)
            if found and found[-1][1] > first:
                found[-1] = (found[-1][0], last, found[-1][2] + reading[begin + 1 : end])
                continue
        if kind != "equal":
            found.append((first, last, reading[begin:end]))
    return tuple(found)


@lru_cache(maxsize=4096)
def _say(text: str, tag: str) -> str:
    return str(_grammar(tag).normalize(text))


@cache
def _grammar(tag: str) -> Any:
    from wetext import Normalizer  # at the first figure: the grammars take a moment to load

    return Normalizer(lang=tag, operator="tn")
