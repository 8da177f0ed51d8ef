"""The pronunciation list in the data folder: one JSON file, read again after changes on the disk."""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from studio.errors import GreenroomError, InvalidInput, NotFound
from studio.files import KEPT_SECONDS, write_json
from studio.pronunciations.model import Pronunciation, SayingScope, checked

log = logging.getLogger(__name__)

FORMAT = 1
"""Of the file. A file of a later format is read as far as it is understood and never written."""

MOST_ENTRIES = 5_000


@dataclass(frozen=True)
class _Content:
    """Content of the file: entries by id, deleted ones with the time of their deletion, and unknown data."""

    entries: Mapping[str, Pronunciation]
    deleted: Mapping[str, tuple[Pronunciation, float]]
    unknown: tuple[Mapping[str, Any], ...] = ()
    format: int = FORMAT


class PronunciationList:
    """All entries. The file is the truth: one that was copied in is read, and changes are on the disk when a call returns.

    Any thread may call any method. The lock is held during reads and writes of the file; voices are looked up outside of it.
    """

    def __init__(self, path: Path, saved_voices: Callable[[], Mapping[str, str]]) -> None:
        """
        Args:
            saved_voices: ids of the saved voices to their present names.
        """
        self._path, self._saved_voices = path, saved_voices
        self._lock = threading.Lock()
        self._read: tuple[object, _Content] | None = None

    def list(self) -> list[Pronunciation]:
        """Return all entries by word; those of a saved voice under its present name."""
        with self._lock:
            entries = list(self._content().entries.values())
        names = self._saved_voices()
        named = [replace(one, of=names.get(one.voice_id, one.of)) if one.voice_id else one for one in entries]
        return sorted(named, key=lambda one: (one.word.casefold(), one.word, one.scope.value, one.of, one.language))

    def stamp(self) -> object:
        """Changes whenever the list may have."""
        try:
            found = self._path.stat()
        except OSError:
            return None
        return (found.st_mtime_ns, found.st_size, found.st_ino)

    def set(self, word: str, saying: str, scope: str = "", of: str = "", language: str = "", former: str = "") -> Pronunciation:
        """Add an entry, or replace the one for the same word, scope and language.

        Args:
            former: id of the entry that this one takes the place of, where its word or scope is changed.

        Raises:
            InvalidInput: what was given cannot be taken, or the list is full.
        """
        entry = self._named(checked(word, saying, scope, of, language))

        def change(content: _Content) -> _Content:
            entries = {key: one for key, one in content.entries.items() if key != former}
            return replace(content, entries={**entries, entry.id: entry})

        self._change(change)
        return entry

    def add_all(self, entries: Iterable[Pronunciation]) -> int:
        """Add or replace many at once, all or none. Gives how many there were.

        Raises:
            InvalidInput: the list would be too full.
        """
        new = [self._named(entry) for entry in entries]
        self._change(lambda content: replace(content, entries={**content.entries, **{one.id: one for one in new}}))
        return len(new)

    def delete(self, entry_id: str) -> Pronunciation:
        """Take an entry out; `put_back` undoes it for half an hour, after a restart too.

        Raises:
            NotFound: there is none.
        """
        gone: list[Pronunciation] = []

        def change(content: _Content) -> _Content:
            if entry_id not in content.entries:
                raise NotFound("pronunciation.gone")
            gone.append(content.entries[entry_id])
            rest = {key: one for key, one in content.entries.items() if key != entry_id}
            return replace(content, entries=rest, deleted={**content.deleted, entry_id: (gone[0], time.time())})

        self._change(change)
        return gone[0]

    def put_back(self, entry_id: str) -> Pronunciation:
        """Undo `delete`. An entry that was made for the same word meanwhile is kept.

        Raises:
            NotFound: it is not kept any more. InvalidInput: its place is taken.
        """
        back: list[Pronunciation] = []

        def change(content: _Content) -> _Content:
            if entry_id not in content.deleted and entry_id in content.entries:
                back.append(content.entries[entry_id])  # it is there again already: asked twice
                return content
            if entry_id not in content.deleted:
                raise NotFound("storage.not-kept")
            back.append(content.deleted[entry_id][0])
            if entry_id in content.entries:
                raise InvalidInput("storage.name-taken", name=back[0].word)
            rest = {key: one for key, one in content.deleted.items() if key != entry_id}
            return replace(content, entries={**content.entries, entry_id: back[0]}, deleted=rest)

        self._change(change)
        return back[0]

    def _named(self, entry: Pronunciation) -> Pronunciation:
        """With the id of the saved voice that it is for."""
        if entry.scope is not SayingScope.VOICE:
            return entry
        found = next((identity for identity, name in self._saved_voices().items() if name == entry.of), "")
        return replace(entry, voice_id=found)

    # The file

    def _change(self, change: Callable[[_Content], _Content]) -> None:
        with self._lock:
            content = self._content()
            if content.format > FORMAT:
                raise InvalidInput("pronunciation.newer")
            changed = change(content)
            if len(changed.entries) > MOST_ENTRIES:
                raise InvalidInput("pronunciation.full", most=MOST_ENTRIES)
            kept = {key: one for key, one in changed.deleted.items() if one[1] > time.time() - KEPT_SECONDS}
            self._path.parent.mkdir(parents=True, exist_ok=True)
            write_json(self._path, _plain(replace(changed, deleted=kept)))
            self._read = None

    def _content(self) -> _Content:
        """Of the file as it is now; call with the lock held."""
        stamp = self.stamp()
        if self._read is None or self._read[0] != stamp:
            self._read = (stamp, self._from_disk() if stamp is not None else _Content({}, {}))
        return self._read[1]

    def _from_disk(self) -> _Content:
        try:
            return _content_of(json.loads(self._path.read_bytes()))
        except OSError as error:
            log.warning("The pronunciation list cannot be read: %s", error)
            return _Content({}, {})
        except (ValueError, KeyError, TypeError, AttributeError):
            aside = self._path.with_name(f"{self._path.stem}-damaged-{int(time.time())}.json")
            self._path.rename(aside)
            log.warning("%s", GreenroomError("pronunciation.damaged", name=aside.name))
            return _Content({}, {})


def _content_of(data: Mapping[str, Any]) -> _Content:
    """
    Raises:
        ValueError, KeyError, TypeError, AttributeError: the file is none of ours.
    """
    entries: dict[str, Pronunciation] = {}
    unknown: list[Mapping[str, Any]] = []
    for one in data["entries"]:
        try:
            entry = _entry(one)
        except (GreenroomError, ValueError, KeyError):  # of a scope that a later version knows
            unknown.append(dict(one))
            continue
        entries[entry.id] = entry
    deleted = {entry.id: (entry, float(one["deleted"])) for one in data.get("deleted", ()) for entry in (_entry(one),)}
    return _Content(entries, deleted, tuple(unknown), int(data["format"]))


def _entry(one: Mapping[str, Any]) -> Pronunciation:
    names = ("word", "saying", "scope", "of", "language", "voice_id")
    return checked(**{name: str(one.get(name, "")) for name in names})


def _plain(content: _Content) -> dict[str, Any]:
    return {
        "format": content.format,
        "entries": [*map(_fields, content.entries.values()), *content.unknown],
        "deleted": [{**_fields(entry), "deleted": when} for entry, when in content.deleted.values()],
    }


def _fields(entry: Pronunciation) -> dict[str, str]:
    given = {"word": entry.word, "saying": entry.saying, "scope": entry.scope.value, "of": entry.of, "language": entry.language}
    return {**given, **({"voice_id": entry.voice_id} if entry.voice_id else {})}
