"""Every public call through every way, by the example of its reference: the same answer, and the same error."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from api.operations.files import FileRef
from api.operations.operation import Operation
from api.operations.registry import OPERATIONS
from tests.api.operations.contract import shape, wrong_calls
from tests.api.operations.five_ways.examples import Things
from tests.api.operations.five_ways.ways import WAYS, OpenStudio, Refusal, open_studio, ways_of
from tests.studio.comfyui.servers import StandInServer
from tests.studio.language.chat_server import chat_server

pytestmark = pytest.mark.slow

MOVING = frozenset({
    "run_times", "memory", "memory_history", "machine_events", "disk", "log", "jobs", "outputs", "weights", "engines", "load",
    "doctor", "voices", "recipe", "language", "conversations", "projects", "estimate_project",
})  # fmt: skip
"""Calls that read what goes on meanwhile: their answers are of one shape, not of one value."""

NOT_TYPED = frozenset({"a number for a text"})
"""Wrong calls that a command line cannot make: all that is typed is text."""


@pytest.fixture(scope="module")
def studio(shared_stand_in: StandInServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenStudio]:
    with (
        chat_server() as language,
        open_studio(
            tmp_path_factory.mktemp("ways") / "data", comfyui={"url": shared_stand_in.url}, language={"url": language.url}
        ) as opened,
    ):
        yield opened


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenStudio]:
    """Without a ComfyUI server."""
    with open_studio(tmp_path_factory.mktemp("bare") / "data") as opened:
        yield opened


@pytest.fixture(scope="module")
def things(studio: OpenStudio, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Things]:
    made = Things(studio, tmp_path_factory.mktemp("things"))
    yield made
    made.stop_waiting()


def plain(value: Any, key: str = "") -> Any:
    """An answer without what depends on the way: a file is its ending, and addresses are left out."""
    if isinstance(value, dict) and {"url", "name", "media_type", "size"} == value.keys():
        return Path(value["name"]).suffix
    if isinstance(value, dict) and value.keys() == {"video", "subtitles"}:
        return Path(value["video"]).suffix
    if isinstance(value, dict):
        return {name: plain(one, name) for name, one in value.items() if name != "url"}
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    if isinstance(value, str) and key != "path" and ("/media/" in value or "/gradio/" in value or "/uploads/" in value):
        return Path(value.partition("?")[0]).suffix
    return value


def same(operation: Operation, answers: dict[str, Any]) -> None:
    first, *others = answers.items()
    compared = operation.reads and operation.name not in MOVING
    for name, answer in others:
        assert not isinstance(answer, Refusal), (operation.name, name, answer)
        expected, found = plain(first[1]), plain(answer)
        if not compared:
            expected, found = shape(expected), shape(found)
        elif operation.output is FileRef:
            continue  # a file alone, whose address says its name or not
        assert known(found, expected), (operation.name, first[0], name, expected, found)


def known(one: Any, other: Any) -> bool:
    """Whether two shapes or values are alike; what is empty or null in one may be anything in the other."""
    if one in (None, "null") or other in (None, "null"):
        return True
    if isinstance(one, dict) and isinstance(other, dict):
        return all(known(one[key], other[key]) for key in one.keys() & other.keys())
    if isinstance(one, list) and isinstance(other, list):
        return not one or not other or (len(one) == len(other) and all(map(known, one, other)))
    return bool(one == other)


@pytest.mark.parametrize("name", OPERATIONS)
def test_an_example_has_one_answer_whatever_the_way(studio: OpenStudio, things: Things, name: str) -> None:
    operation = OPERATIONS[name]
    answers = {}
    for way, call in ways_of(operation).items():
        answers[way] = call(studio, operation, things.arguments(dict(operation.example)))
        assert not isinstance(answers[way], Refusal), (way, answers[way])
    same(operation, answers)
    if operation.by_get:
        answer = httpx.get(f"{studio.url}/api/v1/{name}", params=things.arguments(dict(operation.example)), timeout=60)
        same(operation, {"in process": answers["in process"], "GET": answer.raise_for_status().json()})
    things.stop_waiting()


def test_an_error_has_one_sentence_whatever_the_way(bare: OpenStudio, tmp_path: Path) -> None:
    for label, name, values in wrong_calls(tmp_path):
        operation = OPERATIONS[name]
        given = dict(zip(operation.input.model_fields, values, strict=False))
        arguments = {key: Path(one["path"]) if isinstance(one, dict) and "meta" in one else one for key, one in given.items()}
        told = {
            way: call(bare, operation, arguments)
            for way, call in ways_of(operation).items()
            if way != "command line" or label not in NOT_TYPED
        }
        assert all(isinstance(one, Refusal) and one.sentence for one in told.values()), (label, told)
        assert len(set(told.values())) == 1, (label, told)
    assert len(WAYS) == 5
