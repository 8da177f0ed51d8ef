"""From a document to the chapters of an audiobook."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from capabilities.audiobook.spec import LONGEST_PASSAGE, BookChapter, Passage
from media.documents.document import Block, Document, DocumentChapter

_LONGEST_TITLE = 300
_OPENING = "Opening"


def chapters_of_document(document: Document) -> tuple[BookChapter, ...]:
    """The chapters with their paragraphs; all text of the document in order, each block once.

    A heading that says the chapter's title is not said twice, and a part without text of its own gives its title to the first
    chapter in it. What stands before the first chapter is a chapter of its own.
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
    """Everyone who says something, by how much they say, most first; the narrator is not among them."""
    said: dict[str, int] = {}
    for chapter in chapters:
        for paragraph in chapter.paragraphs:
            for one in paragraph:
                if one.who:
                    said[one.who] = said.get(one.who, 0) + len(one.text)
    return tuple(sorted(said, key=lambda name: (-said[name], name)))
