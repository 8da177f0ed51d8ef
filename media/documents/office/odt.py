"""Reader of ODT: text, headings and notes; tables, comments and deleted text are left out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from lxml import etree

from media.documents.archives import opened
from media.documents.chapters import chapters_of, with_found_headings
from media.documents.document import Document, DocumentBuilder, LeftOut, measured
from media.documents.office.parts import part_tree, plain_texts
from media.documents.second_reading import part_text
from media.errors import MediaError

_TEXT = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"
_OFFICE = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}"
_TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
_LEFT_OUT: dict[str, LeftOut] = {
    f"{_TEXT}note": "notes", f"{_OFFICE}annotation": "notes", f"{_TABLE}table": "tables",
    f"{_TEXT}tracked-changes": "deleted text",
    f"{_TEXT}table-of-content": "contents", f"{_TEXT}alphabetical-index": "contents", f"{_TEXT}bibliography": "notes",
}  # fmt: skip


def read_odt(path: Path) -> Document:
    """Read an ODT file.

    Raises:
        MediaError: it is damaged, encrypted, or no ODT.
    """
    with opened(path) as archive:
        if b"encryption-data" in (archive.text("META-INF/manifest.xml") if "META-INF/manifest.xml" in archive else b""):
            raise MediaError("document.locked", file=path.name)
        data = archive.text("content.xml")
        source = part_text(data, (), path.name, inside="body")
        title, authors, language = plain_texts(archive, "meta.xml", path.name)
    root = part_tree(data, path.name)
    body = root.find(f"{_OFFICE}body")
    if body is None:
        raise MediaError("document.damaged", file=path.name)
    builder = DocumentBuilder()
    _read(body, builder)
    blocks = tuple(builder.blocks)
    if not any(block.kind == "heading" for block in blocks):
        blocks = with_found_headings(blocks)
    return Document(
        "ODT", blocks, tuple(builder.removed), chapters_of(blocks), title, authors, language,
        coverage=measured(builder.trace, source), trace=tuple(builder.trace),
    )  # fmt: skip


def _read(body: Any, builder: DocumentBuilder) -> None:
    walk = etree.iterwalk(body, events=("start", "end", "comment", "pi"))
    for event, node in walk:
        if event in ("comment", "pi"):
            builder.keep(node.tail or "")
        elif event == "end":
            if node.tag in (f"{_TEXT}p", f"{_TEXT}h"):
                builder.end()
            if node is not body:
                builder.keep(node.tail or "")
        elif kind := _LEFT_OUT.get(node.tag):
            builder.leave_out(kind, _text_of(node))
            walk.skip_subtree()
        else:
            _enter(node, builder)
    builder.end()


def _enter(node: Any, builder: DocumentBuilder) -> None:
    if node.tag == f"{_TEXT}h":
        level = node.get(f"{_TEXT}outline-level") or "1"
        builder.begin("heading", min(6, int(level)) if level.isdigit() else 1)
    elif node.tag == f"{_TEXT}p":
        builder.begin("paragraph")
    elif node.tag in (f"{_TEXT}s", f"{_TEXT}tab", f"{_TEXT}line-break"):
        builder.insert(" ")
    builder.keep(node.text or "")


def _text_of(node: Any) -> str:
    """Return all text within an element, with paragraphs separated."""
    parts: list[str] = []
    for event, one in etree.iterwalk(node, events=("start", "end", "comment", "pi")):
        if event == "start":
            parts.append(one.text or "")
        else:
            parts.append("\n" if one.tag in (f"{_TEXT}p", f"{_TEXT}h") else "")
            parts.append((one.tail or "") if one is not node else "")
    return "".join(parts)
