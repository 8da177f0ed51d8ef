"""Reader of Markdown: blocks by markdown-it, marks removed, every character of the source kept or listed."""

from __future__ import annotations

import re
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

from media.documents.chapters import chapters_of
from media.documents.document import BlockKind, Document, DocumentBuilder, LeftOut, measured
from media.documents.encodings import decoded

_MARKS = re.compile(
    r"!?\[(?=[^\[\]\n]{0,500}\]\()"  # the beginning of a link or a picture
    r"|\]\([^()\s]{0,1000}(?:\s\"[^\"\n]{0,300}\")?\)"  # its end, with the address
    r"|<!--[^>]{0,2000}-->|</?[A-Za-z][^<>]{0,300}>"
    r"|(?<!\\)\*{1,3}|(?<![\w\\])_{1,3}(?=\w)|(?<=[\w.,!?;:…”’])_{1,3}(?!\w)|~~|`{1,3}"
    r"|\\(?=[!-/:-@\[-`{-~])"
)
_FRONT = re.compile(r"---[ \t]*\Z")
_LEFT_OUT: dict[str, LeftOut] = {"fence": "code", "code_block": "code", "html_block": "markup", "table_open": "tables"}
_MOST_FRONT_LINES = 200


def read_markdown(path: Path) -> Document:
    """Read a Markdown file.

    Raises:
        MediaError: it is not text.
    """
    text, _ = decoded(path.read_bytes(), path.name)
    lines = text.replace("\0", "\ufffd").splitlines()
    front = _front_matter(lines)
    reader = _MarkdownReader(lines, DocumentBuilder())
    reader.left_out_up_to(front, "front matter")
    for token in MarkdownIt("commonmark").enable("table").parse("\n".join(lines[front:])):
        reader.take(token, front)
    reader.left_out_up_to(len(lines), "markup")
    blocks = tuple(reader.builder.blocks)
    top = next((block.text for block in blocks if block.kind == "heading" and block.level == 1), "")
    return Document(
        "Markdown", blocks, tuple(reader.builder.removed), chapters_of(blocks),
        top if sum(block.kind == "heading" and block.level == 1 for block in blocks) == 1 else "",
        coverage=measured(reader.builder.trace, text), trace=tuple(reader.builder.trace),
    )  # fmt: skip


def _front_matter(lines: list[str]) -> int:
    """Return the number of lines of YAML front matter."""
    if not lines or not _FRONT.match(lines[0]):
        return 0
    return next((at + 1 for at in range(1, min(len(lines), _MOST_FRONT_LINES)) if _FRONT.match(lines[at])), 0)


class _MarkdownReader:
    """Reads the lines once, block by block; everything that belongs to no block (link definitions, list marks) is left out."""

    def __init__(self, lines: list[str], builder: DocumentBuilder) -> None:
        self.builder = builder
        self._lines, self._at = lines, 0
        self._kind: tuple[BlockKind, int] = ("paragraph", 0)

    def left_out_up_to(self, line: int, kind: LeftOut) -> None:
        """Leave out all unread lines before this one."""
        if line > self._at:
            self.builder.end()
            self.builder.leave_out(kind, "\n".join(self._lines[self._at : line]))
            self._at = line

    def take(self, token: Token, offset: int) -> None:
        """Read a block token; `offset` is the number of its first line in the file."""
        if token.map is None:
            return
        first, last = token.map[0] + offset, min(token.map[1] + offset, len(self._lines))
        if first < self._at:
            return
        if token.type in _LEFT_OUT:
            self.left_out_up_to(first, "markup")
            self.left_out_up_to(last, _LEFT_OUT[token.type])
        elif token.type == "hr":
            self.left_out_up_to(last, "markup")
            self.builder.scene_break()
        elif token.type == "heading_open":
            self._kind = ("heading", int(token.tag[1]))
        elif token.type == "paragraph_open":
            self._kind = ("paragraph", 0)
        elif token.type == "inline":
            self.left_out_up_to(first, "markup")
            self._inline(token.content.split("\n"), last)

    def _inline(self, contents: list[str], last: int) -> None:
        self.builder.begin(*self._kind)
        for content in contents:
            if self._at >= last:
                break
            line = self._lines[self._at]
            place = line.find(content.strip())
            place = max(0, place)
            self._left_out(line[:place])
            self._marked(line[place : place + len(content.strip())])
            self._left_out(line[place + len(content.strip()) :])
            self.builder.insert(" ")
            self._at += 1
        rest = "\n".join(self._lines[self._at : last])  # the line under a heading
        self._at = last
        self._left_out(rest)
        self.builder.end()

    def _marked(self, text: str) -> None:
        at = 0
        for found in _MARKS.finditer(text):
            self.builder.keep(text[at : found.start()])
            self._left_out(found.group())
            at = found.end()
        self.builder.keep(text[at:])

    def _left_out(self, text: str) -> None:
        self.builder.leave_out("markup", text)
