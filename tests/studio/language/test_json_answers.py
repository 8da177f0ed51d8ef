"""JSON out of what models write: what is whole stays as it is, small slips are mended and said, the rest is told in words."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict

from studio.language.json_answers import AnswerWrongError, model_check, parse_answer, schema_check, spoken_text


class Scene(BaseModel):
    model_config = ConfigDict(extra="forbid")

    say: str
    see: str = ""


@pytest.mark.parametrize(
    ("answer", "repaired"),
    [
        ('{"say": "Hello.", "see": ""}', False),
        ('<think>What do they want? {"say": 1}</think>\n{"say": "Hello."}', False),
        ('they want a greeting </think> {"say": "Hello."}', False),
        ('```json\n{"say": "Hello."}\n```', True),
        ('Here you are:\n{"say": "Hello."}', True),
        ('{"say": "Hello.",}', True),
        ("{'say': 'Hello.'}", True),
        ('{"say": "Hello."', True),
        ('{"say": "Hello.", "see": "a fie', True),
    ],
)
def test_what_holds_the_answer_gives_it_and_says_whether_it_was_mended(answer: str, repaired: bool) -> None:
    found = parse_answer(answer, model_check(Scene))
    assert found.value.say == "Hello." and found.repaired is repaired


@pytest.mark.parametrize(
    ("answer", "words", "not_json"),
    [
        ("", "not JSON", True),
        ("I cannot help with that.", "not JSON", True),
        ('<think>{"say": "Hello."}', "not JSON", True),
        ('{"said": "Hello."}', "say: Field required", False),
        ('{"say": 5}', "say: Input should be a valid string", False),
        ('["Hello."]', "valid dictionary", False),
        ("[" * 100_000, "JSON", None),
    ],
)
def test_what_does_not_is_told_in_words_for_the_model(answer: str, words: str, not_json: bool | None) -> None:
    with pytest.raises(AnswerWrongError, match=words) as caught:
        parse_answer(answer, model_check(Scene))
    assert not_json is None or caught.value.not_json is not_json


def test_a_json_schema_is_kept_to_the_letter() -> None:
    check = schema_check({"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]})
    assert parse_answer('{"n": 3}', check).value == {"n": 3}
    with pytest.raises(AnswerWrongError, match=r"n: 'three' is not of type 'integer'"):
        parse_answer('{"n": "three"}', check)


@pytest.mark.parametrize("schema", [{"type": "nonsense"}, {"properties": 3}])
def test_what_is_no_schema_is_refused(schema: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        schema_check(schema)


def test_a_schema_never_reaches_out() -> None:
    check = schema_check({"$ref": "http://127.0.0.1:9/schema.json"})
    with pytest.raises(AnswerWrongError, match="cannot be applied"):
        check({})


@given(st.text(max_size=300))
def test_no_text_does_more_than_be_refused(answer: str) -> None:
    try:
        assert isinstance(parse_answer(answer, model_check(Scene)).value, Scene)
    except AnswerWrongError as error:
        assert str(error)
    spoken_text(answer)


@given(st.dictionaries(st.sampled_from(["say", "see"]), st.text(max_size=30)), st.integers(0, 60))
def test_an_answer_cut_off_anywhere_is_mended_or_refused(value: dict[str, str], cut: int) -> None:
    text = json.dumps(value)[:cut]
    try:
        found = parse_answer(text, model_check(Scene))
    except AnswerWrongError:
        return
    assert isinstance(found.value, Scene)
