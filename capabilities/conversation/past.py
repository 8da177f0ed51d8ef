"""The list of past conversations with the studio and rehearsals of a scene."""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from capabilities.conversation.account.accounts import ConversationAccounts, accounts_of
from capabilities.conversation.account.export import ExportFormat, export, export_format, json_fields
from capabilities.conversation.account.model import ConversationSummary
from capabilities.conversation.rehearsal.following import WordState
from capabilities.conversation.rehearsal.report import KIND as REHEARSAL
from studio.errors import InvalidInput, NotFound
from studio.library import LibraryOutput
from studio.services import Services


class PastKind(StrEnum):
    """What it was."""

    CONVERSATION = "conversation"
    REHEARSAL = "rehearsal"


@dataclass(frozen=True)
class PastTalk:
    """One row of the list.

    Args:
        began: seconds since the epoch; of a rehearsal, when its report was written. duration: in seconds, 0 if unknown.
        turns: their number, or that of the person's lines. cuts: replies that were interrupted.
        first: the first words, or the result of the rehearsal.
    """

    kind: PastKind
    id: str
    title: str
    began: float
    duration: float = 0.0
    turns: int = 0
    cuts: int = 0
    first: str = ""
    live: bool = False
    unfinished: bool = False


class PastTalks:
    """Conversations and rehearsals of a studio by their ids. Rehearsals are results of the library, and go with it."""

    def __init__(self, studio: Services) -> None:
        self._studio = studio
        self.accounts: ConversationAccounts = accounts_of(studio.paths)

    def all(self, limit: int | None = None) -> list[PastTalk]:
        """The newest first."""
        rehearsals = (one for one in self._studio.library.list(limit=None, kinds=("text",)) if _is_rehearsal(one))
        found = [*map(_conversation, self.accounts.all()), *map(_rehearsal, rehearsals)]
        return sorted(found, key=lambda one: -one.began)[:limit]

    def fields(self, talk: str) -> dict[str, Any]:
        """One of them whole, as JSON values.

        Raises:
            NotFound: there is none with this id.
        """
        output = self._rehearsal(talk)
        if output is None:
            account = self.accounts.get(talk)
            return {"kind": PastKind.CONVERSATION.value, **json_fields(account)}
        return {
            "kind": PastKind.REHEARSAL.value, "id": output.id, "title": output.title, "began": output.created,
            "turns": _lines(output),
        }  # fmt: skip

    def delete(self, talk: str) -> str:
        """Remove it, to be brought back by `put_back` for half an hour. Gives its title.

        Raises:
            NotFound: there is none with this id. InvalidInput: it goes on now.
        """
        if self._rehearsal(talk) is not None:
            return self._studio.library.delete(talk).title
        return self.accounts.delete(talk).title

    def put_back(self, talk: str) -> str:
        """Undo `delete`. Gives the title.

        Raises:
            NotFound: it is not kept any more.
        """
        try:
            return self.accounts.put_back(talk).title
        except NotFound:
            return self._studio.library.put_back(talk).title

    def rename(self, talk: str, title: str) -> None:
        """
        Raises:
            NotFound: there is none with this id. InvalidInput: an empty title, or it goes on now.
        """
        if self._rehearsal(talk) is not None:
            self._studio.library.rename(talk, title)
        else:
            self.accounts.rename(talk, title)

    def export(self, talk: str, form: str) -> Path:
        """As a file, in one of the forms of `ExportFormat`; of a rehearsal "script", its report, and "json".

        Raises:
            NotFound: there is none with this id. InvalidInput: it is not given out in this form, or has no sound.
            MediaError, StorageError: the disk does not take it.
        """
        output, asked = self._rehearsal(talk), export_format(form)
        if output is None:
            return export(self.accounts, talk, asked, self._studio.paths.cache)
        if asked is ExportFormat.SCRIPT:
            return output.path
        found = next((path for path in output.companions if path.suffix == asked.ending), None)
        if found is None:
            raise InvalidInput("conversation.format-unknown", format=form, known="script, json")
        return found

    def _rehearsal(self, talk: str) -> LibraryOutput | None:
        try:
            found = self._studio.library.get(talk)
        except NotFound:
            return None
        return found if _is_rehearsal(found) else None


def _is_rehearsal(output: LibraryOutput) -> bool:
    return output.recipe.get("kind") == REHEARSAL


def _conversation(one: ConversationSummary) -> PastTalk:
    return PastTalk(
        PastKind.CONVERSATION, one.id, one.title, one.began, one.duration, one.turns, one.cuts, one.first, one.live,
        one.unfinished,
    )  # fmt: skip


def _rehearsal(output: LibraryOutput) -> PastTalk:
    facts = " · ".join(str(fact) for fact in output.recipe.get("facts", ()))
    return PastTalk(
        PastKind.REHEARSAL, output.id, output.title or output.id, output.created, turns=len(_lines(output)), first=facts
    )


def _lines(output: LibraryOutput) -> list[dict[str, Any]]:
    """The lines of a rehearsal's report as turns; [] where its data are gone."""
    path = next((one for one in output.companions if one.suffix == ".json"), None)
    try:
        report = {} if path is None else json.loads(path.read_text("utf-8"))
        return [_line(line, str(report.get("part", ""))) for line in report.get("lines", ())]
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return []


def _line(line: dict[str, Any], part: str) -> dict[str, Any]:
    def words(*states: WordState) -> str:
        return " ".join(str(text) for text, state, _ in line["words"] if state in states)

    return {
        "id": str(line["index"]),
        "speaker": "person",
        "name": part,
        "text": str(line["text"]),
        "heard": words(WordState.SAID, WordState.CHANGED),
        "unheard": words(WordState.LEFT_OUT),
    }
