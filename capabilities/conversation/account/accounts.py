"""The recorded conversations of a studio, a folder each under `conversations/` of the data folder. The files are
authoritative."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any
from uuid import uuid4

from pydantic import BaseModel, ConfigDict, ValidationError

from capabilities.conversation.account.entries import Titled
from capabilities.conversation.account.journal import JOURNAL, append_entry, is_live, read_journal
from capabilities.conversation.account.model import ConversationAccount, ConversationSummary, Partners, TurnSpeaker
from capabilities.conversation.account.recorder import ConversationRecorder
from capabilities.conversation.account.replay import partners_of, replayed
from capabilities.conversation.account.tracks import read_track, track_path, track_seconds
from media.audio.audio import Audio
from studio.errors import GreenroomError, InvalidInput, NotFound, StorageError, storage_error_of
from studio.files import KEPT_SECONDS, TRASH_PREFIX, discard, empty_trash, set_aside, take_back, write_json
from studio.licences import UNKNOWN, LicenceTerms
from studio.paths import DataPaths

log = logging.getLogger(__name__)

SUMMARY = "summary.json"
LONGEST_TITLE = 200
_ID = re.compile(r"[0-9a-z-]{8,64}")


class _KeptSummary(BaseModel):
    """The entry of a conversation in the list, cached so that not every journal must be read; valid while the journal has this
    size."""

    model_config = ConfigDict(extra="ignore")

    journal_size: int
    title: str
    began: float
    duration: float
    turns: int
    cuts: int
    first: str
    ended: str
    partners: dict[str, str]


class ConversationAccounts:
    """Conversations in one folder. Any thread and any process may call any method; nothing is held between calls."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    # Writing

    def begin(
        self,
        title: str = "",
        partners: Partners | None = None,
        *,
        person_rate: int = 16_000,
        studio_rate: int = 24_000,
        consent: str = "",
        terms: LicenceTerms = UNKNOWN,
        troubled: Callable[[GreenroomError], None] | None = None,
    ) -> ConversationRecorder:
        """Start a new conversation, which is live until its recorder is closed.

        Args:
            title: "" for date and time. The others as for `ConversationRecorder`.

        Raises:
            StorageError: the disk is full or cannot be written.
        """
        now = time.localtime()
        name = f"{time.strftime('%Y-%m-%d-%H%M%S', now)}-{uuid4().hex[:6]}"
        title = _title(title) or time.strftime("Conversation of %Y-%m-%d, %H:%M", now)
        try:
            return ConversationRecorder(
                self._folder / name, title, partners or Partners(), person_rate=person_rate, studio_rate=studio_rate,
                consent=consent, terms=terms, troubled=troubled,
            )  # fmt: skip
        except OSError as error:
            raise storage_error_of(error) or StorageError("conversation.not-kept") from None

    # Reading

    def all(self) -> list[ConversationSummary]:
        """Return all of them, the newest first. One that cannot be read is left out and logged."""
        found = []
        for folder in self._folders():
            try:
                found.append(self._summary(folder))
            except NotFound:
                log.warning("The conversation %s cannot be read.", folder.name)
        return sorted(found, key=lambda one: -one.began)

    def get(self, conversation: str) -> ConversationAccount:
        """
        Raises:
            NotFound: there is none with this id.
        """
        return self._read(self.folder(conversation))

    def folder(self, conversation: str) -> Path:
        """Return the folder of a conversation.

        Raises:
            NotFound: there is none with this id.
        """
        folder = self._folder / conversation if _ID.fullmatch(conversation) else self._folder
        if folder == self._folder or not (folder / JOURNAL).is_file():
            raise NotFound("conversation.unknown", conversation=conversation[:80])
        return folder

    def sound(self, account: ConversationAccount, speaker: TurnSpeaker, start: float, end: float) -> Audio:
        """Return a stretch of one side's sound, as spoken or played; silence where there was none."""
        rate = account.rates[speaker is TurnSpeaker.STUDIO]
        return read_track(track_path(self.folder(account.id), speaker), rate, start, end)

    # Changing

    def rename(self, conversation: str, title: str) -> ConversationAccount:
        """Set the title of a conversation.

        Raises:
            NotFound: no such conversation. InvalidInput: the title is empty, or the conversation is live.
        """
        folder = self._ended(conversation)
        if not _title(title):
            raise InvalidInput("library.title-missing")
        append_entry(folder, Titled(title=_title(title)))
        return self._read(folder)

    def delete(self, conversation: str) -> ConversationAccount:
        """Remove a conversation with its sound; `put_back` undoes it for half an hour.

        Raises:
            NotFound: no such conversation. InvalidInput: it is live.
        """
        folder = self._ended(conversation)
        account = self._read(folder)
        set_aside(self._folder, folder)
        empty_trash(self._folder, time.time() - KEPT_SECONDS)
        return account

    def put_back(self, conversation: str) -> ConversationAccount:
        """Undo `delete`.

        Raises:
            NotFound: it is no longer kept. InvalidInput: another one has its place now.
        """
        known = _ID.fullmatch(conversation) and self._folder.is_dir()
        kept = next(self._folder.glob(f"{TRASH_PREFIX}*/{conversation}"), None) if known else None
        take_back(self._folder, "" if kept is None else kept.parent.name.removeprefix(TRASH_PREFIX))
        return self.get(conversation)

    def tidy(self) -> None:
        """Delete permanently what can no longer be restored."""
        if self._folder.is_dir():
            empty_trash(self._folder, time.time() - KEPT_SECONDS)

    def discard(self, conversation: str) -> None:
        """Delete a conversation permanently, such as one in which nothing was said."""
        discard(self._folder, self._ended(conversation))

    # Inside

    def _folders(self) -> list[Path]:
        if not self._folder.is_dir():
            return []
        return [one for one in self._folder.iterdir() if _ID.fullmatch(one.name) and (one / JOURNAL).is_file()]

    def _ended(self, conversation: str) -> Path:
        folder = self.folder(conversation)
        if is_live(folder):
            raise InvalidInput("conversation.goes-on")
        return folder

    def _read(self, folder: Path) -> ConversationAccount:
        live = is_live(folder)
        began, entries, damaged = read_journal(folder)
        seconds = max(
            track_seconds(track_path(folder, TurnSpeaker.PERSON), began.person_rate),
            track_seconds(track_path(folder, TurnSpeaker.STUDIO), began.studio_rate),
        )
        return replayed(folder.name, began, entries, sound_seconds=seconds, live=live, damaged=damaged)

    def _summary(self, folder: Path) -> ConversationSummary:
        if is_live(folder):
            return self._read(folder).summary(live=True)
        size = (folder / JOURNAL).stat().st_size
        kept = _kept_summary(folder / SUMMARY)
        if kept is None or kept.journal_size != size:
            account = self._read(folder)
            summary = account.summary()
            _keep_summary(folder / SUMMARY, size, account)
            return summary
        return ConversationSummary(
            folder.name, kept.title, kept.began, kept.duration, kept.turns, kept.cuts, kept.first,
            unfinished=not kept.ended, partners=partners_of(kept.partners),
        )  # fmt: skip


def accounts_of(paths: DataPaths) -> ConversationAccounts:
    """The conversations of a studio."""
    return ConversationAccounts(paths.conversations)


def _kept_summary(path: Path) -> _KeptSummary | None:
    try:
        return _KeptSummary.model_validate_json(path.read_bytes())
    except (OSError, ValidationError):
        return None


def _keep_summary(path: Path, size: int, account: ConversationAccount) -> None:
    shown = account.summary()
    fields: dict[str, Any] = {
        "journal_size": size,
        "ended": account.ended,
        "partners": asdict(account.partners),
        **{name: getattr(shown, name) for name in ("title", "began", "duration", "turns", "cuts", "first")},
    }
    try:
        write_json(path, fields)
    except OSError:
        log.debug("The summary of a conversation could not be kept.")


def _title(title: str) -> str:
    return " ".join("".join(one if one.isprintable() else " " for one in title).split())[:LONGEST_TITLE]
