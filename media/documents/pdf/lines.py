"""The lines of a PDF from PDFium: text, position and font size, in reading order."""

from __future__ import annotations

import ctypes
import threading
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pypdfium2
import pypdfium2.raw as pdfium

from media.errors import MediaError

MOST_PAGES = 5_000
HYPHENS = frozenset("-\u2010\u00ad")
_PDFIUM_HYPHENS = {2: "-", 0xFFFE: "-"}
_RAISED = 0.8
"""A figure under this share of the size of its line is the mark of a note."""

_lock = threading.Lock()
"""PDFium knows no threads: one document is read at a time."""


@dataclass(frozen=True)
class PageLine:
    """A line: its pieces of text, each with whether it is a note reference, and its position in points from the top left.

    Args:
        size: font size in points.
        page: counted from 0.
    """

    pieces: tuple[tuple[str, bool], ...]
    page: int
    left: float
    top: float
    size: float

    @property
    def text(self) -> str:
        return "".join(text for text, mark in self.pieces if not mark).strip()

    @property
    def whole(self) -> str:
        """The text with note references."""
        return "".join(text for text, _ in self.pieces)


@dataclass(frozen=True)
class Bookmark:
    depth: int
    title: str
    page: int


@dataclass(frozen=True)
class PdfText:
    """All lines by page, the text of a second extraction, bookmarks, and the file's title and author.

    Args:
        empty_pages: pages with content but without text.
    """

    pages: tuple[tuple[PageLine, ...], ...]
    source: str
    bookmarks: tuple[Bookmark, ...]
    title: str
    author: str
    empty_pages: int


def read_lines(path: Path) -> PdfText:
    """Read the lines of a PDF.

    Raises:
        MediaError: it is damaged, encrypted, or has too many pages.
    """
    with _lock:
        try:
            document = pypdfium2.PdfDocument(path)
        except pypdfium2.PdfiumError as error:
            locked = error.err_code in (pdfium.FPDF_ERR_PASSWORD, pdfium.FPDF_ERR_SECURITY)
            raise MediaError("document.locked" if locked else "document.damaged", file=path.name) from None
        try:
            if len(document) > MOST_PAGES:
                raise MediaError("document.too-many-pages", file=path.name, pages=len(document), most=MOST_PAGES)
            return _read(document)
        except pypdfium2.PdfiumError:
            raise MediaError("document.damaged", file=path.name) from None
        finally:
            document.close()


def _read(document: pypdfium2.PdfDocument) -> PdfText:
    pages: list[tuple[PageLine, ...]] = []
    source: list[str] = []
    empty = 0
    for number in range(len(document)):
        page = document[number]
        text = page.get_textpage()
        lines = tuple(_lines(text, number, page.get_height()))
        if not lines and next(page.get_objects(max_depth=1), None) is not None:
            empty += 1
        source.append(text.get_text_range().translate(_PDFIUM_HYPHENS))
        pages.append(lines)
        text.close()
        page.close()
    bookmarks = tuple(_bookmarks(document))
    told = document.get_metadata_dict(skip_empty=True)
    plain = unicodedata.normalize("NFKC", "\n".join(source))
    return PdfText(tuple(pages), plain, bookmarks, told.get("Title", ""), told.get("Author", ""), empty)


def _bookmarks(document: pypdfium2.PdfDocument) -> Iterator[Bookmark]:
    for number, mark in enumerate(document.get_toc(max_depth=4)):
        destination = mark.get_dest()
        page = destination.get_index() if destination is not None else None
        title = " ".join((mark.get_title() or "").split())
        if page is not None and title and number < MOST_PAGES:
            yield Bookmark(mark.level + 1, title, page)


def _lines(text: pypdfium2.PdfTextPage, page: int, height: float) -> Iterator[PageLine]:
    line: list[tuple[int, str]] = []
    for at, letter in _letters(text):
        if letter not in "\r\n":
            line.append((at, letter))
        elif any(one.strip() for _, one in line):
            yield _line(text, line, page, height)
            line = []
        else:
            line = []
    if any(one.strip() for _, one in line):
        yield _line(text, line, page, height)


def _letters(text: pypdfium2.PdfTextPage) -> Iterator[tuple[int, str]]:
    """Yield every character with its index on the page; surrogate pairs are joined.

    PDFium returns a special character for a hyphen and line end within a word.
    """
    high = 0
    for at in range(text.count_chars()):
        value = pdfium.FPDFText_GetUnicode(text, at)
        if 0xD800 <= value < 0xDC00:
            high = value
        elif 0xDC00 <= value < 0xE000:
            yield at, chr(0x10000 + ((high & 0x3FF) << 10) + (value & 0x3FF)) if high else "\ufffd"
            high = 0
        elif value in _PDFIUM_HYPHENS:
            yield at, "-"
            yield at, "\n"
        elif value:
            yield at, chr(value)


def _line(text: pypdfium2.PdfTextPage, letters: list[tuple[int, str]], page: int, height: float) -> PageLine:
    seen = [at for at, letter in letters if letter.strip()]
    probes = (seen[0], seen[len(seen) // 2], seen[-1])
    boxes = [text.get_charbox(at, loose=True) for at in probes]
    size = sorted(pdfium.FPDFText_GetFontSize(text, at) * _scale(text, at) for at in probes)[1]
    pieces: list[tuple[str, bool]] = []
    after_letter = False
    for at, letter in letters:
        small = letter.isdigit() and after_letter and pdfium.FPDFText_GetFontSize(text, at) * _scale(text, at) < _RAISED * size
        after_letter = small or (not letter.isspace() and not letter.isdigit())
        if pieces and pieces[-1][1] == small:
            pieces[-1] = (pieces[-1][0] + letter, small)
        else:
            pieces.append((letter, small))
    normal = tuple((unicodedata.normalize("NFKC", piece), mark) for piece, mark in pieces)
    return PageLine(normal, page, min(box[0] for box in boxes), height - sum(box[1] for box in boxes) / 3, size)


def _scale(text: pypdfium2.PdfTextPage, at: int) -> float:
    """Return the scale of a character in the page's matrix, because many programs scale fonts of size 1."""
    matrix = pdfium.FS_MATRIX()
    if not pdfium.FPDFText_GetMatrix(text, at, ctypes.byref(matrix)):
        return 1.0
    return float((matrix.c**2 + matrix.d**2) ** 0.5) or 1.0
