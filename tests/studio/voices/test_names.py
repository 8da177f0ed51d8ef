"""Names of voices: exact, human, of any script; and near matches that only ever suggest."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studio.errors import InvalidInput
from studio.files import LONGEST_SLUG_BYTES, slug
from studio.voices.names import LONGEST_NAME, did_you_mean, near_matches, saved_voices, valid_name, visible


@pytest.mark.parametrize(
    "name", ["Anna", "Ænne Ø", "Анна", "安娜", "أنا", "आन्ना", "می‌خواهم", "Anna (2)", "O'Brien: deep", "🎤 Radio", "7"]
)
def test_people_may_name_voices_as_they_like(name: str) -> None:
    assert valid_name(f"  {name} ") == unicodedata.normalize("NFC", name)


@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("", "needs a name"),
        ("   ", "needs a name"),
        ("a" * 81, "81 characters"),
        ("hibari/heart", "slash"),
        ("..\\etc", "slash"),
        ("../../etc", "slash"),
        ("..", "dot"),
        (".hidden", "dot"),
        ("An\nna", "cannot be seen"),
        ("An\x00na", "cannot be seen"),
        ("An\u202ena", "cannot be seen"),
        ("An\u200bna", "cannot be seen"),
        ("An\ud800na", "cannot be seen"),
        ("---", "no letter"),
    ],
)
def test_names_that_are_none_are_refused_in_words(name: str, word: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        valid_name(name)
    assert word in refused.value.reason
    assert refused.value.reason.isprintable() and refused.value.hint


def test_names_are_composed_but_case_stays() -> None:
    assert valid_name("A\u0308nne") == "Änne"
    assert valid_name("ANNA") != valid_name("anna")


@given(st.text())
def test_any_text_is_either_a_name_or_refused(text: str) -> None:
    try:
        name = valid_name(text)
    except InvalidInput as error:
        assert error.reason.encode()  # no surrogate gets through into a page
        return
    assert 0 < len(name) <= LONGEST_NAME
    assert valid_name(name) == name
    assert "/" not in name and "\\" not in name and not name.startswith(".")
    assert name.encode()


@given(st.text())
def test_a_slug_is_always_one_safe_part_of_a_file_name(text: str) -> None:
    made = slug(text)
    assert 0 < len(made.encode()) <= LONGEST_SLUG_BYTES
    assert not set(made) & set("/\\. _\n\t\0:*?\"<>|'")
    assert not made.startswith("-") and not made.endswith("-")
    assert slug(made) == made


@pytest.mark.parametrize(("text", "made"), [("Anna Müller", "anna-müller"), ("安娜", "安娜"), ("../../x", "x"), ("…", "unnamed")])
def test_slugs_keep_every_script(text: str, made: str) -> None:
    assert slug(text) == made


def test_near_matches_find_case_typos_and_parts() -> None:
    known = ["Anna", "Hanna", "Bertram", "Anna Lindqvist", "Ötzi"]
    assert near_matches("anna", known)[0] == "Anna"
    assert near_matches("Bertrum", known)[0] == "Bertram"
    assert "Anna Lindqvist" in near_matches("Lindqvist", known)
    assert near_matches("O\u0308TZI", known) == ("Ötzi",)
    assert near_matches("zzzz", known) == ()
    assert near_matches("", known) == ()


@given(st.text(), st.lists(st.text(max_size=12), max_size=8))
def test_near_matches_are_always_among_the_candidates(name: str, known: list[str]) -> None:
    found = near_matches(name, known)
    assert set(found) <= set(known) and len(found) <= 3


def test_hints_and_shown_names_are_sentences() -> None:
    none = saved_voices([])
    assert str(did_you_mean(["Anna", "Hanna", "Jo"], none)) == "Did you mean “Anna”, “Hanna” or “Jo”?"
    assert did_you_mean([], none) is none and str(none) == "Save a voice first."
    assert visible("a\u202eb\n" + "x" * 200).startswith("a�b�") and len(visible("x" * 200)) == LONGEST_NAME
