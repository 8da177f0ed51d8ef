"""Line breaks and width of text: by words, and in scripts without spaces by phrases.

Chinese, Japanese and Thai are segmented by BudouX (Apache-2.0, github.com/google/budoux), whose small models ship with it; other
scripts without spaces break between grapheme clusters.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import cache
from itertools import accumulate
from typing import Any

from media.text.scripts import script_of

_WIDE = ("W", "F")
_NEVER_FIRST = frozenset("、。，．！？；：）」』】》〉…‥ー々ゝヽ・％ぁぃぅぇぉっゃゅょゎァィゥェォッャュョヮ,.!?;:)]}%”’")
_NEVER_LAST = frozenset("（「『【《〈([{“‘")
_UNSPACED = ("CJK", "HIRAGANA", "KATAKANA", "THAI", "LAO", "KHMER", "MYANMAR", "BOPOMOFO")
_JAPANESE = ("HIRAGANA", "KATAKANA")
_LONGEST_PHRASED = 2_000


def columns(text: str) -> int:
    """Return the width of a text: two columns for a full-width character, none for a combining mark, one for any other."""
    if text.isascii():
        return len(text)
    return sum(2 if unicodedata.east_asian_width(one) in _WIDE else 0 if unicodedata.combining(one) else 1 for one in text)


def is_unspaced(text: str) -> bool:
    """Return whether most of a text's letters belong to scripts that are written without spaces."""
    letters = [one for one in text[:_LONGEST_PHRASED] if one.isalpha()]
    return 2 * sum(script_of(one) in _UNSPACED for one in letters) > len(letters)


def breakable(text: str, longest: int) -> list[tuple[int, int]]:
    """Return start and end of each unbreakable piece of a text on lines of `longest` columns."""
    pieces: list[tuple[int, int]] = []
    for word in re.finditer(r"\S+", text):
        start = word.start()
        for length in _parts(word.group()):
            pieces += _fitting(text, start, start + length, longest)
            start += length
    return pieces


def _parts(word: str) -> Iterator[int]:
    """Yield the lengths of the phrases of a run without spaces; most words are one."""
    if word.isascii() or not is_unspaced(word):
        yield len(word)
        return
    for first in range(0, len(word), _LONGEST_PHRASED):
        yield from _kept_marks(_phrases(word[first : first + _LONGEST_PHRASED]))


def _phrases(run: str) -> list[str]:
    scripts = {script_of(one) for one in run}
    if scripts & set(_JAPANESE):
        return list(_parser("japanese").parse(run))
    if "CJK" in scripts:
        return list(_parser("chinese").parse(run))
    return list(_parser("thai").parse(run)) if "THAI" in scripts else [run]


def _kept_marks(phrases: list[str]) -> Iterator[int]:
    """Yield lengths with marks that may not begin a line joined to the previous phrase, and those that may not end it to the
    next.
    """
    joined: list[str] = []
    for phrase in phrases:
        if joined and (phrase[0] in _NEVER_FIRST or joined[-1][-1] in _NEVER_LAST):
            joined[-1] += phrase
        else:
            joined.append(phrase)
    yield from map(len, joined)


def _fitting(text: str, start: int, end: int, longest: int) -> Iterator[tuple[int, int]]:
    """Yield the piece, in parts if it is wider than a line."""
    widths = list(accumulate(map(columns, text[start:end])))
    first, before = start, 0
    for index, width in enumerate(widths):
        if width - before > longest and start + index > first:
            yield first, start + index
            first, before = start + index, widths[index - 1]
    yield first, end


@cache
def _parser(language: str) -> Any:
    import budoux  # not with the module: its models are read when a text first needs them

    if language == "japanese":
        return budoux.load_default_japanese_parser()
    return budoux.load_default_thai_parser() if language == "thai" else budoux.load_default_simplified_chinese_parser()
