"""Reader of CSV and TSV tables: lines of a script with a speaker, or texts alone."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path

from media.documents.chapters import chapters_of
from media.documents.document import Block, Document, Removed, measured
from media.documents.encodings import decoded
from media.errors import MediaError

_TEXT_NAMES = frozenset({"text", "line", "dialogue", "dialog", "say", "script", "sentence", "content", "satz", "texte"})
_SPEAKER_NAMES = frozenset({"speaker", "who", "character", "name", "voice", "role", "sprecher", "personnage"})
_CHAPTER_NAMES = frozenset({"chapter", "scene", "section", "heading", "kapitel"})
_LONGEST_CELL = 200_000


def read_table(path: Path) -> Document:
    """Read a table.

    Raises:
        MediaError: it is no table, or none of its columns holds text.
    """
    text, _ = decoded(path.read_bytes(), path.name)
    rows = _rows(text, path.name)
    if not rows:
        raise MediaError("document.nothing-to-read", file=path.name)
    named = [cell.strip().casefold() for cell in rows[0]]
    has_names = bool(_TEXT_NAMES & set(named))
    spoken = next((at for at, name in enumerate(named) if name in _TEXT_NAMES), -1) if has_names else _longest_column(rows)
    speaker = next((at for at, name in enumerate(named) if name in _SPEAKER_NAMES), -1) if has_names else -1
    chapter = next((at for at, name in enumerate(named) if name in _CHAPTER_NAMES), -1) if has_names else -1
    blocks: list[Block] = []
    removed: list[Removed] = []
    trace: list[tuple[str, str]] = []
    before = ""
    for number, row in enumerate(rows):
        for at, cell in enumerate(row):
            told = " ".join(cell.split())
            if not told:
                continue
            if has_names and number == 0:
                removed.append(Removed("markup", told, 0))
            elif at == chapter and told != before:
                before = told
                blocks.append(Block("heading", told, 1))
            elif at == spoken:
                blocks.append(Block("line", told, speaker=" ".join(row[speaker].split()) if 0 <= speaker < len(row) else ""))
            elif at != speaker:
                removed.append(Removed("markup", told, len(blocks)))
            spoken_here = number > 0 or not has_names
            trace.append((cell, "" if spoken_here and at in (spoken, speaker, chapter) else "markup"))
    kept = tuple(blocks)
    source = "".join(cell for row in rows for cell in row)
    return Document("CSV", kept, tuple(removed), chapters_of(kept), coverage=measured(trace, source), trace=tuple(trace))


def _rows(text: str, name: str) -> list[list[str]]:
    csv.field_size_limit(_LONGEST_CELL)
    delimiter = max(",;\t|", key=text[:4096].count)
    try:
        return [
            row for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter) if any(cell.strip() for cell in row)
        ]
    except csv.Error:
        raise MediaError("document.damaged", file=name) from None


def _longest_column(rows: Sequence[Sequence[str]]) -> int:
    lengths = [sum(len(row[at]) for row in rows if at < len(row)) for at in range(max(map(len, rows)))]
    return lengths.index(max(lengths))
