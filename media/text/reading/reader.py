"""Conversion of a paragraph to its spoken form: from the typed text to the displayed text to the spoken text.

Each of the three texts has positions in the one before. A subtitle shows the displayed text, an engine gets the spoken one, and
an edit of a sentence changes the typed one.
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
    """Options of the conversion.

    Args:
        language: BCP-47 tag of the text.
        verse: each line end is a pause.
        keep: kinds of text that the engine itself reads well, or performs ("stage direction").
        pronunciations: words, as written, to their pronunciation.
    """

    language: str = "en"
    verse: bool = False
    keep: frozenset[Part] = frozenset()
    pronunciations: Mapping[str, str] | None = None


@dataclass(frozen=True)
class Reading:
    """The three forms of one paragraph.

    Args:
        source: as typed.
        shown: without markup, for subtitles and lists; positions refer to the source.
        said: for the engine; positions refer to `shown.text`. Contains `ITEM_BREAK` where a new sentence must begin.
    """

    source: str
    shown: Traced
    said: Traced

    @property
    def text(self) -> str:
        """The spoken text."""
        return self.said.text

    def shown_span(self, start: int, end: int) -> tuple[int, int]:
        """Return the position of the spoken text[start:end] in the shown text."""
        return self.said.source_span(start, end)

    def source_span(self, start: int, end: int) -> tuple[int, int]:
        """Return the position of the spoken text[start:end] in the source."""
        return self.shown.source_span(*self.shown_span(start, end))


def read(source: str, options: ReadingOptions | None = None) -> Reading:
    """Convert one paragraph. Pure; the time is linear in the length of the text."""
    options = options or ReadingOptions()
    data = language(options.language)
    shown = plain(source, data, options.verse, "stage direction" in options.keep)
    said = verbalise(shown.text, options.language, options.keep, options.pronunciations)
    return Reading(source, shown, said)


__all__ = ("FORMAT", "ITEM_BREAK", "LINE_BREAK", "Reading", "ReadingOptions", "read")
