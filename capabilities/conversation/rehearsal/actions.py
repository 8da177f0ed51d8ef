"""The actions that a rehearsal requests, and the results of the person's lines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from capabilities.conversation.rehearsal.following import Followed, WordState


@dataclass(frozen=True)
class PlayLine:
    """Play a line of another part, [start, end) of the narration; then call `played`."""

    index: int
    start: float
    end: float


@dataclass(frozen=True)
class YourTurn:
    """It is the person's line now: listen."""

    index: int


@dataclass(frozen=True)
class Following:
    """How far the person is in their line."""

    index: int
    followed: Followed


@dataclass(frozen=True)
class Prompt:
    """Prompt the person: `text` is what comes next, [start, end) its place in the narration. Then call `prompt_played`."""

    index: int
    text: str
    start: float
    end: float


@dataclass(frozen=True)
class LineResult:
    """The result of a line of the person.

    Args:
        followed: the whole line compared with everything that was heard.
        pickup: seconds from the end of the cue to their first sound; None if nothing was heard.
        prompts: number of prompts.
        by_hand: the person ended the line by hand; it need not have been heard.
        passed_over: the person continued with a later line.
    """

    index: int
    text: str
    followed: Followed
    pickup: float | None = None
    prompts: int = 0
    by_hand: bool = False
    passed_over: bool = False

    @property
    def heard(self) -> bool:
        """Whether anything of the line was heard."""
        return self.followed.count(WordState.SAID) + self.followed.count(WordState.CHANGED) > 0

    @property
    def perfect(self) -> bool:
        return self.followed.perfect and not self.prompts


@dataclass(frozen=True)
class LineOver:
    """A line of the person is over."""

    result: LineResult


@dataclass(frozen=True)
class SceneOver:
    """The last line is over; `results` of all that were the person's."""

    results: tuple[LineResult, ...]


Action = PlayLine | YourTurn | Following | Prompt | LineOver | SceneOver


def summary(results: Sequence[LineResult]) -> dict[str, int]:
    """Counts over the lines of a run: how many, word-perfect, with changes, with words left out, prompted, passed over."""
    return {
        "lines": len(results),
        "perfect": sum(one.perfect for one in results),
        "changed": sum(one.followed.count(WordState.CHANGED) > 0 for one in results),
        "left_out": sum(one.heard and one.followed.count(WordState.LEFT_OUT) > 0 for one in results),
        "prompted": sum(one.prompts > 0 for one in results),
        "passed_over": sum(one.passed_over for one in results),
        "by_hand": sum(one.by_hand for one in results),
    }
