"""Patterns of messages: fields, numbers, lists, plurals and choices, in English and in languages with other rules."""

from __future__ import annotations

from typing import Any

import pytest

from media.messages.pattern import PatternError, fields_of, filled, parsed


def said(pattern: str, language: str = "en", **values: Any) -> str:
    return filled(parsed(pattern), values, language, str)


@pytest.mark.parametrize(
    ("pattern", "values", "words"),
    [
        ("There is no voice “{name}”.", {"name": "Ann{a}"}, "There is no voice “Ann{a}”."),
        ("gradio_client's handle_file('{'path'}') does.", {}, "gradio_client's handle_file({path}) does."),
        ("{size, number, #,##0} MiB", {"size": 12345.6}, "12,346 MiB"),
        ("{size, number, 0.0} and {size, number, 0.##}", {"size": 2.5}, "2.5 and 2.5"),
        ("{size, number, 0.##}", {"size": 3}, "3"),
        ("{names, list}; {names, list, and}; {names, list, or}", {"names": ["a", "b", "c"]}, "a, b, c; a, b and c; a, b or c"),
        ("{names, list, and} is", {"names": ["a"]}, "a is"),
        ("{n, plural, =0 {no file} one {# file} other {# files}} of {whose}", {"n": 0, "whose": "x"}, "no file of x"),
        ("{n, plural, =0 {no file} one {# file} other {# files}}", {"n": 1}, "1 file"),
        ("{n, plural, one {# file of {whose}} other {# files of {whose}}}", {"n": 1200, "whose": "x"}, "1,200 files of x"),
        ("{names, list, and} {names, plural, one {is} other {are}} missing", {"names": ["a", "b"]}, "a and b are missing"),
        ("{what, select, video {a clip} other {a {what}}}", {"what": "video"}, "a clip"),
        ("{what, select, video {a clip} other {a {what}}}", {"what": "sound"}, "a sound"),
        ("failed{said, select, none {} other {: {said}}}.", {"said": ""}, "failed."),
        ("failed{said, select, none {} other {: {said}}}.", {"said": "no"}, "failed: no."),
        ("{gone} is not there", {}, "{gone} is not there"),
    ],
)
def test_in_english(pattern: str, values: dict[str, Any], words: str) -> None:
    assert said(pattern, **values) == words


def test_numbers_and_plurals_follow_the_language() -> None:
    assert said("{size, number, #,##0.0#} GB", "de", size=1234.56) == "1.234,56 GB"
    files = "{n, plural, one {# plik} few {# pliki} many {# plików} other {# pliku}}"
    assert [said(files, "pl", n=n) for n in (1, 3, 5, 22)] == ["1 plik", "3 pliki", "5 plików", "22 pliki"]
    categories = "{n, plural, zero {zero} one {one} two {two} few {few} many {many} other {other}}"
    assert [said(categories, "ar", n=n) for n in (0, 1, 2, 3, 11, 100)] == ["zero", "one", "two", "few", "many", "other"]
    assert said("{names, list, or}", "de", names=["a", "b", "c"]) == "a, b oder c"


def test_a_language_that_is_none_reads_as_english() -> None:
    assert said("{size, number, #,##0.0} {n, plural, one {file} other {files}}", "xx-nowhere", size=1234.5, n=1) == "1,234.5 file"


@pytest.mark.parametrize(
    "broken", ["{", "{name", "a } b", "{Name}", "{n, plural, one {x}}", "{n, plural, other {x}", "{n, date}", "{a-b}"]
)
def test_what_is_no_pattern(broken: str) -> None:
    with pytest.raises(PatternError):
        parsed(broken)


def test_fields_are_found_within_choices() -> None:
    pattern = parsed("{n, plural, one {# of {whose}} other {# of {whose} and {what, select, a {{deep}} other {}}}}")
    assert {field.name for field in fields_of(pattern)} == {"n", "whose", "what", "deep"}
