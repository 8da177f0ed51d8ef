"""Reader of any supported document, recognised by its content first and its name second."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from media.documents.archives import opened
from media.documents.document import Document
from media.documents.epub.reader import read_epub
from media.documents.fountain import read_fountain
from media.documents.markdown import read_markdown
from media.documents.office.docx import read_docx
from media.documents.office.odt import read_odt
from media.documents.page import read_page
from media.documents.pdf.reader import read_pdf
from media.documents.plain import read_plain
from media.documents.table import read_table
from media.documents.timed import read_timed
from media.errors import MediaError
from media.file_kinds import file_kind

DOCUMENT_SUFFIXES = (
    ".txt", ".md", ".markdown", ".docx", ".odt", ".epub", ".html", ".htm", ".xhtml", ".pdf", ".srt", ".vtt", ".ass", ".ssa",
    ".fountain", ".spmd", ".csv", ".tsv",
)  # fmt: skip
LARGEST_FILE = 256 << 20
LARGEST_PLAIN = 32 << 20
"""Bytes of a file of text; a book of a thousand pages is two or three million."""

_BY_NAME: dict[str, Callable[[Path], Document]] = {
    ".md": read_markdown, ".markdown": read_markdown, ".html": read_page, ".htm": read_page, ".xhtml": read_page,
    ".srt": read_timed, ".vtt": read_timed, ".ass": read_timed, ".ssa": read_timed, ".fountain": read_fountain,
    ".spmd": read_fountain, ".csv": read_table, ".tsv": read_table,
}  # fmt: skip


def read_document(path: Path) -> Document:
    """Return a document with its chapters, its cover, and its omissions.

    Raises:
        MediaError: an unsupported kind, or a file that is damaged, encrypted, protected, empty or too large.
    """
    try:
        size = path.stat().st_size
    except OSError:
        raise MediaError("document.file-missing", file=path.name) from None
    if not size:
        raise MediaError("document.file-empty", file=path.name)
    if size > LARGEST_FILE:
        raise MediaError("document.file-too-large", file=path.name, most=LARGEST_FILE >> 20)
    found = _reader(path, size)(path)
    if not any(block.text for block in found.blocks):
        raise MediaError("document.nothing-to-read", file=path.name)
    return found


def _reader(path: Path, size: int) -> Callable[[Path], Document]:
    kind = file_kind(path)
    if kind == "a PDF document":
        return read_pdf
    if kind == "a ZIP archive or an office document":
        return _archive_reader(path)
    suffix = path.suffix.lower()
    binary = kind and kind not in ("a text file", "a web page", "an SVG drawing")
    if binary or suffix in (".pdf", ".epub", ".docx", ".odt"):
        raise MediaError("document.of-another-kind", file=path.name, kind=kind or "not what its name says")
    if size > LARGEST_PLAIN:
        raise MediaError("document.file-too-large", file=path.name, most=LARGEST_PLAIN >> 20)
    return _BY_NAME.get(suffix, read_page if kind == "a web page" else read_plain)


def _archive_reader(path: Path) -> Callable[[Path], Document]:
    with opened(path) as archive:
        if "word/document.xml" in archive:
            return read_docx
        if "META-INF/container.xml" in archive or any(name.lower().endswith(".opf") for name in archive.names()):
            return read_epub
        if "content.xml" in archive:
            return read_odt
    raise MediaError("document.of-another-kind", file=path.name, kind="a ZIP archive that holds no document")
