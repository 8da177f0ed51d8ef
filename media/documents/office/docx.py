"""Reader of DOCX: text, headings and notes; deleted text, headers and footers are left out."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from lxml import etree

from media.documents.archives import DocumentArchive, opened
from media.documents.chapters import chapters_of, with_found_headings
from media.documents.document import Document, DocumentBuilder, measured
from media.documents.office.parts import part_tree, plain_texts
from media.documents.second_reading import part_text

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
_DOCUMENT = "word/document.xml"
_NOTES = (("word/footnotes.xml", "footnote"), ("word/endnotes.xml", "endnote"))
_TEXT = frozenset({"t", "delText"})
_HEADING_NAME = re.compile(r"(?:heading|überschrift|titre|título|titolo|kop|rubrik|nagłówek) ?([1-6])", re.IGNORECASE)
_SPACES = {f"{_W}tab": "\t", f"{_W}br": " ", f"{_W}cr": " ", f"{_W}noBreakHyphen": "-"}


@dataclass(frozen=True)
class _Style:
    """Properties of a paragraph style: the level of a heading, 0 for text; whether it is a line of the contents."""

    level: int = 0
    contents: bool = False


def read_docx(path: Path) -> Document:
    """Read a DOCX file.

    Raises:
        MediaError: it is damaged, encrypted, or no DOCX.
    """
    with opened(path) as archive:
        data = archive.text(_DOCUMENT)
        source = part_text(data, _TEXT, path.name, outside="Fallback")
        builder = DocumentBuilder()
        _BodyReader(builder, _styles(archive, path.name)).read(part_tree(data, path.name))
        for part, kind in _NOTES:
            if part in archive:
                notes = archive.text(part)
                source += part_text(notes, _TEXT, path.name, outside="Fallback")
                for note in part_tree(notes, path.name).iter(f"{_W}{kind}"):
                    builder.leave_out("notes", _text_of(note))
        title, authors, language = plain_texts(archive, "docProps/core.xml", path.name)
    blocks = tuple(builder.blocks)
    if not any(block.kind == "heading" for block in blocks):
        blocks = with_found_headings(blocks)
    found = Document("DOCX", blocks, tuple(builder.removed), chapters_of(blocks), title, authors, language)
    return replace(found, coverage=measured(builder.trace, source), trace=tuple(builder.trace))


class _BodyReader:
    def __init__(self, builder: DocumentBuilder, styles: Mapping[str, _Style]) -> None:
        self._builder, self._styles = builder, styles

    def read(self, root: Any) -> None:
        walk = etree.iterwalk(root, events=("start", "end"))
        for event, node in walk:
            if event == "end":
                self._leave(node)
            elif not self._enter(node):
                walk.skip_subtree()
        self._builder.end()

    def _enter(self, node: Any) -> bool:
        """Return whether to descend into an element."""
        tag = node.tag
        if tag == f"{_W}p":
            style = self._style(node)
            if style.contents:
                self._builder.end()
                self._builder.leave_out("contents", _text_of(node))
                return False
            self._builder.begin("heading" if style.level else "paragraph", style.level)
        elif tag == f"{_W}t":
            self._builder.keep(node.text or "")
        elif tag in _SPACES:
            self._space(node)
        elif tag in (f"{_W}del", f"{_W}moveFrom"):
            self._builder.leave_out("deleted text", _text_of(node))
            return False
        elif tag == f"{_W}tbl":
            self._builder.end()
            self._builder.leave_out("tables", _text_of(node))
            return False
        return tag != _FALLBACK

    def _space(self, node: Any) -> None:
        text = _SPACES[node.tag]
        if text == "-":
            self._builder.insert("-")
        elif node.getparent() is not None and node.getparent().tag == f"{_W}r":  # tab stops of a style bear the same name
            self._builder.insert(" ")

    def _leave(self, node: Any) -> None:
        if node.tag == f"{_W}p":
            self._builder.end()

    def _style(self, paragraph: Any) -> _Style:
        properties = paragraph.find(f"{_W}pPr")
        if properties is None:
            return _Style()
        own = properties.find(f"{_W}outlineLvl")
        if own is not None and (level := _level(own.get(f"{_W}val"))):
            return _Style(level)
        named = properties.find(f"{_W}pStyle")
        return self._styles.get(named.get(f"{_W}val") or "", _Style()) if named is not None else _Style()


def _styles(archive: DocumentArchive, name: str) -> dict[str, _Style]:
    """Return styles by their id. A style that is based on a heading is one."""
    if "word/styles.xml" not in archive:
        return {}
    found: dict[str, _Style] = {}
    based: dict[str, str] = {}
    for style in part_tree(archive.text("word/styles.xml"), name).iter(f"{_W}style"):
        key = style.get(f"{_W}styleId") or ""
        label = _value(style.find(f"{_W}name"))
        level = _level(_value(style.find(f"{_W}pPr/{_W}outlineLvl")))
        if not level and (heading := _HEADING_NAME.match(label)):
            level = int(heading.group(1))
        found[key] = _Style(1 if label.lower() == "title" else level, label.lower().startswith("toc "))
        based[key] = _value(style.find(f"{_W}basedOn"))
    for key, style in list(found.items()):
        for parent in _ancestors(key, based):
            if style == _Style():
                found[key] = style = found.get(parent, style)
    return found


def _ancestors(key: str, based: Mapping[str, str]) -> Iterator[str]:
    for _ in range(10):
        key = based.get(key, "")
        if not key:
            return
        yield key


def _value(node: Any) -> str:
    return (node.get(f"{_W}val") or "") if node is not None else ""


def _level(told: str | None) -> int:
    """Return outline levels 0 to 8 as 1 to 6; level 9 is body text."""
    return min(6, int(told) + 1) if told and told.isdigit() and int(told) < 9 else 0


def _text_of(node: Any) -> str:
    """Return the text within an element, with paragraphs separated and each text box once."""
    parts: list[str] = []
    walk = etree.iterwalk(node, events=("start", "end"))
    for event, one in walk:
        if event == "end":
            parts.append("\n" if one.tag == f"{_W}p" else "")
        elif one.tag == _FALLBACK:
            walk.skip_subtree()
        elif one.tag in (f"{_W}t", f"{_W}delText"):
            parts.append(one.text or "")
        elif one.tag in _SPACES:
            parts.append(" ")
    return "".join(parts)
