"""Bodies of raw calls: completed where something has a default, refused in words otherwise."""

from __future__ import annotations

import inspect
import json

import pytest

from api.gradio.raw_calls import RawCalls, complete
from api.operations.registry import OPERATIONS
from studio.errors import InvalidInput


def parameters(name: str) -> list[inspect.Parameter]:
    return RawCalls(None).parameters[name]  # type: ignore[arg-type]


def completed(name: str, *data: object) -> list[object]:
    return json.loads(complete(json.dumps({"data": data}).encode(), name, parameters(name)))["data"]


def test_defaults_are_filled() -> None:
    assert completed("voiceover", "Hello.") == ["Hello.", "", "auto", {}, "wav"]
    assert completed("jobs") == ["", 50, "", ""]
    assert completed("voiceover", "Hello.", "anna", "hibari", {"rate": 1}, "mp3")[-1] == "mp3"


def test_an_empty_body_is_no_values() -> None:
    assert json.loads(complete(b"", "jobs", parameters("jobs")))["data"] == ["", 50, "", ""]


def test_other_keys_of_the_body_stay() -> None:
    assert json.loads(complete(b'{"data": [], "session_hash": "abc"}', "jobs", parameters("jobs")))["session_hash"] == "abc"


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"{}", "script is missing"),
        (b'{"data": []}', "script is missing"),
        (b"nonsense", "is not JSON"),
        (b"\xff\xfe", "is not JSON"),
        (b"[1, 2]", 'no list "data"'),
        (b'{"data": {"script": "x"}}', 'no list "data"'),
        (b'{"data": null}', 'no list "data"'),
        (b'{"data": [1,2,3,4,5,6]}', "takes 5 values and was given 6"),
    ],
)
def test_what_is_wrong_is_said(body: bytes, said: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        complete(body, "voiceover", parameters("voiceover"))
    assert said in refused.value.reason
    assert "script, voice, engine, options, format" in refused.value.hint


def test_every_endpoint_has_words_for_programs() -> None:
    """MCP and the API page show these: a description, and one for each argument."""
    for name, operation in OPERATIONS.items():
        assert len(operation.summary) > 15 and operation.summary.endswith("."), name
        for parameter, field in operation.input.model_fields.items():
            assert field.description, f"{name}.{parameter}"
