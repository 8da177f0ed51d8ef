"""Reader of PDF with text: joins lines to paragraphs, and words that are hyphenated at line ends."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from media.documents.chapters import by_headings, by_length, with_found_headings
from media.documents.document import Block, Document, DocumentBuilder, DocumentChapter, LeftOut, measured
from media.documents.pdf.furniture import furniture, pitch_of, size_of
from media.documents.pdf.lines import HYPHENS, Bookmark, PageLine, read_lines
from media.errors import MediaError
from media.messages.message import Message

_WORD = re.compile(r"[^\W\d_]+(?:[-\u2010][^\W\d_]+)*")
_LAST_PART = re.compile(r"(?<![^\W_])[^\W\d_]+(?=[-\u2010\u00ad]\Z)")
_FIRST_PART = re.compile(r"[^\W\d_]+")
_ENDS = frozenset('.!?…:;"”’»)]*')
_LARGER = 1.15
_LONGEST_HEADING = 120
_MOST_WITHOUT_LETTERS = 0.05


def read_pdf(path: Path) -> Document:
    """Read a PDF.

    Raises:
        MediaError: it is damaged, encrypted, scanned, or its fonts have no Unicode mapping.
    """
    text = read_lines(path)
    letters = len("".join(text.source.split()))
    if not letters or text.empty_pages > len(text.pages) / 2:
        raise MediaError("document.scanned", file=path.name)
    if _unknown(text.source) > _MOST_WITHOUT_LETTERS * letters:
        raise MediaError("document.fonts-without-letters", file=path.name)
    builder = DocumentBuilder()
    starts = _Composer(builder, text.pages).compose()
    blocks = tuple(builder.blocks)
    if not any(block.kind == "heading" for block in blocks):
        blocks = with_found_headings(blocks)
    chapters = _bookmarked(text.bookmarks, starts, blocks) or by_headings(blocks) or by_length(blocks)
    warnings = (Message.of("document.pages-without-text", pages=text.empty_pages),) if text.empty_pages else ()
    authors = (text.author,) if text.author else ()
    found = Document("PDF", blocks, tuple(builder.removed), chapters, text.title, authors, warnings=warnings)
    return replace(found, coverage=measured(builder.trace, text.source), trace=tuple(builder.trace))


def _unknown(text: str) -> int:
    return sum("\ue000" <= letter <= "\uf8ff" or letter == "\ufffd" for letter in text)


def _bookmarked(bookmarks: Sequence[Bookmark], starts: Sequence[int], blocks: Sequence[Block]) -> tuple[DocumentChapter, ...]:
    """Return chapters by bookmarks: at the block of their page with their title, else at the first one of the page."""
    found: dict[int, DocumentChapter] = {}
    for mark in bookmarks:
        if mark.page >= len(starts):
            continue
        first = starts[mark.page]
        last = next((start for start in starts[mark.page + 1 :] if start > first), len(blocks))
        title = mark.title.casefold()
        named = (at for at in range(first, last) if blocks[at].text.casefold().startswith(title))
        at = next(named, first)
        if at < len(blocks):
            found.setdefault(at, DocumentChapter(mark.title, at, mark.depth))
    return tuple(found[at] for at in sorted(found)) if len(found) > 1 else ()


class _Composer:
    """Composes the lines to blocks: omits furniture, joins lines, finds paragraphs and headings."""

    def __init__(self, builder: DocumentBuilder, pages: Sequence[Sequence[PageLine]]) -> None:
        self._builder, self._pages = builder, pages
        self._left_out: Mapping[PageLine, LeftOut] = furniture(pages)
        self._pitch, self._size = pitch_of(pages), size_of(pages)
        self._sizes = sorted({size for size in self._heading_sizes() if size}, reverse=True)
        self._words = self._vocabulary()
        self._before: PageLine | None = None
        self._broken = ""

    def compose(self) -> list[int]:
        """Return the number of the first block of each page."""
        starts = []
        for lines in self._pages:
            lefts = sorted(line.left for line in lines if line not in self._left_out)
            starts.append(self._builder.next_block + bool(self._builder.open_text()))
            for line in lines:
                if kind := self._left_out.get(line):
                    self._builder.leave_out(kind, line.whole)
                else:
                    self._add(line, lefts)
        self._builder.end()
        return starts

    def _heading_sizes(self) -> list[float]:
        lines = [line for page in self._pages for line in page if line not in self._left_out]
        return [round(line.size, 1) for line in lines if line.size >= _LARGER * self._size and len(line.text) <= _LONGEST_HEADING]

    def _level(self, line: PageLine) -> int:
        size = round(line.size, 1)
        return min(6, self._sizes.index(size) + 1) if size in self._sizes and len(line.text) <= _LONGEST_HEADING else 0

    def _add(self, line: PageLine, lefts: Sequence[float]) -> None:
        level = self._level(line)
        before = self._before
        if before is None or self._begins(line, before, level, lefts):
            self._builder.begin("heading" if level else "paragraph", level)
            self._broken = ""
        else:
            self._join(line)
        pieces = list(line.pieces)
        ending = line.text[-1:] if not pieces[-1][1] else ""
        if ending in HYPHENS and ending:
            text, hyphen = pieces[-1][0].rstrip(), ending
            pieces[-1] = (text[:-1], False)
        else:
            hyphen = ""
        for piece, mark in pieces:
            if mark:
                self._builder.leave_out("notes", piece)
            else:
                self._builder.keep(piece)
        last = _LAST_PART.search(line.text)
        self._broken = f"{last.group() if last else ''}{hyphen}" if hyphen else ""
        self._before = line

    def _begins(self, line: PageLine, before: PageLine, level: int, lefts: Sequence[float]) -> bool:
        """Return whether a line begins a block."""
        if level != self._level(before):
            return True
        step = line.top - before.top
        if line.page == before.page and step > (2.2 if level else 1.4) * self._pitch:
            return True
        if level:
            return line.page != before.page
        near = min((left for left in lefts if abs(left - line.left) <= 60), default=line.left)
        indented = 6 <= line.left - near <= 40
        return indented and (line.left - before.left > 3 or before.text[-1:] in _ENDS or line.page != before.page)

    def _join(self, line: PageLine) -> None:
        """Add what is between two lines of one block: a space, nothing, or the hyphen."""
        if not self._broken:
            self._builder.insert(" ")
            return
        first, hyphen = self._broken[:-1], self._broken[-1]
        found = _FIRST_PART.match(line.text)
        second = found.group() if found else ""
        if self._one_word(first.casefold(), second.casefold(), hyphen):
            self._builder.leave_out("hyphens", hyphen)
        else:
            self._builder.keep(hyphen)

    def _one_word(self, first: str, second: str, hyphen: str) -> bool:
        """Return whether two halves are one word: if the document has it elsewhere, or else unless both are words of it."""
        if hyphen == "\u00ad" or first + second in self._words:
            return True
        if not second or f"{first}-{second}" in self._words:
            return False
        return not (first in self._words and second in self._words)

    def _vocabulary(self) -> frozenset[str]:
        """All unhyphenated words of the lines."""
        words: set[str] = set()
        for lines in self._pages:
            for line in lines:
                if line not in self._left_out:
                    text = line.text[:-1].rpartition(" ")[0] if line.text[-1:] in HYPHENS else line.text
                    words.update(found.group().casefold().replace("\u2010", "-") for found in _WORD.finditer(text))
        return frozenset(words)
