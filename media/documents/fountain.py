"""Reader of Fountain, the plain-text format of screenplays: scenes are chapters, dialogue becomes lines with speakers."""

from __future__ import annotations

import re
from pathlib import Path

from screenplay_tools.fountain.parser import Parser
from screenplay_tools.screenplay import Character, ElementType

from media.documents.document import Block, Document, DocumentChapter, LeftOut, Removed, measured
from media.documents.encodings import decoded
from media.errors import MediaError

_LONGEST_LINE = 2_000
_MOST_CHARACTERS = 4_000_000
_LEFT_OUT: dict[ElementType, LeftOut] = {
    ElementType.PARENTHETICAL: "directions", ElementType.TRANSITION: "directions", ElementType.SYNOPSIS: "notes",
    ElementType.SECTION: "notes", ElementType.PAGEBREAK: "markup",
}  # fmt: skip
_PLACES = re.compile(r"\[\[\d{1,6}\]\]|/\*\d{1,6}\*/")
"""Where the parser has taken out a note or a passage between /* and */."""

_MARKS = str.maketrans("", "", "*_")


def read_fountain(path: Path) -> Document:
    """Read a screenplay.

    Raises:
        MediaError: it is not text, or has lines that are too long.
    """
    text, _ = decoded(path.read_bytes(), path.name)
    if len(text) > _MOST_CHARACTERS or max(map(len, text.splitlines()), default=0) > _LONGEST_LINE:
        raise MediaError("document.no-screenplay", file=path.name, longest=_LONGEST_LINE)
    parser = Parser()
    parser.add_text(text)
    script = parser.script
    blocks: list[Block] = []
    removed: list[Removed] = []
    chapters: list[DocumentChapter] = []
    told = {entry.key.strip().lower(): " ".join(entry.text.split()) for entry in script.titleEntries}
    removed += [Removed("front matter", f"{entry.key}: {' '.join(entry.text.split())}", 0) for entry in script.titleEntries]
    speaker = ""
    for element in script.elements:
        words = " ".join(_PLACES.sub("", element.text_raw).translate(_MARKS).split())
        if isinstance(element, Character):
            speaker = element.name.strip().title()
            extension = f" ({element.extension})" if element.extension else ""
            removed.append(Removed("directions", f"{element.name}{extension}", len(blocks)))
        elif element.type in _LEFT_OUT:
            removed.append(Removed(_LEFT_OUT[element.type], words, len(blocks)))
        elif element.type == ElementType.HEADING and words:
            chapters.append(DocumentChapter(words, len(blocks)))
            blocks.append(Block("heading", words, 1))
        elif element.type in (ElementType.DIALOGUE, ElementType.LYRIC) and words:
            blocks.append(Block("line", words, speaker=speaker))
        elif words:
            blocks.append(Block("paragraph", words))
    removed += [Removed("notes", " ".join(note.text.split()), len(blocks)) for note in (*script.notes, *script.boneyards)]
    authors = tuple(told[key] for key in ("author", "authors") if told.get(key))
    trace = [*((block.text, "") for block in blocks), *((one.text, one.kind) for one in removed)]
    return Document(
        "Fountain", tuple(blocks), tuple(removed), tuple(chapters), told.get("title", ""), authors,
        coverage=measured(_words(trace), _letters(text), in_order=False), trace=tuple(trace),
    )  # fmt: skip


def _words(trace: list[tuple[str, str]]) -> list[tuple[str, str]]:
    return [(_letters(text), kind) for text, kind in trace]


def _letters(text: str) -> str:
    """Return letters and digits only, because the marks of the format belong to no element."""
    return "".join(letter for letter in text if letter.isalnum())
