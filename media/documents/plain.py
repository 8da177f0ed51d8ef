"""Reader of plain text: paragraphs by empty lines or by indentation, chapters by lines that look like headings."""

from __future__ import annotations

import re
from pathlib import Path

from media.documents.chapters import chapters_of, with_found_headings
from media.documents.document import Document, DocumentBuilder, measured
from media.documents.encodings import decoded
from media.messages.message import Message

_START = re.compile(r"\*{3}\s?START OF (?:THE|THIS) PROJECT GUTENBERG")
_END = re.compile(r"\*{3}\s?END OF (?:THE|THIS) PROJECT GUTENBERG")
_TOLD = re.compile(r"(?P<field>Title|Author|Language): (?P<value>\S.{0,300})")
_LANGUAGES = {
    "english": "en",
    "german": "de",
    "french": "fr",
    "spanish": "es",
    "italian": "it",
    "dutch": "nl",
    "portuguese": "pt",
}
_INDENT = re.compile(r"[ \t\u3000]+(?=\S)")
_HARD_WRAPPED = 40
"""Lines of a text without empty lines that are shorter on the whole are each a paragraph."""


def read_plain(path: Path) -> Document:
    """Read a text file.

    Raises:
        MediaError: it is not text.
    """
    text, encoding = decoded(path.read_bytes(), path.name)
    warnings = (Message.of("document.encoding-guessed", encoding=encoding.rstrip("?")),) if encoding.endswith("?") else ()
    builder = DocumentBuilder()
    lines = text.splitlines()
    first, last = _without_frame(lines)
    builder.leave_out("front matter", "\n".join(lines[:first]))
    _paragraphs(lines[first:last], builder)
    builder.end()
    builder.leave_out("front matter", "\n".join(lines[last:]))
    blocks = with_found_headings(builder.blocks)
    told = {found.group("field"): found.group("value").strip() for line in lines[:first] if (found := _TOLD.match(line))}
    return Document(
        "text", blocks, tuple(builder.removed), chapters_of(blocks), told.get("Title", ""),
        (told["Author"],) if "Author" in told else (), _LANGUAGES.get(told.get("Language", "").lower(), ""),
        warnings=warnings, coverage=measured(builder.trace, text), trace=tuple(builder.trace),
    )  # fmt: skip


def _without_frame(lines: list[str]) -> tuple[int, int]:
    """Return first line and end of the text proper if the file marks them, as those of Project Gutenberg do."""
    first = next((at + 1 for at, line in enumerate(lines) if _START.match(line)), 0)
    last = next((at for at in range(len(lines) - 1, first, -1) if _END.match(lines[at])), len(lines))
    return first, last


def _paragraphs(lines: list[str], builder: DocumentBuilder) -> None:
    filled = [line for line in lines if line.strip()]
    spaced = len(filled) < len(lines) * 0.95
    long = sum(map(len, filled)) > _HARD_WRAPPED * len(filled)
    for line in lines:
        if not line.strip():
            builder.end()
        else:
            if not spaced and (not long or _INDENT.match(line)):
                builder.end()
            builder.keep(line)
            builder.insert("\n")
