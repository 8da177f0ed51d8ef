"""The sentences of a line after reading: spoken text, written text, and position in the script."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass

from capabilities.voiceover.script.chunk import Chunk, cut
from capabilities.voiceover.script.normalise import Normalised, normalise
from media.text.reading.inline import ITEM_BREAK, LINE_BREAK
from media.text.reading.reader import Reading
from media.text.reading.spans import Piece, Traced

_BREAKS = f" {ITEM_BREAK}{LINE_BREAK}"
_PAIRED_MARKS = tuple("[]!*_~`=<>(")


@dataclass(frozen=True)
class SpokenChunk(Chunk):
    """A sentence for an engine, with its original: `written`, in the author's spelling, without markup."""

    written: str = ""
    origin: Origin | None = None


@dataclass(frozen=True)
class Origin:
    """Maps positions of a sentence's spoken text to its written text."""

    reading: Reading
    plain: Normalised
    part: int
    """Where the part that was made plain begins in what is said."""
    start: int
    """Where the sentence begins in the plain part."""
    written: tuple[int, int]
    """Its position in the shown text."""

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Return the position of the spoken sentence[start:end] in the written sentence."""
        first, last = self.plain.source_span(self.start + start, self.start + end)
        begin, finish = self.reading.shown_span(self.part + first, self.part + last)
        low, high = self.written
        return min(max(begin, low), high) - low, min(max(finish, low), high) - low


def sentences(reading: Reading, language: str, longest: int) -> list[SpokenChunk]:
    """Return the sentences of one line, as `chunk` splits them; an item of a list always ends one.

    Their positions in the written text increase and do not overlap.
    """
    chunks: list[SpokenChunk] = []
    reached = place = source_end = 0
    for part in reading.text.split(ITEM_BREAK):
        plain = normalise(part)
        for start, end in cut(plain.text, language, longest):
            first, last = plain.source_span(start, end)
            begin, finish = reading.shown_span(place + first, place + last)
            while finish > begin and reading.shown.text[finish - 1] in _BREAKS:  # a mark that is said in place of a line's end
                finish -= 1
            while begin < finish and reading.shown.text[begin] in _BREAKS:
                begin += 1
            begin = max(begin, reached)
            finish = reached = max(finish, begin)
            where = _whole(reading.shown, reading.source, begin, finish) if begin < finish else (source_end, source_end)
            origin = Origin(reading, plain, place, start, (begin, finish))
            written = " ".join(reading.shown.text[begin:finish].split())
            text = plain.text[start:end]
            chunks.append(SpokenChunk(text, max(where[0], source_end), max(where[1], source_end), written or text, origin))
            source_end = chunks[-1].end
        place += len(part) + 1
    return chunks


def _whole(shown: Traced, source: str, begin: int, finish: int) -> tuple[int, int]:
    """The stretch of the source behind shown[begin:finish], with the marks that open or close right beside it."""
    first, last = shown.source_span(begin, finish)
    pieces = shown.pieces
    at = bisect_right(pieces, begin, key=lambda piece: piece.start) - 2
    while at >= 0 and pieces[at].start == begin and _pairs(pieces[at], source):
        first, at = pieces[at].source_start, at - 1
    at = bisect_left(pieces, finish, key=lambda piece: piece.start)
    while at < len(pieces) and pieces[at].end == finish and _pairs(pieces[at], source):
        last, at = pieces[at].source_end, at + 1
    while first < last and source[first].isspace():  # the line's end before an item, which its mark was put in place of
        first += 1
    return first, last


def _pairs(piece: Piece, source: str) -> bool:
    gone = piece.start == piece.end and piece.why in ("markup", "link address")
    return gone and source[piece.source_start : piece.source_start + 1] in _PAIRED_MARKS
