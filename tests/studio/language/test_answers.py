"""Two hundred answers of a server that is late, cut off, wrong, refusing or babbling: each a valid one, a mended one that says
so, or a written reason."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from pydantic import BaseModel, ConfigDict

from engines.contract import ChatMessage, ChatRequest
from studio.errors import Cancelled, GreenroomError
from studio.language.asking import ChatAnswer
from studio.language.chat import Constraint
from studio.language.errors import LanguageError
from studio.language.json_answers import model_check
from studio.language.service import LanguageService
from tests.studio.language.chat_server import (
    Behaviour,
    ChatServer,
    answers,
    breaks_off,
    refuses,
    says,
    says_at_once,
    sends,
    takes_no,
    waits,
)
from tests.studio.language.conftest import Make


class Scene(BaseModel):
    model_config = ConfigDict(extra="forbid")

    say: str
    see: str


RIGHT = json.dumps({"say": "Good morning.", "see": "A field at dawn."})
BEGUN = b'data: {"choices":[{"delta":{"content":"{"}}]}\n\n'
SLOW = ("too late", "silent midway")
QUESTION = ChatRequest((ChatMessage("user", "One scene."),), longest=200, schema=Scene.model_json_schema())


def asked(service: LanguageService, **more: Any) -> ChatAnswer[Scene]:
    with service.model_in_use() as llm:
        return service.ask_shaped(llm, QUESTION, model_check(Scene), **more)


def garbage(chance: random.Random) -> bytes:
    return b"".join(bytes(chance.randrange(256) for _ in range(40)) + b"\n" for _ in range(30))


def behaviours(chance: random.Random) -> list[tuple[str, Callable[[], Behaviour]]]:
    """Every way to go wrong, by name."""
    cut = RIGHT[: chance.randrange(1, len(RIGHT) - 1)]
    return [
        ("right", lambda: says(RIGHT, piece=chance.randrange(1, 30))),
        ("at once", lambda: says_at_once(RIGHT)),
        ("late", lambda: waits(0.15, says(RIGHT))),
        ("too late", lambda: waits(4.0)),
        ("silent midway", lambda: waits(4.0, begun=True)),
        ("cut off", lambda: breaks_off(cut)),
        ("gone at once", lambda: breaks_off("")),
        ("cut by length", lambda: says(cut, reason="length")),
        ("fenced", lambda: says(f"Here it is:\n```json\n{RIGHT}\n```")),
        ("thinking", lambda: says(f"<think>{cut} hmm</think>{RIGHT}")),
        ("wrong json", lambda: says(RIGHT.replace('",', '"').replace('"see"', "see"))),
        ("wrong schema", lambda: says(json.dumps({"text": "Good morning."}))),
        ("prose", lambda: says("Good morning! How can I help?")),
        ("refusing", refuses),
        ("filtered", lambda: says("", reason="content_filter")),
        ("busy", lambda: answers(503, {"error": "busy"})),
        ("failing", lambda: answers(500, {"error": "oops"})),
        (
            "failing midway",
            lambda: sends(b'data: {"choices":[{"delta":{"content":"{"}}]}\n\ndata: {"error":{"message":"x"}}\n\n'),
        ),
        ("no format", lambda: takes_no("any", says(RIGHT))),
        ("garbage", lambda: sends(garbage(chance))),
        ("garbage midway", lambda: sends(BEGUN + garbage(chance))),
        ("html", lambda: sends(b"<html><body>It works!</body></html>", "text/html")),
        ("one endless line", lambda: sends(b"data: " + b"x" * 1_100_000)),
        ("empty", lambda: sends(b"")),
        ("json of another", lambda: sends(b'{"status": "ok"}', "application/json")),
    ]


def test_two_hundred_answers_are_valid_mended_or_a_written_reason(server: ChatServer, make: Make) -> None:
    service = make(answer_seconds=3.0)
    service.choose(server.url, "tiny-chat")
    chance = random.Random(7)
    ends: Counter[str] = Counter()
    for number in range(200):
        kinds = behaviours(chance)
        name, behaviour = kinds[number % len(kinds)]
        if name in SLOW and number >= len(kinds):  # once each, so that the test is quick
            name, behaviour = kinds[0]
        server.queued.clear()
        server.behaviour = says(RIGHT)
        often = 1 if name in SLOW else chance.choice((1, 2, 9))
        server.queued.extend(behaviour() for _ in range(often))
        try:
            found = asked(service)
        except GreenroomError as error:
            assert error.code.startswith("llm.") and error.reason.endswith(".") and error.hint, name
            assert "Traceback" not in str(error) and "Good morning" not in str(error), name
            ends[f"{name}: {error.code}"] += 1
        else:
            assert isinstance(found.value, Scene)
            mended = found.repaired or found.tries > 1 or found.constraint is not Constraint.SCHEMA or found.cut_off
            assert bool(found.note) == mended, (name, found)
            ends[f"{name}: {'mended' if mended else 'valid'}"] += 1
    assert sum(ends.values()) == 200
    assert ends["right: valid"] + ends["right: mended"] == 22 and ends["refusing: llm.refused"] == 8
    told = {one.split(": ")[1] for one in ends}
    assert {"valid", "mended", "llm.refused", "llm.wrong-shape", "llm.no-json", "llm.cut-off", "llm.garbage"} <= told, ends


def test_what_a_server_does_not_take_is_tried_once_and_said_each_time(server: ChatServer, make: Make) -> None:
    service = make()
    service.choose(server.url, "tiny-chat")
    server.behaviour = takes_no("json_schema", says(RIGHT))
    first = asked(service)
    assert first.constraint is Constraint.JSON and "could not be held to the shape" in first.note
    before = len(server.questions)
    assert asked(service).constraint is Constraint.JSON and len(server.questions) == before + 1
    assert "JSON schema" in server.questions[-1]["messages"][-1]["content"]


def test_a_wrong_answer_is_asked_for_again_with_what_was_wrong(server: ChatServer, make: Make) -> None:
    service = make()
    service.choose(server.url, "tiny-chat")
    server.queued.append(says('{"say": "Good morning."}'))
    server.behaviour = says(RIGHT)
    found = asked(service)
    assert found.tries == 2 and "2 tries" in found.note
    told = server.questions[-1]["messages"][-1]["content"]
    assert "see" in told and "required" in told


def test_a_question_that_nobody_waits_for_any_more_is_hung_up_on(server: ChatServer, make: Make) -> None:
    service = make()
    service.choose(server.url, "tiny-chat")
    server.behaviour = waits(30.0)
    looks: list[int] = []

    def cancelled() -> bool:
        looks.append(1)
        return len(looks) > 3

    with pytest.raises(Cancelled):
        asked(service, cancelled=cancelled)
    assert service.status().ready  # a person's own stop says nothing against the server


def test_pieces_are_heard_as_they_come_and_a_second_try_begins_anew(server: ChatServer, make: Make) -> None:
    service = make()
    service.choose(server.url, "tiny-chat")
    server.queued.append(breaks_off("Good eve"))
    server.behaviour = says("Good morning.", piece=5)
    heard: list[str] = []
    with service.model_in_use() as llm:
        found = service.ask(llm, ChatRequest((ChatMessage("user", "Hello"),)), heard=heard.append)
    assert found.value == "Good morning." and found.tries == 2
    assert heard == ["Good eve", "", "Good ", "morni", "ng."]
    counts = service.status().counts
    assert counts.questions == 1 and counts.answer_tokens > 0


def test_a_server_that_is_gone_is_told_and_known_from_then_on(make: Make) -> None:
    service = make()
    service.choose("http://127.0.0.1:9/v1", "tiny-chat")
    with pytest.raises(LanguageError) as caught:
        asked(service)
    assert caught.value.code == "llm.nobody-there"
    assert not service.status().ready and service.status().next_step
