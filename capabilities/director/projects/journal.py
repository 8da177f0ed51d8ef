"""The journal of a project: one line of JSON per change, written to the disk before the change takes effect."""

from __future__ import annotations

import json
import logging
import os
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from capabilities.director.document.change import Change, read_changes
from studio.errors import GreenroomError, StorageError, storage_error_of
from studio.files import write_atomic

log = logging.getLogger(__name__)

KEPT = 400
"""Entries that can be undone; a journal of twice as many is shortened to so many."""

Turn = Literal["", "undo", "redo"]


@dataclass(frozen=True)
class JournalEntry:
    """One change of a project.

    Args:
        version: of the project after it.
        who: the editor, "" if unknown.
        note: description in a few words.
        turn: whether it is an undo or a redo.
    """

    version: int
    changes: tuple[Change, ...]
    inverse: tuple[Change, ...]
    touched: tuple[str, ...]
    who: str = ""
    note: str = ""
    turn: Turn = ""
    at: float = field(default_factory=time.time)

    def as_line(self) -> bytes:
        fields: dict[str, Any] = {
            "version": self.version, "at": round(self.at, 3), "who": self.who, "note": self.note, "turn": self.turn,
            "changes": [one.model_dump(mode="json") for one in self.changes],
            "inverse": [one.model_dump(mode="json") for one in self.inverse], "touched": list(self.touched),
        }  # fmt: skip
        return json.dumps(fields, separators=(",", ":")).encode() + b"\n"

    @classmethod
    def of_line(cls, line: bytes) -> JournalEntry:
        """Parse a line.

        Raises:
            ValueError, KeyError, TypeError, GreenroomError: it is incomplete.
        """
        given = json.loads(line)
        return cls(
            int(given["version"]), read_changes(given["changes"]), read_changes(given["inverse"]), tuple(given["touched"]),
            str(given["who"]), str(given["note"]), given["turn"], float(given["at"]),
        )  # fmt: skip


class Journal:
    """The file of one project. Its owner serialises calls."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> list[JournalEntry]:
        """Return the complete entries, oldest first. A line that a crash cut off is removed from the file, with everything after
        it.
        """
        try:
            raw = self._path.read_bytes()
        except FileNotFoundError:
            return []
        found: list[JournalEntry] = []
        end = 0
        for line in raw.splitlines(keepends=True):
            try:
                if not line.endswith(b"\n"):
                    break
                found.append(JournalEntry.of_line(line))
            except (ValueError, KeyError, TypeError, GreenroomError):
                break
            end += len(line)
        if end < len(raw):
            log.warning("The journal of a project ended in an unfinished line, which was left out")
            write_atomic(self._path.with_suffix(".unread"), raw[end:])
            os.truncate(self._path, end)
        return found

    def append(self, entry: JournalEntry) -> None:
        """Append an entry and sync it to the disk.

        Raises:
            StorageError: that failed; the file is unchanged.
        """
        line = entry.as_line()
        before = self._size()
        try:
            with self._path.open("ab") as file:
                file.write(line)
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            self._cut(before)
            raise storage_error_of(error) or StorageError("project.not-saved", retryable=True) from error

    def write(self, entries: Iterable[JournalEntry]) -> None:
        """Replace all entries."""
        write_atomic(self._path, b"".join(entry.as_line() for entry in entries))

    def _size(self) -> int:
        return self._path.stat().st_size if self._path.exists() else 0

    def _cut(self, size: int) -> None:
        try:
            os.truncate(self._path, size)
        except OSError:
            log.warning("The journal of a project could not be shortened after a failed write")
