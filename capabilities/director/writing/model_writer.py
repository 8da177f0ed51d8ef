"""Writes a board with a language model: first the points, then each point by itself, so that no scene repeats another.

A small model that sees earlier scenes repeats them, and its answers for all scenes at once are unusable; therefore it is asked
for five points of one line each, and then for words and picture of each point without the others. Unusable answers are requested
again; if that fails, the point itself is spoken. Facts are not verified, which the board says.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict, Field

from capabilities.director.document.model import BoardLine, BoardOrigin, BoardScene, BoardShot, CastMember, Look, Project
from capabilities.director.writing.template import PRESENTER, Idea, idea_of
from engines.contract import ChatMessage, ChatRequest
from studio.errors import GreenroomError
from studio.language.json_answers import AnswerWrongError, Check, model_check

POINTS = 5
_LEAST, _MOST = 8, 60
_ALIKE = 0.6
_ORDERS = {
    "story": "who and where, what goes wrong, the search, the turn, the end",
    "tips": "five pieces of advice, the simplest first",
    "explain": "what it is, how it begins, how it works, where one meets it, why it matters",
}
_EXAMPLES = {
    "story": '{"points": ["A baker hears his oven whisper at night", "One morning no bread will rise", '
    '"He follows the warm smell through the sleeping town", "A child has fed the oven her sad letters", '
    '"He bakes the letters into rolls, and the town wakes lighter"]}',
    "tips": '{"points": ["Walk the route once before the day", "Put everything you need beside the door", '
    '"Eat something plain an hour before", "Say your first sentence aloud", "Leave early enough to be bored"]}',
    "explain": '{"points": ["A candle burns the vapour of its wax and not the wax", "The match melts a small pool first", '
    '"The wick draws the liquid up to the heat", "The yellow glow is soot so hot that it shines", '
    '"Blown out, it leaves a thread of vapour that burns again"]}',
}
_SCENE = (
    "You write one scene of a short film. Say exactly two plain sentences for the ear about the point you are given, and nothing "
    "else. Describe in a few words one simple picture that can be painted: a place, its light, one or two things."
)
_ASKED = 'Film: "The baker". Point: "A baker hears his oven whisper at night".'
_SAID = (
    '{"say": "Every night, when the last tray was out, the baker heard his oven whisper. He never told anybody what it said.",'
    ' "see": "a small bakery in a village at night, a window with warm light"}'
)

Ask = Callable[[ChatRequest, Check[BaseModel]], BaseModel]
"""Asks a model for a value of a shape; raises what studio.language raises."""


class Outline(BaseModel):
    """The points of a film, one line each."""

    model_config = ConfigDict(extra="forbid")

    points: list[str] = Field(min_length=POINTS, max_length=POINTS)


class SceneText(BaseModel):
    """Words and picture of one scene."""

    model_config = ConfigDict(extra="forbid")

    say: str
    see: str


@dataclass(frozen=True)
class WrittenBoard:
    """A board, and the points that serve as their own text."""

    project: Project
    bare: tuple[int, ...]


def board_by_model(topic: str, seed: int, ask: Ask, by: str, told: Callable[[int], None]) -> WrittenBoard:
    """Write a board.

    Args:
        by: the model's name.
        told: called with the number of answered questions before each; may raise.

    Raises:
        InvalidInput: there is no topic.
        LanguageError, EngineError: the model gave no points.
    """
    idea = idea_of(topic)
    told(0)
    outline = ask(_outline(idea, seed), _outline_check)
    assert isinstance(outline, Outline)
    shots: list[BoardShot] = []
    bare: list[int] = []
    for number, point in enumerate(outline.points):
        told(number + 1)
        scene = _scene(idea, point, seed + number, [shot.lines[0].text for shot in shots], ask)
        if scene is None:
            bare.append(number + 1)
        shots.append(_shot(point, scene, number))
    words = topic.strip().rstrip(".")
    project = Project(
        title=f"{words[:1].upper()}{words[1:120]}", topic=topic.strip(), origin=BoardOrigin(by=by[:200], facts="not checked"),
        cast={PRESENTER: CastMember()}, look=Look(seed=seed), scenes=(BoardScene(shots=tuple(shots)),),
    )  # fmt: skip
    return WrittenBoard(project, tuple(bare))


def _outline(idea: Idea, seed: int) -> ChatRequest:
    told = (
        f"You plan short films of five scenes. Give five points of 6 to 16 words, in this order: {_ORDERS[idea.kind]}. "
        "Each is a sentence of its own; none repeats another."
    )
    asked = {"story": "a baker and his oven", "tips": "tips for a first race", "explain": "how a candle burns"}[idea.kind]
    chat = (
        ChatMessage("system", told), ChatMessage("user", f"Topic: {asked}"), ChatMessage("assistant", _EXAMPLES[idea.kind]),
        ChatMessage("user", f"Topic: {idea.topic}"),
    )  # fmt: skip
    return ChatRequest(chat, 400, 0.5, seed, Outline.model_json_schema())


def _outline_check(value: object) -> Outline:
    found: Outline = model_check(Outline)(value)
    points = [" ".join(point.split()).strip('"') for point in found.points]
    if any(len(point.split()) < 3 for point in points) or len({point.casefold() for point in points}) < POINTS:
        raise AnswerWrongError("Each of the five points is a sentence of its own, and none repeats another.")
    return Outline(points=points)


def _scene(idea: Idea, point: str, seed: int, before: list[str], ask: Ask) -> SceneText | None:
    """Return words and picture for a point; None without a usable answer."""
    chat = (
        ChatMessage("system", _SCENE), ChatMessage("user", _ASKED), ChatMessage("assistant", _SAID),
        ChatMessage("user", f'Film: "{idea.subject}". Point: "{point}".'),
    )  # fmt: skip

    def check(value: object) -> SceneText:
        found: SceneText = model_check(SceneText)(value)
        say = _whole_sentences(found.say)
        words = len(say.split())
        if not _LEAST <= words <= _MOST:
            raise AnswerWrongError(f"Say two whole sentences, {_LEAST} to {_MOST} words together, not {words}.")
        if any(_overlap(say, one) > _ALIKE for one in before):
            raise AnswerWrongError("That was said in another scene; say something of this point alone.")
        return SceneText(say=say, see=" ".join(found.see.split())[:300])

    try:
        found = ask(ChatRequest(chat, 200, 0.4, seed, SceneText.model_json_schema()), check)
    except GreenroomError as error:
        if error.code not in _OF_THE_SCENE:
            raise
        return None
    assert isinstance(found, SceneText)
    return found


_OF_THE_SCENE = frozenset({"llm.refused", "llm.no-json", "llm.wrong-shape", "llm.answered-nothing"})
"""Failures that say something of one scene, and nothing of the next."""


def _whole_sentences(text: str) -> str:
    """Return the text up to its last full stop."""
    told = " ".join(text.split())
    end = max(told.rfind(sign) for sign in ".!?")
    return told[: end + 1]


def _overlap(one: str, other: str) -> float:
    """Return the share of a text's longer words that another one contains."""
    words = {word.strip(".,!?;:\"'").casefold() for word in one.split() if len(word) > 3}
    others = {word.strip(".,!?;:\"'").casefold() for word in other.split() if len(word) > 3}
    return len(words & others) / len(words) if words else 0.0


def _shot(point: str, scene: SceneText | None, number: int) -> BoardShot:
    said = scene.say if scene else f"{point.rstrip('.')}."
    see = scene.see if scene and scene.see else point
    show = "presenter" if number in (0, POINTS - 1) else "animatic"
    return BoardShot.model_validate({"show": show, "see": see, "lines": (BoardLine(who=PRESENTER, text=said),)})
