"""Calls about documents: reading one, with what of it is spoken and what is not."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

from pydantic import Field

from api.operations.context import OperationContext
from api.operations.files import UPLOADED, InputFile
from api.operations.operation import Access, Answer, Group, Input
from capabilities.audiobook.importing import book_of
from capabilities.audiobook.spec import BookChapter
from media.documents.document import Document
from studio.errors import MediaError, StorageError

GROUP = Group("documents", "Documents", "Books and scripts as files, read for audiobooks and films.")


class ImportDocumentInput(Input):
    file: InputFile = Field(
        description="TXT, Markdown, DOCX, ODT, EPUB, HTML, PDF, SRT, VTT, SubStation, Fountain or CSV, with its own ending."
    )
    quotes: bool = Field(False, description="Find by rule who says what between quotation marks.")


class DoubtfulAnswer(Answer):
    """Quoted speech of which it is not sure who says it."""

    chapter: int = Field(description="Counted from 0, as the paragraph in it is.")
    paragraph: int
    who: str = Field(description="Empty where nobody is likely; the narrator reads it.")
    other: str = Field(description="Who else comes to mind.")
    text: str
    margin: float = Field(description="How far the first is before the second; 0 for a guess.")


class LeftOutAnswer(Answer):
    """Something of the document that is not spoken."""

    kind: str = Field(description='Why: "notes", "running heads", "page numbers", "hyphens", "tables", "markup" and so on.')
    text: str
    before: int = Field(description="The number of the block that follows it, counted from 0.")


class CoverageAnswer(Answer):
    """What became of every character of the source, against a second reading of the file by another parser."""

    source: int = Field(description="Characters without white space that the second reading finds.")
    kept: int
    left_out: dict[str, int] = Field(description="By kind.")
    share: float = Field(description="Of the source that is spoken or listed, 0 to 1.")
    complete: bool = Field(description="Whether both readings hold the same characters.")
    missing: str = Field("", description="Where they part, else empty.")


class DocumentAnswer(Answer):
    """A document that was read."""

    format: str
    title: str
    authors: list[str]
    language: str = Field(description="As the file says; empty where it does not.")
    words: int
    chapters: list[BookChapter] = Field(description='As a job of the kind "audiobook" takes them.')
    speakers: list[str] = Field(description="Who has lines in it, most first.")
    review: list[DoubtfulAnswer] = Field([], description="Lines to look at, most doubtful first.")
    cover: str = Field("", description='The cover as a job takes it ("upload:…"); empty for none.')
    left_out: list[LeftOutAnswer]
    coverage: CoverageAnswer
    warnings: list[str] = Field([], description="What to look at before it is used.")


@GROUP.operation(
    Access.WRITES,
    tool=False,
    errors=(MediaError, StorageError),
    example={"file": "@DOCUMENT"},
)
def import_document(context: OperationContext, call: ImportDocumentInput) -> DocumentAnswer:
    """Read a book or a script: its chapters with all their text, its cover, and what is not spoken of it.

    Nothing is kept but the cover. The chapters go into `submit` as a job of the kind "audiobook".
    """
    book = book_of(call.file, quotes=call.quotes)
    found, chapters = book.document, book.chapters
    return DocumentAnswer(
        format=found.format,
        title=found.title,
        authors=list(found.authors),
        language=found.language,
        words=found.words,
        chapters=list(chapters),
        speakers=list(book.speakers),
        review=[DoubtfulAnswer(**asdict(line)) for line in book.review],
        cover=_reference(book.kept_cover(context.files.uploads), context.files.uploads),
        left_out=[LeftOutAnswer(kind=one.kind, text=one.text, before=one.before) for one in found.removed],
        coverage=_coverage(found),
        warnings=[warning.reason() for warning in found.warnings],
    )


def _coverage(found: Document) -> CoverageAnswer:
    told = found.coverage
    return CoverageAnswer(
        source=told.source, kept=told.kept, left_out=dict(told.removed), share=told.covered, complete=told.complete,
        missing=told.missing,
    )  # fmt: skip


def _reference(path: str, uploads: Path) -> str:
    return f"{UPLOADED}{Path(path).relative_to(uploads).as_posix()}" if path else ""
