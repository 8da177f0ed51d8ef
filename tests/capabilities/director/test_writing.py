"""Boards from topics and notes: by rule, and by a language model that answers well, badly, or not at all."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from pydantic import BaseModel

from capabilities.director.writing.model_writer import board_by_model
from capabilities.director.writing.template import WRITER, board_of, idea_of
from engines.contract import ChatRequest
from studio.errors import InvalidInput
from studio.language.errors import LanguageError
from studio.language.json_answers import AnswerWrongError, Check, parse_answer

TOPICS = (
    "a lighthouse keeper who loses his light", "How to prepare for a job interview", "why the sky is blue", "Bees",
    "a ghost story in an old house", "Make a video about sourdough bread", "The history of the bicycle", "猫", "I",
)  # fmt: skip


@pytest.mark.parametrize("topic", TOPICS)
@pytest.mark.parametrize("seed", range(4))
def test_every_topic_becomes_a_film_of_half_a_minute_to_a_minute(topic: str, seed: int) -> None:
    project = board_of(topic, seed=seed)
    shots = list(project.shots())
    words = sum(len(line.text.split()) for line in project.lines())
    assert 5 <= len(shots) <= 8
    assert 60 <= words <= 140
    assert shots[0].show == shots[-1].show == "presenter"
    assert project.origin.by == WRITER
    assert all(
        "{" not in f"{line.text}{shot.see}" and line.text[0].isupper() for shot in shots for line in shot.lines if line.text
    )
    assert board_of(topic, seed=seed).model_dump(exclude={"scenes"}) == project.model_dump(exclude={"scenes"})
    assert [line.text for line in board_of(topic, seed=seed).lines()] == [line.text for line in project.lines()]


def test_kinds_are_told_apart() -> None:
    kinds = [idea_of(topic).kind for topic in TOPICS[:6]]
    assert kinds == ["story", "tips", "explain", "explain", "story", "explain"]
    assert idea_of(TOPICS[0]).who == "a lighthouse keeper"


def test_notes_are_said_sentence_by_sentence_and_nothing_else_is() -> None:
    notes = "Honey is made by bees.\n- They collect nectar from flowers. It dries in the comb.\n\n* A bee visits many."
    project = board_of("", notes)
    said = " ".join(line.text for line in project.lines())
    assert said == "Honey is made by bees. They collect nectar from flowers. It dries in the comb. A bee visits many."
    assert project.origin.facts == "from the notes"


@pytest.mark.parametrize("topic", ["", "  \n", "x" * 301])
def test_what_is_no_topic_is_refused(topic: str) -> None:
    with pytest.raises(InvalidInput):
        board_of(topic)


POINTS = [f"Point {word} says something of its own" for word in ("one", "two", "three", "four", "five")]
WORDS = ["harbour lamp", "copper kettle", "garden clover", "winter chimney", "postman letter"]
TEXTS = [
    "The harbour keeps one lamp burning all night. Ships count its flashes.",
    "Copper kettles whistle long before breakfast here. Nobody minds.",
    "Behind every garden wall some clover grows. It feeds whole hives.",
    "Winter climbs down each chimney in turn. Children hear it arrive.",
    "An old postman carries letters without addresses. Still they reach people.",
]


def scene(number: int) -> str:
    return json.dumps({"say": TEXTS[number], "see": f"a {WORDS[number]}"})


def asking(answers: Callable[[str], str]) -> Callable[[ChatRequest, Check[BaseModel]], BaseModel]:
    """A model that answers by a function of the last question, and is asked three times as the studio does."""

    def ask(request: ChatRequest, check: Check[BaseModel]) -> BaseModel:
        for _ in range(3):
            try:
                return parse_answer(answers(request.messages[-1].content), check).value
            except AnswerWrongError:
                continue
        raise LanguageError("llm.wrong-shape", retryable=True, tries=3)

    return ask


def number_in(question: str) -> int:
    return next((index for index, point in enumerate(POINTS) if point in question), -1)


def test_a_model_that_answers_well_writes_the_board() -> None:
    def answers(question: str) -> str:
        number = number_in(question)
        return json.dumps({"points": POINTS}) if number < 0 else scene(number)

    told: list[int] = []
    made = board_by_model("why lamps burn", 3, asking(answers), "Small Model", told.append)
    assert made.bare == ()
    assert told == [0, 1, 2, 3, 4, 5]
    assert [shot.see for shot in made.project.shots()] == [f"a {words}" for words in WORDS]
    assert (made.project.origin.by, made.project.origin.facts) == ("Small Model", "not checked")


@pytest.mark.parametrize(
    "bad",
    [
        "no JSON at all", '{"say": "Too short.", "see": "x"}', '{"say": ', '{"answer": 3}', "[]", scene(0),
        json.dumps({"say": "No end to this sentence " * 6, "see": ""}), json.dumps({"say": "word " * 200 + ".", "see": ""}),
    ],
)  # fmt: skip
def test_a_scene_that_cannot_be_used_says_its_point_and_the_board_is_whole(bad: str) -> None:
    def answers(question: str) -> str:
        number = number_in(question)
        return json.dumps({"points": POINTS}) if number < 0 else bad if number == 2 else scene(number)

    made: Any = board_by_model("why lamps burn", 3, asking(answers), "m", lambda answered: None)
    assert made.bare == (3,)
    texts = [line.text for line in made.project.lines()]
    assert texts[2] == f"{POINTS[2]}."
    assert len(texts) == 5


@pytest.mark.parametrize("bad", ["", "{}", json.dumps({"points": ["a"] * 5}), json.dumps({"points": POINTS[:4]})])
def test_a_model_without_points_is_a_written_reason(bad: str) -> None:
    with pytest.raises(LanguageError) as told:
        board_by_model("why lamps burn", 3, asking(lambda question: bad), "m", lambda answered: None)
    assert told.value.reason
