"""The journal of a conversation: one line of JSON for each event, append-only.

A line is passed to the operating system as soon as it is written, so the end of the process loses none; a power cut loses at most
those since the last `sync`. Readers skip incomplete lines and read those around them.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Sequence
from pathlib import Path

from pydantic import ValidationError

from capabilities.conversation.account.entries import ENTRY, Began, Entry
from studio.errors import NotFound

JOURNAL = "journal.jsonl"
LARGEST_BYTES = 64_000_000


class ConversationJournal:
    """The writer, for one thread. While it is open, `is_live` is true in every process.

    Raises:
        OSError: the file cannot be written.
    """

    def __init__(self, path: Path) -> None:
        self._handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        self._torn = False

    def add(self, entries: Sequence[Entry]) -> None:
        data = b"".join(entry.model_dump_json().encode("utf-8", "replace") + b"\n" for entry in entries)
        data = b"\n" + data if self._torn else data
        self._torn = True
        while data:
            data = data[os.write(self._handle, data) :]
        self._torn = False

    def sync(self) -> None:
        """Flush to the disk, so that a power cut loses nothing of what was added."""
        os.fdatasync(self._handle)

    def close(self) -> None:
        os.close(self._handle)


def is_live(folder: Path) -> bool:
    """Return whether a conversation is being recorded: its lock is released however the process ends."""
    try:
        handle = os.open(folder / JOURNAL, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(handle)
    return False


def read_journal(folder: Path) -> tuple[Began, list[Entry], int]:
    """The first entry, all others in order, and how many lines could not be read.

    Raises:
        NotFound: there is no journal, or it does not tell of a conversation.
    """
    try:
        with (folder / JOURNAL).open("rb") as file:
            lines = file.read(LARGEST_BYTES).split(b"\n")
    except OSError:
        raise NotFound("conversation.unknown", conversation=folder.name) from None
    entries: list[Entry] = []
    damaged = 0
    for line in lines:
        if not line.strip():
            continue
        try:
            entries.append(ENTRY.validate_json(line))
        except ValidationError:
            damaged += 1
    if not entries or not isinstance(entries[0], Began):
        raise NotFound("conversation.unknown", conversation=folder.name)
    return entries[0], entries[1:], damaged


def append_entry(folder: Path, entry: Entry) -> None:
    """Add one entry to the journal of a conversation that has ended; on a line of its own, also after a torn one.

    Raises:
        OSError: the disk does not take it.
    """
    handle = os.open(folder / JOURNAL, os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC)
    try:
        os.write(handle, b"\n" + entry.model_dump_json().encode("utf-8", "replace") + b"\n")
        os.fdatasync(handle)
    finally:
        os.close(handle)
