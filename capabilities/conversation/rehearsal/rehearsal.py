"""A run through a scene in which a person speaks one part. Has no clock, sound or socket of its own.

Every method reports an event, at a time in seconds on the caller's clock, and returns the actions to take now, in order.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from capabilities.conversation.rehearsal.actions import (
    Action,
    Following,
    LineOver,
    LineResult,
    PlayLine,
    Prompt,
    SceneOver,
    YourTurn,
)
from capabilities.conversation.rehearsal.following import Followed, LineWords, WordState
from capabilities.conversation.rehearsal.scene import RehearsalScene, SceneLine
from studio.errors import InvalidInput
from studio.verification.text_normalisation import comparable_words

PROMPT_WORDS = 4
"""So many words of the line a first prompt gives; a second one at the same place gives all that is left of it."""

LOOK_AHEAD = 3
"""So many of the person's later lines are considered when what is heard does not fit the present one."""

_ELSEWHERE_WORDS, _ELSEWHERE_SHARE, _HERE_SHARE = 3, 0.7, 0.34
"""A later line was begun when at least so many words are heard, this share of them fits there and no more than that here."""


@dataclass
class _Turn:
    """The person's line that is going on."""

    line: SceneLine
    words: LineWords
    began: float
    heard: str = ""
    pickup: float | None = None
    prompts: int = 0
    prompted_at: int = -1
    """How many words were behind the person at the last prompt."""
    last: float = 0.0
    """When anything was last said or heard; from then on a pause counts."""
    speaking: bool = False

    def followed(self, *, over: bool = False) -> Followed:
        return self.words.follow(self.heard, over=over)


@dataclass
class Rehearsal:
    """The state of one run. For one thread.

    Args:
        part: the person's part. prompt_after: seconds of silence after which they are prompted; 0 = never.

    Raises:
        InvalidInput: there is no such speaker in the scene.
    """

    scene: RehearsalScene
    part: str
    prompt_after: float = 4.0
    results: dict[int, LineResult] = field(default_factory=dict)
    _turn: _Turn | None = None
    _playing: int | None = None

    def __post_init__(self) -> None:
        if self.part not in self.scene.parts:
            raise InvalidInput("rehearsal.part-unknown", part=self.part or "the narrator", title=self.scene.title)

    @property
    def listening(self) -> bool:
        """Whether sound of the microphone belongs to a line now."""
        return self._turn is not None

    @property
    def expected(self) -> str:
        """The person's present line; "" while another part speaks."""
        return self._turn.line.text if self._turn else ""

    # What happens

    def go_to(self, index: int, now: float) -> list[Action]:
        """Begin, or go on, at a line; clamped to those that there are."""
        self._turn = self._playing = None
        return self._at(max(0, min(index, len(self.scene.lines) - 1)), now)

    def played(self, index: int, now: float) -> list[Action]:
        """A line of another part has been heard to its end."""
        if self._playing != index:
            return []
        self._playing = None
        return self._at(index + 1, now)

    def prompt_played(self, now: float) -> list[Action]:
        """A prompt has been heard to its end; the person's pause begins anew."""
        if self._turn:
            self._turn.last = now
        return []

    def speech(self, now: float, *, going_on: bool) -> list[Action]:
        """The person has begun to speak, or paused."""
        turn = self._turn
        if turn is not None:
            turn.speaking, turn.last = going_on, now
            if going_on and turn.pickup is None:
                turn.pickup = now - turn.began
        return []

    def heard(self, text: str, now: float) -> list[Action]:
        """All that was heard in the present line so far, as text."""
        turn = self._turn
        if turn is None or text == turn.heard:
            return []
        before = turn.followed().count(WordState.SAID)
        fresh = text[len(turn.heard) :] if text.startswith(turn.heard) else text
        turn.heard, turn.last = text, now
        followed = turn.followed()
        if followed.complete:
            return self._over(now)
        later = self._elsewhere(fresh, followed.count(WordState.SAID) - before)
        if later is not None:
            return self._passed_over_to(later, fresh, now)
        return [Following(turn.line.index, followed)]

    def tick(self, now: float) -> list[Action]:
        """Time has passed: prompt if the person has been silent for too long."""
        turn = self._turn
        if turn is None or not self.prompt_after or turn.speaking or now - turn.last < self.prompt_after:
            return []
        if turn.prompted_at == turn.followed().reached and turn.prompts >= 2:
            return []
        return self.prompt(now)

    def prompt(self, now: float) -> list[Action]:
        """Prompt the person, automatically or because they asked."""
        turn = self._turn
        if turn is None:
            return []
        reached = turn.followed().reached
        words = turn.words.written[reached:]
        if turn.prompted_at != reached:
            words = words[:PROMPT_WORDS]
        turn.prompted_at, turn.prompts, turn.last = reached, turn.prompts + 1, now
        start, end = _place(turn.line, reached, len(words), len(turn.words.written))
        return [Prompt(turn.line.index, " ".join(words), start, end)]

    def said(self, now: float) -> list[Action]:
        """The person ends their line by hand."""
        return self._over(now, by_hand=True) if self._turn else []

    # What follows from it

    def _at(self, index: int, now: float) -> list[Action]:
        if index >= len(self.scene.lines):
            return [SceneOver(tuple(self.results[at] for at in sorted(self.results)))]
        line = self.scene.lines[index]
        if line.speaker != self.part:
            self._playing = index
            return [PlayLine(index, line.start, line.end)]
        self._turn = _Turn(line, LineWords(line.text, self.scene.language), now, last=now)
        return [YourTurn(index)]

    def _over(self, now: float, *, by_hand: bool = False, passed_over: bool = False) -> list[Action]:
        turn = self._turn
        assert turn is not None
        result = LineResult(
            turn.line.index,
            turn.line.text,
            turn.followed(over=True),
            turn.pickup,
            turn.prompts,
            by_hand,
            passed_over,
        )
        self.results[turn.line.index] = result
        self._turn = None
        done: list[Action] = [LineOver(result)]
        return done if passed_over else done + self._at(turn.line.index + 1, now)

    def _elsewhere(self, fresh: str, fits_here: int) -> SceneLine | None:
        """The later line of the person that they have begun instead of the present one."""
        turn = self._turn
        assert turn is not None
        count = len(comparable_words(fresh, self.scene.language))
        if count < _ELSEWHERE_WORDS or fits_here > _HERE_SHARE * count:
            return None
        ahead = [line for line in self.scene.own(self.part) if line.index > turn.line.index][:LOOK_AHEAD]
        shares = {
            line.index: LineWords(line.text, self.scene.language).follow(fresh).count(WordState.SAID) / count
            for line in ahead
        }  # fmt: skip
        best = max(ahead, key=lambda line: (shares[line.index], -line.index), default=None)
        return best if best is not None and shares[best.index] >= _ELSEWHERE_SHARE else None

    def _passed_over_to(self, later: SceneLine, fresh: str, now: float) -> list[Action]:
        turn = self._turn
        assert turn is not None
        turn.heard = turn.heard[: len(turn.heard) - len(fresh)].strip()
        actions = self._over(now, passed_over=True)
        for line in self.scene.own(self.part):
            if turn.line.index < line.index < later.index:
                missed = LineWords(line.text, self.scene.language).follow("", over=True)
                self.results[line.index] = LineResult(line.index, line.text, missed, passed_over=True)
                actions.append(LineOver(self.results[line.index]))
        actions += self._at(later.index, now)
        return actions + self.heard(fresh, now)


def _place(line: SceneLine, first: int, count: int, total: int) -> tuple[float, float]:
    """Where words of a line lie in the narration. Without times of its words the line's length is shared out among them."""
    if len(line.words) == total and count:
        return line.words[first].start, line.words[first + count - 1].end
    share = line.duration / max(1, total)
    return line.start + first * share, line.start + (first + count) * share
