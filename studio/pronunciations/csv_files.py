"""Import and export of the pronunciation list as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from pathlib import Path

from studio.errors import GreenroomError, InvalidInput
from studio.pronunciations.model import Pronunciation, SayingScope, checked

COLUMNS = ("word", "saying", "voice", "language")
LARGEST_BYTES = 4_000_000
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def to_csv(entries: Iterable[Pronunciation]) -> bytes:
    """Return all entries but those of projects, with a byte order mark, and without cells that spreadsheets read as formulas."""
    table = io.StringIO()
    rows = csv.writer(table)
    rows.writerow(COLUMNS)
    for one in entries:
        if one.scope is SayingScope.PROJECT:
            continue
        rows.writerow([_as_text(cell) for cell in (one.word, one.saying, one.of, one.language)])
    return table.getvalue().encode("utf-8-sig")


def from_csv(path: Path) -> list[Pronunciation]:
    """Return the entries of a table with the columns of `COLUMNS`, in any order, separated by commas, semicolons or tabs.

    Raises:
        InvalidInput: it is no such table, or a row is invalid; the reason names the row.
    """
    data = path.read_bytes()[: LARGEST_BYTES + 1]
    if len(data) > LARGEST_BYTES or b"\0" in data.removeprefix(b"\xff\xfe"):
        raise InvalidInput("pronunciation.not-csv")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InvalidInput("pronunciation.not-csv") from None
    head = text.split("\n", 1)[0]
    rows = csv.DictReader(io.StringIO(text, newline=""), delimiter=max(",;\t", key=head.count))
    names = {(name or "").strip().casefold(): name for name in rows.fieldnames or ()}
    for needed in COLUMNS[:2]:
        if needed not in names:
            raise InvalidInput("pronunciation.no-column", column=needed)
    try:
        return [_entry(row, names, number) for number, row in enumerate(rows, 2) if any(map(_filled, row.values()))]
    except csv.Error:
        raise InvalidInput("pronunciation.not-csv") from None


def _entry(row: dict[str, str | None], names: dict[str, str], number: int) -> Pronunciation:
    word, saying, voice, language = (_as_written(row.get(names.get(name, "")) or "") for name in COLUMNS)
    try:
        return checked(word, saying, of=voice, language=language)
    except GreenroomError as error:
        raise InvalidInput("pronunciation.row", row=number, reason=error.reason) from None


def _filled(cell: object) -> bool:
    return isinstance(cell, str) and bool(cell.strip())


def _as_text(cell: str) -> str:
    return f"'{cell}" if cell.startswith(_FORMULA) else cell


def _as_written(cell: str) -> str:
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(_FORMULA) else cell
