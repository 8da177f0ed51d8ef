"""The parsed document: the spoken blocks in order, and everything that was left out, so that every character is accounted for."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from media.messages.message import Message

BlockKind = Literal["heading", "paragraph", "verse", "line", "scene-break"]
LeftOut = Literal[
    "notes", "running heads", "page numbers", "hyphens", "tables", "captions", "contents", "markup", "times", "directions",
    "code", "deleted text", "front matter", "numbers",
]  # fmt: skip
"""Why something is not spoken; in the plural, since these are also the headings under which it is shown."""

_SCENE = re.compile(r"(?=.{0,2}[*·•⁂#—–~⁕※◆◇❦-])[*·•⁂#—–~⁕※◆◇❦ -]{1,20}\Z")
_SPACE = re.compile(r"[\s\u200b\u2060\ufeff]+")


def bare(text: str) -> str:
    """Return a text without white space, the common part of two readings of one source."""
    return _SPACE.sub("", text)


@dataclass(frozen=True)
class Block:
    """A block of text.

    Args:
        level: of a heading, 1 is the highest; 0 for all others.
        speaker: of a line in a script or a subtitle, "" for none.
        start, end: of a timed line, in seconds; None without times.
    """

    kind: BlockKind
    text: str
    level: int = 0
    speaker: str = ""
    start: float | None = None
    end: float | None = None


@dataclass(frozen=True)
class Removed:
    """A piece that is not spoken, as it is in the source; `before` is the number of the following block."""

    kind: LeftOut
    text: str
    before: int


@dataclass(frozen=True)
class DocumentChapter:
    """An entry of the contents with its depth, 1 for the highest, and the number of its first block.

    Args:
        made_up: neither an entry of the contents nor a heading: a long text was divided there, at the end of a scene.
    """

    title: str
    block: int
    depth: int = 1
    made_up: bool = False


@dataclass(frozen=True)
class CoverPicture:
    """A picture as it is stored in the document, with its media type."""

    data: bytes
    mime: str


@dataclass(frozen=True)
class SourceCoverage:
    """How much of a source is spoken, in characters without white space, compared with a second parser's text of the same file.

    Args:
        source: characters of the second reading.
        kept: spoken characters.
        removed: characters left out, by kind.
        complete: both readings have the same characters in the same order.
        missing: the words of the second reading around the first difference; "" if complete.
    """

    source: int
    kept: int
    removed: Mapping[str, int]
    complete: bool
    missing: str = ""

    @property
    def covered(self) -> float:
        """The share of the source that is accounted for, 0 to 1."""
        return 1.0 if self.complete else min(0.9999, (self.kept + sum(self.removed.values())) / max(1, self.source))


NOTHING_COVERED = SourceCoverage(0, 0, {}, True)


@dataclass(frozen=True)
class Document:
    """A parsed document.

    Args:
        format: the name of its kind, such as "EPUB".
        language: a BCP-47 tag, "" if the file has none.
        chapters: in order; the first may begin after block 0, and blocks before it belong to none.
        trace: all characters in the order of the source, each with "" if it is spoken, or the kind under which it was left out.
        warnings: sentences about this reading for the user.
    """

    format: str
    blocks: tuple[Block, ...]
    removed: tuple[Removed, ...] = ()
    chapters: tuple[DocumentChapter, ...] = ()
    title: str = ""
    authors: tuple[str, ...] = ()
    language: str = ""
    cover: CoverPicture | None = None
    warnings: tuple[Message, ...] = ()
    coverage: SourceCoverage = NOTHING_COVERED
    trace: tuple[tuple[str, str], ...] = field(default=(), repr=False, compare=False)

    @property
    def characters(self) -> int:
        return sum(len(block.text) for block in self.blocks)

    @property
    def words(self) -> int:
        return sum(len(block.text.split()) for block in self.blocks)


@dataclass
class DocumentBuilder:
    """Collects blocks and omissions in the order of the source.

    `keep` adds to the open block, `leave_out` records a piece that is not spoken; `end` closes the block. Text may come in pieces
    of any size: white space is normalised when the block ends.
    """

    blocks: list[Block] = field(default_factory=list)
    removed: list[Removed] = field(default_factory=list)
    trace: list[tuple[str, str]] = field(default_factory=list)
    _open: list[str] = field(default_factory=list)
    _kind: BlockKind = "paragraph"
    _level: int = 0
    _first: int = 0

    def begin(self, kind: BlockKind, level: int = 0) -> None:
        """Close the open block and begin one of this kind."""
        self.end()
        self._kind, self._level = kind, level

    def keep(self, text: str) -> None:
        if text:
            self._open.append(text)
            self.trace.append((text, ""))

    def insert(self, text: str) -> None:
        """Add to the open block what an element of the source stands for, such as a space; a second reading does not contain
        it.
        """
        self._open.append(text)

    def open_text(self) -> str:
        """The text of the open block so far."""
        return "".join(self._open)

    def leave_out(self, kind: LeftOut, text: str) -> None:
        if not bare(text):
            return
        self.trace.append((text, kind))
        self.removed.append(Removed(kind, " ".join(text.split()), len(self.blocks)))

    def end(self) -> None:
        """Close the open block; one without visible characters is dropped, and one of asterisks alone is a scene break."""
        text = self.open_text()
        lines = (" ".join(line.split()) for line in text.split("\n")) if self._kind == "verse" else (" ".join(text.split()),)
        told = "\n".join(line for line in lines if line)
        kind, level, first = self._kind, self._level, self._first
        self._open, self._kind, self._level, self._first = [], "paragraph", 0, len(self.trace)
        if not bare(told):
            return
        if kind == "paragraph" and _SCENE.match(told):
            self.trace[first:] = [(piece, left_out or "markup") for piece, left_out in self.trace[first:]]
            self.removed.append(Removed("markup", told, len(self.blocks)))
            self.scene_break()
        else:
            self.blocks.append(Block(kind, told, level))

    def scene_break(self) -> None:
        """Add a scene break, unless the document is empty or one was just added."""
        if self._open:
            self.end()
        if self.blocks and self.blocks[-1].kind != "scene-break":
            self.blocks.append(Block("scene-break", ""))

    @property
    def next_block(self) -> int:
        """The number of the open block, or of the next one."""
        return len(self.blocks)


def measured(trace: Iterable[tuple[str, str]], source: str, *, in_order: bool = True) -> SourceCoverage:
    """Compare a reading with a second one of the same file.

    Args:
        source: all text of the second reading.
        in_order: False compares how often each character occurs and not its position, for files whose second reading has another
            order.
    """
    pieces = [(bare(text), kind) for text, kind in trace]
    removed: Counter[str] = Counter()
    for text, kind in pieces:
        if kind and text:
            removed[kind] += len(text)
    kept = sum(len(text) for text, kind in pieces if not kind)
    ours, theirs = "".join(text for text, _ in pieces), bare(source)
    if in_order:
        complete = ours == theirs
        at = 0 if complete else _first_difference(ours, theirs)
        missing = "" if complete else theirs[max(0, at - 20) : at + 40]
    else:
        lost = Counter(theirs)
        lost.subtract(Counter(ours))
        complete = not any(lost.values())
        missing = "" if complete else "".join(sorted(letter for letter, count in lost.items() if count))[:60]
    return SourceCoverage(len(theirs), kept, dict(removed), complete, missing)


def _first_difference(one: str, other: str) -> int:
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        if one[:middle] == other[:middle]:
            low = middle
        else:
            high = middle - 1
    return low
