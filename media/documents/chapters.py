"""Detection of chapters: by headings, by lines that look like headings, or by length."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from media.documents.document import Block, DocumentChapter

PART_WORDS = 3_000
"""A text without any heading is cut at the scene break that is nearest to this many words."""

_LONGEST_TITLE = 90
_KEPT_SHARE = 0.7
_UNITS = "chapter|book|part|volume|letter|act|scene|stave|canto|kapitel|teil|chapitre|partie|capítulo|capitulo|parte|capitolo"
_NUMBER = r"(?:[0-9]{1,3}|[ivxlc]{1,9}|[a-zé-]{2,14})"
_UNIT_LINE = re.compile(rf"(?P<unit>{_UNITS})\s{{1,3}}(?:the\s)?(?P<number>{_NUMBER})\b[.:—–-]{{0,2}}(?P<rest>.*)", re.IGNORECASE)
_BARE_LINE = re.compile(r"(?P<number>[0-9]{1,3}|[IVXLC]{1,9})(?:\.|\)|:)?(?:\s+(?P<rest>\S.*))?\Z")
_ROMAN = {"i": 1, "v": 5, "x": 10, "l": 50, "c": 100}
_WORDS = (
    ("one", "first"), ("two", "second"), ("three", "third"), ("four", "fourth"), ("five", "fifth"), ("six", "sixth"),
    ("seven", "seventh"), ("eight", "eighth"), ("nine", "ninth"), ("ten", "tenth"), ("eleven", "eleventh"), ("twelve", "twelfth"),
    ("thirteen", "thirteenth"), ("fourteen", "fourteenth"), ("fifteen", "fifteenth"), ("sixteen", "sixteenth"),
    ("seventeen", "seventeenth"), ("eighteen", "eighteenth"), ("nineteen", "nineteenth"), ("twenty", "twentieth"),
)  # fmt: skip
_ORDINALS = {word: number for number, words in enumerate(_WORDS, 1) for word in words}
_TENS = {"twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60}


def chapters_of(blocks: Sequence[Block]) -> tuple[DocumentChapter, ...]:
    """Return chapters by headings, else by length if the text is long."""
    return by_headings(blocks) or by_length(blocks)


def by_headings(blocks: Sequence[Block]) -> tuple[DocumentChapter, ...]:
    """Return chapters at headings of the highest level with two or more, and those above them; also at a single heading."""
    headings = [(at, block) for at, block in enumerate(blocks) if block.kind == "heading"]
    levels = sorted({block.level for _, block in headings})
    for level in levels:
        if sum(block.level == level for _, block in headings) >= 2:
            return _without_heads(
                [
                    DocumentChapter(block.text, at, 1 + levels.index(block.level))
                    for at, block in headings
                    if block.level <= level
                ],
                blocks,
            )
    return tuple(DocumentChapter(block.text, at) for at, block in headings[:1])


def _without_heads(chapters: list[DocumentChapter], blocks: Sequence[Block]) -> tuple[DocumentChapter, ...]:
    """Return the chapters without the title of the whole document, if it is a single top heading at the very start."""
    first = chapters[0]
    alone = sum(blocks[one.block].level == blocks[first.block].level for one in chapters) == 1
    return tuple(chapters[1:] if alone and first.block == 0 and len(chapters) > 2 else chapters)


def with_found_headings(blocks: Sequence[Block]) -> tuple[Block, ...]:
    """Return blocks of plain text in which short paragraphs numbered 1, 2, 3 are headings.

    A line is a candidate by its words ("Chapter IV", "Letter 2", "III. The Pool"). The candidates of a unit are accepted if most
    of them count up; the count may restart, as it does in each part of a book.
    """
    candidates: dict[str, list[tuple[int, int]]] = {}
    for at, block in enumerate(blocks):
        if block.kind == "paragraph" and (found := _numbered(block.text)):
            candidates.setdefault(found[0], []).append((at, found[1]))
    levels: dict[int, int] = {}
    believed = {unit: places for unit, places in candidates.items() if _counts_up([number for _, number in places])}
    order = sorted(believed, key=lambda unit: (len(believed[unit]), believed[unit][0][0]))
    for level, unit in enumerate(order, 1):
        levels.update({at: level for at, _ in believed[unit]})
    return tuple(replace(block, kind="heading", level=levels[at]) if at in levels else block for at, block in enumerate(blocks))


def _numbered(text: str) -> tuple[str, int] | None:
    """Return the unit and the number of a line that may be a heading; the unit of a bare numeral is ""."""
    if len(text) > _LONGEST_TITLE or "\n" in text:
        return None
    if found := _UNIT_LINE.match(text):
        number = _value(found.group("number"))
        return (found.group("unit").lower(), number) if number and not _is_sentence(found.group("rest")) else None
    if found := _BARE_LINE.match(text):
        number = _value(found.group("number"))
        return ("", number) if number and not _is_sentence(found.group("rest") or "") else None
    return None


def _is_sentence(rest: str) -> bool:
    """Return whether the text after a number continues as a sentence, as in "Part one of the plan was easy"."""
    words = rest.split()
    return bool(words) and (words[0][0].islower() or (rest.rstrip().endswith(".") and len(words) > 8))


def _value(word: str) -> int:
    """Return a number in figures, Roman numerals or English words; 0 for any other word."""
    word = word.lower()
    if word.isdigit():
        return int(word)
    if word in _ORDINALS:
        return _ORDINALS[word]
    tens, _, ones = word.partition("-")
    if tens in _TENS:
        return _TENS[tens] + _ORDINALS.get(ones, 0)
    if not all(letter in _ROMAN for letter in word):
        return 0
    values = [_ROMAN[letter] for letter in word]
    return sum(-value if value < after else value for value, after in zip(values, [*values[1:], 0], strict=True))


def _counts_up(numbers: list[int]) -> bool:
    if len(numbers) < 2:
        return False
    good = sum(after in (before + 1, 1) for before, after in zip([0, *numbers], numbers, strict=False))
    return numbers[0] == 1 and good >= _KEPT_SHARE * len(numbers)


def by_length(blocks: Sequence[Block]) -> tuple[DocumentChapter, ...]:
    """Return sections of a long text without headings, at scene breaks if there are any; () for a short text."""
    counts = [len(block.text.split()) for block in blocks]
    if sum(counts) < 2 * PART_WORDS:
        return ()
    starts = list(_cuts(blocks, counts))
    return (
        tuple(DocumentChapter(f"Part {number}", at, made_up=True) for number, at in enumerate(starts, 1))
        if len(starts) > 1
        else ()
    )


def _cuts(blocks: Sequence[Block], counts: Sequence[int]) -> Iterator[int]:
    yield 0
    words, rest = 0, sum(counts)
    scenes = any(block.kind == "scene-break" for block in blocks)
    for at, block in enumerate(blocks):
        words, rest = words + counts[at], rest - counts[at]
        may_cut = block.kind == "scene-break" if scenes else words >= PART_WORDS
        if may_cut and words >= PART_WORDS * 0.8 and rest >= PART_WORDS * 0.5:
            yield at + 1
            words = 0
