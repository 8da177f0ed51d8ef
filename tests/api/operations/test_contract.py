"""The public API is as it was recorded (contract.py): names, parameters, defaults, answers, tools, and the words of errors."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.api.operations.contract import RECORD, Session, calls_of, errors_of, tools_of
from tests.servers import RunningStudio, running_studio

pytestmark = pytest.mark.slow

RECORDED: dict[str, Any] = json.loads(RECORD.read_text("utf-8"))
GROWING = re.compile(r"(Kinds|Kinds that can|There are|Allowed|States|Levels): .*")
"""Lists at the end of a sentence, which grow with the studio."""


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStudio]:
    """A studio in which nothing has been done, as the record's was."""
    with running_studio(tmp_path_factory.mktemp("contract") / "data") as studio:
        yield studio


def differences(promised: Any, found: Any, where: str = "") -> list[str]:
    """What of a recorded shape is no longer so. Keys may be added; a value that was empty or null then may be anything."""
    if promised in (None, "null") or found in (None, "null"):
        return []
    if isinstance(promised, dict) and isinstance(found, dict):
        gone = [f"{where}.{key} is gone" for key in promised if key not in found]
        return gone + [
            one for key in promised if key in found for one in differences(promised[key], found[key], f"{where}.{key}")
        ]
    if isinstance(promised, list) and isinstance(found, list):
        if len(promised) != len(found):
            return [f"{where} has {len(found)} values and had {len(promised)}"]
        return [
            one for place, pair in enumerate(zip(promised, found, strict=True)) for one in differences(*pair, f"{where}[{place}]")
        ]
    return [] if promised == found else [f"{where} is {found} and was {promised}"]


def test_differences_are_seen() -> None:
    assert differences({"a": "text", "b": ["number"]}, {"a": "text", "b": ["number"], "c": "text"}) == []
    assert differences({"a": "text", "b": ["number"]}, {"b": ["text"]}) == [".a is gone", ".b[0] is text and was number"]
    assert differences(["file", {"id": "text"}], ["file"]) == [" has 1 values and had 2"]


def test_names_parameters_and_defaults(fresh: RunningStudio) -> None:
    found = calls_of(fresh.client())
    for name, promised in RECORDED["calls"].items():
        kept, more = found[name]["parameters"], len(promised["parameters"])
        assert {**found[name], "parameters": kept[:more]} == promised, name
        assert all(has_default for _, _, has_default, _ in kept[more:]), f"{name}: what is added at the end may be left out"


def test_tools(fresh: RunningStudio) -> None:
    found = tools_of(fresh)
    for name, promised in RECORDED["tools"].items():
        assert found.get(name) == promised, name


def test_words_of_errors(fresh: RunningStudio, tmp_path: Path) -> None:
    found = errors_of(fresh.client(), tmp_path)
    assert found.keys() == RECORDED["errors"].keys()
    for label, (name, sentence) in RECORDED["errors"].items():
        assert GROWING.sub("", found[label][1]) == GROWING.sub("", sentence), (label, name)


def test_shapes_of_answers(fresh: RunningStudio, tmp_path: Path) -> None:
    found = Session(fresh.client(), tmp_path).play()
    assert found.keys() == RECORDED["answers"].keys()
    wrong = [one for name, promised in RECORDED["answers"].items() for one in differences(promised, found[name], name)]
    assert not wrong, wrong
