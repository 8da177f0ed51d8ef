"""Text with the origin of each of its characters, across any number of steps."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass


@dataclass(frozen=True)
class Piece:
    """A span of a text and the span of its source that it replaces.

    Args:
        start, end: in the text; equal if the source is omitted.
        source_start, source_end: in the source.
        why: "" if the characters are the source's own, otherwise the change: a part of speech ("date") or a reason.
    """

    start: int
    end: int
    source_start: int
    source_end: int
    why: str = ""

    @property
    def copied(self) -> bool:
        return not self.why


@dataclass(frozen=True)
class Traced:
    """A text made from a source. `pieces` increase in both and cover both without a gap."""

    text: str
    pieces: tuple[Piece, ...]

    def source_span(self, start: int, end: int) -> tuple[int, int]:
        """Return the position of text[start:end] in the source; start < end. A replaced span is returned whole."""
        at = bisect_right(self.pieces, start, key=lambda piece: piece.start) - 1
        first = self.pieces[at]
        begin = first.source_start + (start - first.start if first.copied else 0)
        at = bisect_right(self.pieces, end - 1, key=lambda piece: piece.start) - 1
        last = self.pieces[at]
        finish = last.source_start + end - last.start if last.copied else last.source_end
        return begin, finish

    def changed(self, start: int, end: int) -> tuple[Piece, ...]:
        """Return the pieces within text[start:end] that are not the source's own characters."""
        first = max(0, bisect_right(self.pieces, start, key=lambda piece: piece.start) - 1)
        found = []
        for piece in self.pieces[first:]:
            if piece.start >= end:
                break
            if not piece.copied and piece.end > start:
                found.append(piece)
        return tuple(found)


class Tracer:
    """Builds a traced text from left to right: `replace` inserts words for a span, everything in between is copied."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._parts: list[str] = []
        self._pieces: list[Piece] = []
        self._length = 0
        self.done = 0
        """How far the source has been taken."""

    def replace(self, start: int, end: int, words: str, why: str) -> None:
        """Replace source[start:end] with `words`; not before `done`.

        Raises:
            ValueError: the span overlaps an earlier one.
        """
        if not self.done <= start <= end:
            raise ValueError(f"[{start}, {end}) cannot follow what was taken up to {self.done}")
        self._copy(start)
        if self._source[start:end] == words:
            self._copy(end)
        elif end > start:
            self._add(words, end, why)

    def finish(self) -> Traced:
        self._copy(len(self._source))
        return Traced("".join(self._parts), tuple(self._pieces))

    def _copy(self, end: int) -> None:
        if end > self.done:
            self._add(self._source[self.done : end], end, "")

    def _add(self, words: str, end: int, why: str) -> None:
        self._parts.append(words)
        self._pieces.append(Piece(self._length, self._length + len(words), self.done, end, why))
        self._length += len(words)
        self.done = end
