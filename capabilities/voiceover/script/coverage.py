"""The account of every character of a script: spoken, or left out for a reason."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from capabilities.voiceover.script.parse import Heading, Line, Pause, Script
from media.text.reading.markup import Hidden
from media.text.reading.reader import Reading

_SPACE = re.compile(r"[\s\u1680\u180e\u2800\u3164\u00ad\u200b-\u200f\u2060-\u2064\ufeff]+")
_WORD = re.compile(r"[^\W_]+")
_UNSEEN, _SPOKEN, _BLANK = 0, 1, 2
_FIRST_REASON = 3
_LABEL_ENDS = tuple(":：])*_")
_LONGEST_LABEL = 300


@dataclass(frozen=True)
class Coverage:
    """Counts of a script's characters without spaces.

    Args:
        spoken: characters that are spoken, literally or as words.
        left_out: characters that are not, by reason: "link address", "code", "speaker label", "sign alone", "note mark".
        unaccounted: letters and digits that are neither; a value other than 0 is a defect of the studio.
    """

    characters: int
    spoken: int
    left_out: dict[str, int]
    unaccounted: int = 0

    @property
    def share(self) -> float:
        """Accounted share of the script, 0 to 1."""
        return 1.0 - self.unaccounted / self.characters if self.characters else 1.0

    def as_data(self) -> dict[str, Any]:
        """Return the counts for a recipe and the API."""
        return {
            "characters": self.characters,
            "spoken": self.spoken,
            "left_out": dict(sorted(self.left_out.items())),
            "unaccounted": self.unaccounted,
            "share": round(self.share, 6),
        }


class CoverageCounter:
    """Marks the parts of a script. Takes linear time."""

    def __init__(self, script: str, hidden: Iterable[Hidden] = ()) -> None:
        self._script = script
        self._marks = bytearray(len(script))
        self._reasons: list[str] = []
        for one in hidden:
            self._mark(one.start, one.end, self._code(one.reason))

    def script(self, parsed: Script, headings_spoken: bool) -> None:
        """Mark what the script language itself uses: labels, pauses, marks of headings, titles that are not read aloud."""
        reached = 0
        for item in parsed.items:
            if not isinstance(item, Line | Heading | Pause):
                continue
            before = self._script[reached : item.span.start].strip()
            if isinstance(item, Line) and before[-1:] in _LABEL_ENDS and len(before) <= _LONGEST_LABEL:
                self._fill(reached, item.span.start, "speaker label")
            reached = item.span.end
            if isinstance(item, Pause):
                self._fill(item.span.start, item.span.end, "pause")
            elif isinstance(item, Heading) and not headings_spoken:
                self._fill(item.span.start, item.span.end, "chapter title")

    def line(self, start: int, reading: Reading, spoken: Iterable[tuple[int, int]]) -> None:
        """Record a line of the script that begins at `start`: its sentences, and the omissions of its reading."""
        for first, last in spoken:
            self._mark(start + first, start + last, _SPOKEN)
        for piece in reading.shown.pieces:
            if piece.start == piece.end:
                self._mark(start + piece.source_start, start + piece.source_end, self._code(piece.why))
        for piece in reading.said.pieces:
            if not reading.text[piece.start : piece.end].strip() and piece.why and piece.source_end > piece.source_start:
                first, last = reading.shown.source_span(piece.source_start, piece.source_end)
                self._mark(start + first, start + last, self._code(piece.why))

    def unsayable(self, start: int, end: int) -> None:
        """Mark a sentence of which the engine can speak nothing, left out as the user requested."""
        self._mark(start, end, self._code("cannot be said"))

    def done(self) -> Coverage:
        """Return the counts."""
        for found in _SPACE.finditer(self._script):
            self._mark(*found.span(), _BLANK)
        counts = Counter(self._marks)
        unseen = 0
        for found in _WORD.finditer(self._script):
            unseen += self._marks.count(_UNSEEN, *found.span())
        left_out = {reason: counts[number] for number, reason in enumerate(self._reasons, _FIRST_REASON) if counts[number]}
        if signs := counts[_UNSEEN] - unseen:
            left_out["sign alone"] = signs
        return Coverage(len(self._script) - counts[_BLANK], counts[_SPOKEN], left_out, unseen)

    def _code(self, reason: str) -> int:
        if reason not in self._reasons:
            self._reasons.append(reason)
        return _FIRST_REASON + self._reasons.index(reason)

    def _mark(self, start: int, end: int, code: int) -> None:
        if end > start:
            self._marks[start:end] = bytes((code,)) * (end - start)

    def _fill(self, start: int, end: int, reason: str) -> None:
        """Only what is not marked yet, such as code that stands between two lines."""
        if end > start:
            code = self._code(reason)
            self._marks[start:end] = self._marks[start:end].replace(b"\x00", bytes((code,)))


_NO_WORDS = re.compile(r"[\W_]+")


def plain_words(text: str) -> str:
    """Letters and figures alone: two texts that are read the same compare as the same."""
    return _NO_WORDS.sub(" ", text).strip().casefold()
