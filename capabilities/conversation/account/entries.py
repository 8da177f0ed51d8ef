"""The entries of a journal, one per line: each a JSON object with its `entry`. Times are seconds since the conversation began.

Entries are only ever added. Readers ignore fields and entries of later versions that they do not know.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from capabilities.conversation.account.model import Ending, Stage, TurnSpeaker

FORMAT = 1
LONGEST_TEXT = 200_000


class _Entry(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True, allow_inf_nan=False)


class _Licence(_Entry):
    name: str
    licence: str = ""
    commercial_use: bool | None = None


class Began(_Entry):
    """The first line. `began`: seconds since the epoch; rates of the two tracks in hertz; `consent` and `licences` of the
    voice in which the studio speaks, as they were then."""

    entry: Literal["began"] = "began"
    format: int = FORMAT
    began: float
    title: str
    person_rate: int
    studio_rate: int
    partners: dict[str, str] = {}
    consent: str = ""
    licences: list[_Licence] = []


class TurnBegan(_Entry):
    entry: Literal["turn"] = "turn"
    turn: str
    speaker: TurnSpeaker
    at: float
    speech_end: float | None = None


class TurnText(_Entry):
    """The turn's text so far replaced, or, with `more`, gone on with."""

    entry: Literal["text"] = "text"
    turn: str
    text: str = Field(max_length=LONGEST_TEXT)
    more: bool = False


class WordsHeard(_Entry):
    """Words of a reply whose sound was heard, with start and end."""

    entry: Literal["heard"] = "heard"
    turn: str
    words: list[tuple[str, float, float]]


class TextHeard(_Entry):
    """The text of a reply that was heard, and the text that was not; without `unheard`, the rest of the text."""

    entry: Literal["heard_text"] = "heard_text"
    turn: str
    heard: str = Field(max_length=LONGEST_TEXT)
    unheard: str | None = Field(None, max_length=LONGEST_TEXT)


class StageReached(_Entry):
    entry: Literal["stage"] = "stage"
    turn: str
    stage: Stage
    at: float


class TurnTruncated(_Entry):
    """Words that end after `at` were not heard, by a later report."""

    entry: Literal["truncated"] = "truncated"
    turn: str
    at: float


class TurnOver(_Entry):
    entry: Literal["over"] = "over"
    turn: str
    at: float
    ending: Ending = Ending.WHOLE


class TurnWithdrawn(_Entry):
    """The turn is removed: nothing was said, or the reply was dropped before any of it was made."""

    entry: Literal["withdrawn"] = "withdrawn"
    turn: str


class Noted(_Entry):
    entry: Literal["note"] = "note"
    at: float
    what: str
    text: str = ""
    turn: str = ""


class Titled(_Entry):
    entry: Literal["title"] = "title"
    title: str


class Ended(_Entry):
    entry: Literal["ended"] = "ended"
    at: float
    why: str


Entry = (
    Began | TurnBegan | TurnText | WordsHeard | TextHeard | StageReached | TurnTruncated | TurnOver | TurnWithdrawn
    | Noted | Titled | Ended
)  # fmt: skip
ENTRY = TypeAdapter[Entry](Annotated[Entry, Field(discriminator="entry")])
