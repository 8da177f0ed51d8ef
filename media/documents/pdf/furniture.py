"""Detection of page furniture: running heads, page numbers, footnotes."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from statistics import median

from media.documents.document import LeftOut
from media.documents.pdf.lines import PageLine

_FIGURES = re.compile(r"\d+")
_NUMBER = re.compile(r"[\[(–—-]{0,2}\s{0,3}(?:page\s{1,3})?(?:\d{1,4}|[ivxlc]{1,8})\s{0,3}[\])–—-]{0,2}\Z", re.IGNORECASE)
_SHORT = 70
_ON_PAGES = 3
_GAP = 1.3
_NOTE_SIZE = 0.86


def pitch_of(pages: Sequence[Sequence[PageLine]]) -> float:
    """Return the usual distance between lines, in points."""
    steps = [
        round(after.top - before.top, 1)
        for lines in pages
        for before, after in pairwise(lines)
        if 2 < after.top - before.top < 60
    ]
    return median(steps) if steps else 14.0


def size_of(pages: Sequence[Sequence[PageLine]]) -> float:
    """Return the usual font size, in points."""
    sizes = Counter[float]()
    for lines in pages:
        for line in lines:
            sizes[round(line.size, 1)] += len(line.text)
    return sizes.most_common(1)[0][0] if sizes else 10.0


def furniture(pages: Sequence[Sequence[PageLine]]) -> Mapping[PageLine, LeftOut]:
    """Return lines that are not part of the text, with the reason.

    A line at the edge of a page, apart from the body, is a header or a footer if the same words, except numbers, occur at the
    same height on three or more pages; so is a number or a short line at such a height, because headers change with the chapter.
    """
    pitch = pitch_of(pages)
    edges = [line for lines in pages for line in _edges(lines, pitch)]
    seen = Counter((_shape(line.text), round(line.top / 4)) for line in edges)
    numbers = Counter(round(line.top / 4) for line in edges if _NUMBER.match(line.text))
    heights = {height for (_, height), count in seen.items() if count >= _ON_PAGES}
    heights |= {height for height, count in numbers.items() if count >= _ON_PAGES}
    near = {height + step for height in heights for step in (-1, 0, 1)}
    found: dict[PageLine, LeftOut] = {}
    for line in edges:
        number = _NUMBER.match(line.text) is not None
        if round(line.top / 4) in near and (number or len(line.text) <= _SHORT):
            found[line] = "page numbers" if number else "running heads"
    found.update(dict.fromkeys(_notes(pages, found), "notes"))
    return found


def _shape(text: str) -> str:
    return "#" if _NUMBER.match(text) else _FIGURES.sub("#", text).casefold()


def _edges(lines: Sequence[PageLine], pitch: float) -> Iterator[PageLine]:
    """Yield up to two lines at the top and at the bottom of a page, one if it is nearly empty, with a gap to the rest."""
    ordered = sorted(lines, key=lambda line: line.top)
    most = 2 if len(ordered) > 8 else 1
    for side, step in ((ordered, 1), (ordered[::-1], -1)):
        for count in range(most, 0, -1):
            if len(side) <= count or step * (side[count].top - side[count - 1].top) > _GAP * pitch:
                yield from side[:count]
                break


def _notes(pages: Sequence[Sequence[PageLine]], taken: Mapping[PageLine, LeftOut]) -> Iterator[PageLine]:
    usual = size_of(pages)
    bottom = max((line.top for lines in pages for line in lines), default=0.0)
    for lines in pages:
        for line in lines:
            if line not in taken and line.size < _NOTE_SIZE * usual and line.top > bottom * 2 / 3:
                yield line
