"""One open project: its document in memory, its journal on the disk, and its YAML file, written with a delay."""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from capabilities.director.document.change import Change, Delete, Move, Replace, SetField
from capabilities.director.document.changes import apply_all, exists, value_at
from capabilities.director.document.locks import refuse_locked
from capabilities.director.document.model import Project
from capabilities.director.errors import ProjectConflict
from capabilities.director.projects.journal import KEPT, Journal, JournalEntry, Turn
from capabilities.director.projects.yaml_file import read_project, write_project
from studio.errors import GreenroomError, InvalidInput, NotFound

log = logging.getLogger(__name__)

YAML = "project.yaml"
JOURNAL = "changes.jsonl"
WRITTEN_AFTER = 3.0
"""Seconds from a change to the YAML file that holds it."""


class OpenProject:
    """An open project. Any thread may call any method.

    A change is in the journal on the disk when `update` returns, so that a crash of the server loses none.

    Args:
        folder: of the project.

    Raises:
        InvalidInput: its file cannot be read.
        NotFound: there is none.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._lock = threading.RLock()
        self._journal = Journal(folder / JOURNAL)
        try:
            stored = read_project((folder / YAML).read_bytes()).model_copy(update={"id": folder.name})
        except FileNotFoundError:
            raise NotFound("project.unknown", project=folder.name[:80]) from None
        self._entries = self._journal.read()
        self._document = self._replayed(stored)
        self._written = stored.version
        self._timer: threading.Timer | None = None

    @property
    def document(self) -> Project:
        """The present document, an immutable value."""
        return self._document

    @property
    def can_undo(self) -> bool:
        return bool(self._turns()[0])

    @property
    def can_redo(self) -> bool:
        return bool(self._turns()[1])

    def history(self, since: int = 0) -> list[JournalEntry]:
        """Return the changes after a version, oldest first, as far as they are stored."""
        with self._lock:
            return [entry for entry in self._entries if entry.version > since]

    def update(self, changes: Sequence[Change], base: int | None = None, who: str = "", note: str = "") -> JournalEntry:
        """Make all changes, or none.

        Args:
            base: the version that the editor read; None overwrites later changes.

        Raises:
            ProjectConflict: since `base` one of the fields was given another value, or its part was removed.
            NotFound, InvalidInput: a change is not possible.
            StorageError: the disk is full or cannot be written.
        """
        with self._lock:
            if base is not None:
                self._check(changes, base)
            refuse_locked(self._document, changes)
            return self._do(changes, who, note, "")

    def undo(self, who: str = "") -> JournalEntry:
        """Undo the last change, as a new one.

        Raises:
            InvalidInput: there is nothing to undo, or a later change prevents it.
        """
        return self._turned(0, "undo", who)

    def redo(self, who: str = "") -> JournalEntry:
        """Redo the last undone change."""
        return self._turned(1, "redo", who)

    def write(self) -> None:
        """Write the YAML file now."""
        with self._lock:
            self._timer, timer = None, self._timer
            if timer is not None:
                timer.cancel()
            if self._written == self._document.version or not self.folder.is_dir():
                return
            write_project(self.folder / YAML, self._document)
            self._written = self._document.version
            if len(self._entries) > 2 * KEPT:
                self._entries = self._entries[-KEPT:]
                self._journal.write(self._entries)

    def _replayed(self, stored: Project) -> Project:
        document = stored
        for entry in self._entries:
            if entry.version <= document.version:
                continue
            try:
                document = _numbered(apply_all(document, entry.changes).project, entry.version)
            except GreenroomError as error:  # the file was changed by hand meanwhile
                log.warning("A change of the project %s could not be done again: %s", self.folder.name, error.code)
        return document

    def _do(self, changes: Sequence[Change], who: str, note: str, turn: Turn) -> JournalEntry:
        done = apply_all(self._document, changes)
        version = self._document.version + 1
        entry = JournalEntry(version, done.applied, done.inverse, done.touched, who[:80], note[:200], turn)
        self._journal.append(entry)
        self._document = _numbered(done.project, version)
        self._entries.append(entry)
        if self._timer is None:
            self._timer = threading.Timer(WRITTEN_AFTER, self._write_quietly)
            self._timer.daemon = True
            self._timer.start()
        return entry

    def _write_quietly(self) -> None:
        try:
            self.write()
        except OSError as error:
            log.warning("A project could not be written (%s); its journal holds every change", type(error).__name__)

    def _check(self, changes: Sequence[Change], base: int) -> None:
        if base > self._document.version:
            raise InvalidInput("project.version-unknown", version=base, now=self._document.version)
        later = [entry for entry in self._entries if entry.version > base]
        if len(later) < self._document.version - base:
            raise ProjectConflict("project.changed-long-since", version=self._document.version)
        touched = {address for entry in later for address in entry.touched}
        gone = {one.at for entry in later for one in entry.changes if isinstance(one, Delete)}
        for change in changes:
            self._check_one(change, touched, gone)

    def _check_one(self, change: Change, touched: set[str], gone: set[str]) -> None:
        address = "*" if isinstance(change, Replace) else change.at
        part = address.rpartition(".")[0] if isinstance(change, SetField) else address
        facts: dict[str, Any] = {"version": self._document.version, "at": address[:160]}
        if part in gone and not exists(self._document, part):
            raise ProjectConflict("project.deleted-meanwhile", **facts)
        if address == "*" and touched:
            raise ProjectConflict("project.changed-meanwhile", **facts, yours="", theirs="")
        met = "*" in touched or (address in touched and isinstance(change, SetField | Move))
        if not met:
            return
        theirs = value_at(self._document, address) if isinstance(change, SetField) else None
        if isinstance(change, SetField) and theirs == change.to:
            return
        yours = change.to if isinstance(change, SetField | Move) else ""
        raise ProjectConflict("project.changed-meanwhile", **facts, yours=_told(yours), theirs=_told(theirs))

    def _turned(self, which: int, turn: Turn, who: str) -> JournalEntry:
        with self._lock:
            stack = self._turns()[which]
            if not stack:
                raise InvalidInput("project.nothing-to-undo" if turn == "undo" else "project.nothing-to-redo")
            last = stack[-1]
            try:
                return self._do(last.inverse, who, last.note, turn)
            except NotFound:
                raise InvalidInput("project.cannot-undo") from None

    def _turns(self) -> tuple[list[JournalEntry], list[JournalEntry]]:
        """Return the changes that can be undone and redone, each with the last one at the end."""
        back: list[JournalEntry] = []
        again: list[JournalEntry] = []
        for entry in self._entries:
            if entry.turn == "undo":
                if back:
                    back.pop()
                again.append(entry)
            else:
                if entry.turn == "redo" and again:
                    again.pop()
                elif not entry.turn:
                    again.clear()
                back.append(entry)
        return back, again


def _numbered(project: Project, version: int) -> Project:
    return project.model_copy(update={"version": version})


def _told(value: Any) -> str:
    return str(value)[:2_000] if value is not None else ""
