"""Reads a journal back into a conversation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, fields

from capabilities.conversation.account.entries import (
    Began,
    Ended,
    Entry,
    Noted,
    StageReached,
    TextHeard,
    Titled,
    TurnBegan,
    TurnOver,
    TurnText,
    TurnTruncated,
    TurnWithdrawn,
    WordsHeard,
)
from capabilities.conversation.account.model import (
    ConversationAccount,
    ConversationTurn,
    Ending,
    Partners,
    Stage,
    TurnNote,
    TurnSpeaker,
)
from media.text.cues import TimedWord
from studio.licences import LicenceTerms, LicensedPart

_ROUNDING = 1e-6


@dataclass
class _ReplayedTurn:
    """A turn while its entries are read."""

    id: str
    speaker: TurnSpeaker
    began: float
    speech_end: float | None
    last: float
    ending: Ending = Ending.OPEN
    text: str = ""
    words: list[TimedWord] = field(default_factory=list)
    marks: dict[Stage, float] = field(default_factory=dict)
    notes: list[TurnNote] = field(default_factory=list)
    told: tuple[str, str] | None = None

    def take(self, entry: Entry) -> None:
        match entry:
            case TurnText(text=text, more=more):
                self.text = self.text + text if more else text
            case WordsHeard(words=words):
                self.words += [TimedWord(text, start, end) for text, start, end in words]
                self.last = max([self.last, *(end for _, _, end in words)])
            case TextHeard(heard=heard, unheard=unheard):
                self.told = (heard.strip(), self._rest(heard) if unheard is None else unheard.strip())
                self.ending = Ending.CUT if self.told[1] else self.ending
            case StageReached(stage=stage, at=at):
                self.marks.setdefault(stage, at)
            case TurnTruncated(at=at):
                self.words = [word for word in self.words if word.end <= at + _ROUNDING]
                self.ending, self.last = Ending.CUT, max(self.began, min(self.last, at))
            case TurnOver(at=at, ending=ending):
                self.ending = Ending.CUT if self.ending is Ending.CUT else ending
                self.last = at if ending is not Ending.CUT else max(self.began, at)
            case Noted(at=at, what=what, text=text):
                self.notes.append(TurnNote(at, what, text))
            case _:
                pass

    def _rest(self, heard: str) -> str:
        """What follows `heard` in all that there was."""
        everything = " ".join(filter(None, self.told)) if self.told else self.text
        return everything[len(heard) :].strip() if everything.startswith(heard.strip()) else ""

    def finished(self, *, live: bool) -> ConversationTurn:
        ending = Ending.CUT if self.ending is Ending.OPEN and not live else self.ending
        began = max(self.began, self.marks.get(Stage.HEARD, self.began))
        return ConversationTurn(
            self.id, self.speaker, began, max(began, self.last), ending, self.text, tuple(self.words),
            self.speech_end, dict(self.marks), tuple(self.notes),
            self.told,
        )  # fmt: skip


def replayed(
    conversation: str, began: Began, entries: Sequence[Entry], *, sound_seconds: float = 0.0, live: bool = False, damaged: int = 0
) -> ConversationAccount:
    """Return the conversation that the entries describe.

    A turn that is open at their end was cut there, unless the conversation is live. Entries of turns that were never begun are
    ignored.

    Args:
        sound_seconds: the length of its tracks, if that exceeds the entries.
    """
    turns: dict[str, _ReplayedTurn] = {}
    notes: list[TurnNote] = []
    title, ended, last = began.title, "", 0.0
    for entry in entries:
        last = max(last, getattr(entry, "at", 0.0))
        match entry:
            case TurnBegan(turn=turn, speaker=speaker, at=at, speech_end=speech_end):
                turns.setdefault(turn, _ReplayedTurn(turn, speaker, at, speech_end, at))
            case TurnWithdrawn(turn=turn):
                turns.pop(turn, None)
            case Titled(title=given):
                title = given
            case Ended(why=why):
                ended = why
            case Noted(at=at, what=what, text=text) if entry.turn not in turns:
                notes.append(TurnNote(at, what, text))
            case _:
                if found := turns.get(getattr(entry, "turn", "")):
                    found.take(entry)
                    last = max(last, found.last)
    found_turns = tuple(one.finished(live=live) for one in sorted(turns.values(), key=lambda one: one.began))
    return ConversationAccount(
        conversation, title, began.began, max(last, sound_seconds), found_turns, partners_of(began.partners), ended, tuple(notes),
        damaged, (began.person_rate, began.studio_rate), began.consent,
        LicenceTerms(tuple(LicensedPart(**part.model_dump()) for part in began.licences)),
    )  # fmt: skip


def partners_of(given: dict[str, str]) -> Partners:
    known = {one.name for one in fields(Partners)}
    return Partners(**{name: value for name, value in given.items() if name in known})
