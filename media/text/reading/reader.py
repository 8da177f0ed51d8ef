"""How a paragraph is read aloud: from what the author typed, by way of what is meant to be seen, to what is to be said.

Each of the three texts knows its place in the one before. A subtitle shows what is written, an engine gets what is said, and a
change that a person makes to a sentence is put into the source.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from media.text.reading.inline import ITEM_BREAK, LINE_BREAK, plain
from media.text.reading.language import language
from media.text.reading.rules.scene import Part
from media.text.reading.spans import Traced
from media.text.reading.verbalise import verbalise

FORMAT = 1
"""Raised when the same text is read otherwise than before, so that work of an earlier version is read as it was."""


@dataclass(frozen=True)
class ReadingOptions:
    """How to read.

    Args:
        language: BCP-47 tag of the text.
        verse: each line end is one to be heard.
        keep: kinds of writing that the engine reads well itself, or performs ("stage direction").
        pronunciations: words, as written, to what is said for them.
    """

    language: str = "en"
    verse: bool = False
    keep: frozenset[Part] = frozenset()
    pronunciations: Mapping[str, str] | None = None


@dataclass(frozen=True)
class Reading:
    """One paragraph, read.

    Args:
        source: as typed.
        shown: as written, without markup: for subtitles and lists; places are places in the source.
        said: for the engine; places are places in `shown.text`. Holds `ITEM_BREAK` where a new sentence begins in any case.
    """

    source: str
    shown: Traced
    said: Traced

    @property
    def text(self) -> str:
        """What is said."""
        return self.said.text

    def shown_span(self, start: int, end: int) -> tuple[int, int]:
        """Return the position of the spoken text[start:end] in the shown text."""
        return self.said.source_span(start, end)

    def source_span(self, start: int, end: int) -> tuple[int, int]:
        """Return the position of the spoken text[start:end] in the source."""
        return self.shown.source_span(*self.shown_span(start, end))


def read(source: str, options: ReadingOptions | None = None) -> Reading:
    """Read one paragraph. Pure; takes time that grows with the length of the text."""
    options = options or ReadingOptions()
    data = language(options.language)
    shown = plain(source, data, options.verse, "stage direction" in options.keep)
    said = verbalise(shown.text, options.language, options.keep, options.pronunciations)
    return Reading(source, shown, said)


__all__ = ("FORMAT", "ITEM_BREAK", "LINE_BREAK", "Reading", "ReadingOptions", "read")
