"""A recorded conversation as values. All times are seconds on one clock, which begins with the conversation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from media.text.cues import TimedWord
from studio.licences import UNKNOWN, LicenceTerms


class TurnSpeaker(StrEnum):
    """Who has the turn."""

    PERSON = "person"
    STUDIO = "studio"


class Stage(StrEnum):
    """The stages between the end of the person's speech and the first sound that they hear, in this order."""

    VAD = "vad"
    """The pause was noticed."""
    TURN = "turn"
    """It was taken for the end of the turn."""
    ASR = "asr"
    """The person's words were known."""
    FIRST_TOKEN = "first_token"
    """The language model began to answer."""
    FIRST_SOUND = "first_sound"
    """The voice's first sound was sent."""
    HEARD = "heard"
    """It was heard, by the listener's own clock."""


class Ending(StrEnum):
    """How a turn ended."""

    OPEN = "open"
    """It goes on."""
    WHOLE = "whole"
    CUT = "cut"
    """It was interrupted, or the studio ended in the middle of it."""


@dataclass(frozen=True)
class ConversationTurn:
    """What one side said without a break.

    Args:
        text: the person's words as recognised, or the whole text of the studio's reply.
        words: those of the studio's reply whose sound was heard, with their times; () for a person's turn.
        told: the heard and the unheard text as the client reports it, which takes precedence over the words; None without a
            report.
        began, ended: of its sound. speech_end: when the person had stopped speaking, for the reply that follows: zero of `marks`.
        marks: when each stage was reached.
        notes: other events: ducked, resumed, a tool that was called.
    """

    id: str
    speaker: TurnSpeaker
    began: float
    ended: float
    ending: Ending = Ending.OPEN
    text: str = ""
    words: tuple[TimedWord, ...] = ()
    speech_end: float | None = None
    marks: Mapping[Stage, float] = field(default_factory=dict)
    notes: tuple[TurnNote, ...] = ()
    told: tuple[str, str] | None = None

    @property
    def heard(self) -> str:
        """What was heard: everything that a person said; of a reply the words whose sound was played."""
        if self._whole:
            return self.text
        if self.told is not None:
            return self.told[0]
        return self.text[: self._reached].strip() if self._reached else " ".join(word.text for word in self.words)

    @property
    def unheard(self) -> str:
        """The text of the reply that was not heard."""
        if self._whole:
            return ""
        if self.told is not None:
            return self.told[1]
        return self.text[self._reached :].strip()

    @property
    def cut(self) -> bool:
        """Whether a reply was interrupted, or not heard at all."""
        return self.speaker is TurnSpeaker.STUDIO and self.ending is not Ending.OPEN and bool(self.unheard)

    @property
    def waterfall(self) -> dict[Stage, float]:
        """Seconds from the end of the person's speech to each stage that was noted, in order."""
        if self.speech_end is None:
            return {}
        return {stage: round(self.marks[stage] - self.speech_end, 3) for stage in Stage if stage in self.marks}

    @property
    def _whole(self) -> bool:
        return self.speaker is TurnSpeaker.PERSON or self.ending is Ending.WHOLE

    @property
    def _reached(self) -> int:
        """Where in `text` the last heard word ends, with the marks that stand at it; 0 where none of them is found there."""
        at = 0
        for word in self.words:
            found = self.text.find(word.text, at)
            at = found + len(word.text) if found >= 0 else at
        while at and at < len(self.text) and not self.text[at].isspace() and not self.text[at].isalnum():
            at += 1
        return at


@dataclass(frozen=True)
class TurnNote:
    """An event at a time: `what` as a word for programs, `text` for people."""

    at: float
    what: str
    text: str = ""


@dataclass(frozen=True)
class Partners:
    """The two sides of a conversation, as names that people read.

    Args:
        person, studio: the names of the two sides in a script.
        voice, voice_engine: the studio's voice, as `voiceover` names it, and its engine.
        mind: the language model. ear: the recogniser. persona: the instructions of the language model.
        language: BCP-47 tag. via: "page", or the protocol of a program.
    """

    person: str = "You"
    studio: str = "Greenroom"
    voice: str = ""
    voice_engine: str = ""
    mind: str = ""
    ear: str = ""
    persona: str = ""
    language: str = "en"
    via: str = "page"


@dataclass(frozen=True)
class ConversationSummary:
    """A conversation as a list shows it.

    Args:
        began: seconds since the epoch. live: it is going on. unfinished: the studio ended during it.
        first: the first words, shortened.
    """

    id: str
    title: str
    began: float
    duration: float
    turns: int
    cuts: int
    first: str = ""
    live: bool = False
    unfinished: bool = False
    partners: Partners = Partners()


@dataclass(frozen=True)
class ConversationAccount:
    """The whole record of a conversation, except its sound."""

    id: str
    title: str
    began: float
    duration: float
    turns: tuple[ConversationTurn, ...]
    partners: Partners
    ended: str = ""
    """Why it ended; "" while it goes on, or where the studio was ended in the middle of it."""
    notes: tuple[TurnNote, ...] = ()
    """What happened outside of every turn."""
    damaged_lines: int = 0
    """Lines of the journal that could not be read."""
    rates: tuple[int, int] = (16_000, 24_000)
    """Of the person's track and of the studio's, in hertz."""
    consent: str = ""
    """Recorded for the voice in which the studio spoke."""
    terms: LicenceTerms = UNKNOWN
    """Licences of that voice and of the engine that spoke it."""

    def turn(self, turn: str) -> ConversationTurn | None:
        return next((one for one in self.turns if one.id == turn), None)

    def name_of(self, turn: ConversationTurn) -> str:
        """What who has the turn is called."""
        return self.partners.person if turn.speaker is TurnSpeaker.PERSON else self.partners.studio

    def latency(self) -> dict[Stage, dict[str, float]]:
        """The spread of each stage over all replies: median, 95th percentile and worst, in seconds from the end of speech."""
        spread: dict[Stage, dict[str, float]] = {}
        for stage in Stage:
            values = sorted(one.waterfall[stage] for one in self.turns if stage in one.waterfall)
            if values:
                spread[stage] = {"p50": _at(values, 0.5), "p95": _at(values, 0.95), "max": values[-1], "count": len(values)}
        return spread

    def summary(self, *, live: bool = False) -> ConversationSummary:
        first = next((one.heard for one in self.turns if one.heard), "")
        return ConversationSummary(
            self.id, self.title, self.began, self.duration, len(self.turns), sum(one.cut for one in self.turns),
            first[:120], live, not live and not self.ended, self.partners,
        )  # fmt: skip


def _at(ordered: Sequence[float], share: float) -> float:
    """The value below which this share of the others lies (nearest rank)."""
    return ordered[min(len(ordered) - 1, round(share * (len(ordered) - 1)))]


def turn_fields(account: ConversationAccount, turn: ConversationTurn) -> dict[str, Any]:
    """A turn as JSON values, for the API and for export."""
    return {
        "id": turn.id,
        "speaker": turn.speaker.value,
        "name": account.name_of(turn),
        "began": round(turn.began, 3),
        "ended": round(turn.ended, 3),
        "ending": turn.ending.value,
        "text": turn.text,
        "heard": turn.heard,
        "unheard": turn.unheard,
        "words": [[word.text, round(word.start, 3), round(word.end, 3)] for word in turn.words],
        "waterfall": {stage.value: seconds for stage, seconds in turn.waterfall.items()},
        "notes": [{"at": round(note.at, 3), "what": note.what, "text": note.text} for note in turn.notes],
    }
