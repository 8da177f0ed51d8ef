"""A book, a script or subtitles as a project: chapters become scenes, paragraphs shots, and passages lines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal

from capabilities.audiobook.importing import Book, DoubtfulLine, book_of
from capabilities.audiobook.spec import Passage
from capabilities.director.document.model import (
    LONGEST_LINE,
    BoardLine,
    BoardOrigin,
    BoardScene,
    BoardShot,
    BookDetails,
    CastMember,
    Project,
    SourceReading,
)
from capabilities.voiceover.script.language_detection import detect
from media.documents.document import SourceCoverage

NARRATOR = "Narrator"
MOST_SPEAKERS = 199
"""With lines of their own; whoever says less is read by the narrator."""
_LONGEST_NAME = 60
_SAMPLE = 20_000


def project_of_file(path: Path, uploads: Path, *, find_speakers: bool = True, kind: Literal["film", "audiobook"]) -> Project:
    """Read a file as a project; its cover is kept among the uploads, from where the project takes it.

    Args:
        find_speakers: attribute quoted speech by rule where the file does not name its speakers.

    Raises:
        MediaError: as `read_document`.
    """
    book = book_of(path, quotes=find_speakers)
    return project_of_book(book, book.kept_cover(uploads), path.name, kind)


def project_of_book(book: Book, cover: str, source: str, kind: Literal["film", "audiobook"] = "audiobook") -> Project:
    """A document as a project, with the narrator as the first of its cast."""
    found, told = book.document, book.document.coverage
    names = _names(book.speakers)
    doubtful = {(line.chapter, line.paragraph): line for line in book.review}
    scenes = []
    for number, chapter in enumerate(book.chapters):
        shots = (_shot(paragraph, names, doubtful.get((number, at)), kind) for at, paragraph in enumerate(chapter.paragraphs))
        scenes.append(BoardScene(title=chapter.title, shots=tuple(shots)))
    sample = "\n".join(block.text for block in found.blocks[:400])[:_SAMPLE]
    return Project(
        title=(found.title or Path(source).stem)[:200].strip() or "Book",
        kind=kind,
        language=found.language.split("-")[0].lower() or detect(sample),
        origin=BoardOrigin(source=source[:300]),
        cast={NARRATOR: CastMember()} | {name: CastMember() for name in names.values()},
        book=BookDetails(
            author=", ".join(found.authors)[:200],
            cover=cover,
            reading=SourceReading(
                source=told.source,
                kept=told.kept,
                left_out=dict(told.removed),
                complete=told.complete,
                missing=told.missing[:200],
            ),
        ),
        scenes=tuple(scenes),
    )


def _reading(told: SourceCoverage) -> SourceReading:
    return SourceReading(
        source=told.source, kept=told.kept, left_out=dict(told.removed), complete=told.complete, missing=told.missing[:200]
    )


def _names(speakers: Sequence[str]) -> dict[str, str]:
    """The names of a document's speakers to those of the cast: one line of at most 60 characters, each once."""
    found: dict[str, str] = {}
    for speaker in speakers[:MOST_SPEAKERS]:
        name = " ".join(speaker.split())[:_LONGEST_NAME].strip()
        if name and name.casefold() != NARRATOR.casefold():
            found[speaker] = name
    return found


def _shot(
    paragraph: Sequence[Passage], names: dict[str, str], doubt: DoubtfulLine | None, kind: Literal["film", "audiobook"]
) -> BoardShot:
    lines = tuple(line for passage in paragraph for line in _lines(passage, names, doubt))
    return BoardShot(show="presenter" if kind == "film" and lines else "animatic", lines=lines)


def _lines(passage: Passage, names: dict[str, str], doubt: DoubtfulLine | None) -> Iterator[BoardLine]:
    """A passage, in lines that are no longer than a line may be. Only speech is doubtful, not what is told around it."""
    who = names.get(passage.who, "")
    open_question = doubt is not None and (passage.who == doubt.who) and _quoted(passage.text)
    for text in _pieces(passage.text):
        if doubt is not None and open_question:
            yield BoardLine(who=who, text=text, doubt=max(0.0, doubt.margin), other=names.get(doubt.other, ""))
        else:
            yield BoardLine(who=who, text=text)


def _quoted(text: str) -> bool:
    return text.lstrip()[:1] in '“"«„「‘' and bool(text.strip())


def _pieces(text: str) -> Iterator[str]:
    while len(text) > LONGEST_LINE:
        end = max(text.rfind(mark, 0, LONGEST_LINE) + len(mark) for mark in (". ", "! ", "? "))
        end = end if end > LONGEST_LINE // 2 else text.rfind(" ", 0, LONGEST_LINE) + 1 or LONGEST_LINE
        yield text[:end]
        text = text[end:]
    if text:
        yield text
