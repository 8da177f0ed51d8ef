"""Import of a document as the chapters of an audiobook."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from capabilities.audiobook.attribution.rule import SURE, attributed
from capabilities.audiobook.spec import LONGEST_PASSAGE, BookChapter, Passage
from media.documents.document import Block, Document, DocumentChapter
from media.documents.read import read_document
from studio.files import write_atomic

_ENDINGS = {"image/jpeg": ".jpg", "image/png": ".png", "image/gif": ".gif", "image/webp": ".webp"}

_LONGEST_TITLE = 300
_OPENING = "Opening"
_APART = 12
"""Empty paragraphs between chapters, so that nobody of one answers somebody of another."""


def chapters_of_document(document: Document) -> tuple[BookChapter, ...]:
    """Return the chapters with their paragraphs: all text of the document in order, each block once.

    A heading that repeats the chapter's title is dropped, and a part without text of its own adds its title to its first chapter.
    Text before the first chapter is a chapter of its own.
    """
    marks = list(document.chapters) or [DocumentChapter(document.title or "Text", 0)]
    if any(block.text for block in document.blocks[: marks[0].block]):
        marks.insert(0, DocumentChapter(document.title or _OPENING, 0))
    ends = [mark.block for mark in marks[1:]] + [len(document.blocks)]
    found: list[BookChapter] = []
    pending = ""
    for mark, end in zip(marks, ends, strict=True):
        title = f"{pending} {mark.title}".strip() if pending else mark.title
        paragraphs = tuple(_paragraphs(document.blocks[mark.block : end], mark.title))
        if not any(paragraphs):
            pending = title if title[-1:] in ".!?:" else f"{title}."
            continue
        found.append(BookChapter(title=title[:_LONGEST_TITLE], paragraphs=paragraphs))
        pending = ""
    if pending:
        found.append(BookChapter(title=pending[:_LONGEST_TITLE]))
    return tuple(found)


def _paragraphs(blocks: Sequence[Block], title: str) -> Iterator[tuple[Passage, ...]]:
    said = title.casefold()
    opening = True
    for block in blocks:
        if block.kind == "scene-break":
            yield ()
            continue
        if opening and block.kind == "heading" and block.text.casefold() in said:
            continue
        opening = False
        text = block.text
        for first in range(0, len(text), LONGEST_PASSAGE):
            yield (Passage(who=block.speaker[:100], text=text[first : first + LONGEST_PASSAGE]),)


def speakers_of(chapters: Sequence[BookChapter]) -> tuple[str, ...]:
    """Return all speakers, those with most text first, without the narrator."""
    said: dict[str, int] = {}
    for chapter in chapters:
        for paragraph in chapter.paragraphs:
            for one in paragraph:
                if one.who:
                    said[one.who] = said.get(one.who, 0) + len(one.text)
    return tuple(sorted(said, key=lambda name: (-said[name], name)))


@dataclass(frozen=True)
class DoubtfulLine:
    """Quoted speech with an uncertain speaker; `other` is the second most likely one, "" for none."""

    chapter: int
    paragraph: int
    who: str
    other: str
    text: str
    margin: float


@dataclass(frozen=True)
class Book:
    """A document as an audiobook: its chapters, their speakers, and the lines to check, most doubtful first."""

    document: Document
    chapters: tuple[BookChapter, ...]
    speakers: tuple[str, ...]
    review: tuple[DoubtfulLine, ...] = ()

    @property
    def characters(self) -> int:
        return sum(len(one.text) for chapter in self.chapters for paragraph in chapter.paragraphs for one in paragraph)

    @staticmethod
    def words_of(paragraph: Sequence[Passage]) -> int:
        return sum(len(one.text.split()) for one in paragraph)

    def kept_cover(self, uploads: Path) -> str:
        """Store the cover as an upload, named by its content, and return its path; "" without one."""
        cover = self.document.cover
        if cover is None:
            return ""
        folder = uploads / f"cover-{sha256(cover.data).hexdigest()[:24]}"
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"cover{_ENDINGS.get(cover.mime, '.jpg')}"
        write_atomic(path, cover.data)
        return str(path)


def book_of(path: Path, *, quotes: bool = False) -> Book:
    """Read a file.

    Args:
        quotes: attribute quoted speech to speakers by rules, if the file does not name them.

    Raises:
        MediaError: as `read_document`.
    """
    document = read_document(path)
    chapters = chapters_of_document(document)
    review: tuple[DoubtfulLine, ...] = ()
    if quotes and not speakers_of(chapters):
        chapters, review = _with_speakers(chapters)
    return Book(document, chapters, speakers_of(chapters), review)


def _with_speakers(chapters: Sequence[BookChapter]) -> tuple[tuple[BookChapter, ...], tuple[DoubtfulLine, ...]]:
    """Return the chapters with speakers, and the uncertain lines. The whole book is searched for characters."""
    texts: list[str] = []
    places: list[int] = []
    for chapter in chapters:
        places.append(len(texts))
        texts += ["".join(one.text for one in paragraph) for paragraph in chapter.paragraphs]
        texts += [""] * _APART
    pieces, found = attributed(texts)
    told: list[BookChapter] = []
    doubtful: list[DoubtfulLine] = []
    for number, (chapter, first) in enumerate(zip(chapters, places, strict=True)):
        paragraphs: list[tuple[Passage, ...]] = []
        for at in range(first, first + len(chapter.paragraphs)):
            who = found[at]
            name = who.who if who else ""
            paragraphs.append(tuple(Passage(who=name if one.quoted else "", text=one.text) for one in pieces[at]))
            if who is not None and who.margin < SURE:
                line = DoubtfulLine(number, at - first, who.who, who.second, texts[at], round(who.margin, 3))
                doubtful.append(line)
        told.append(chapter.model_copy(update={"paragraphs": tuple(paragraphs)}))
    return tuple(told), tuple(sorted(doubtful, key=lambda line: line.margin))
