"""Texts made comparable, and what is told of their differences."""

from __future__ import annotations

import jiwer
import pytest
from hypothesis import given
from hypothesis import strategies as st

from studio.verification.text_normalisation import comparable_words
from studio.verification.word_error_rate import compare, compare_words, word_error_rate


@pytest.mark.parametrize(
    ("one", "other", "language"),
    [
        ("It's 3,400 m away.", "it is three thousand four hundred m away", "en"),
        ("Dr. Smith can't come on the 21st!", "doctor smith can not come on the twenty-first", "en"),
        ("It cost $12.50, or 100%.", "it cost twelve point five dollars or one hundred percent", "en"),
        ("In 1999, we won’t", "in nineteen ninety nine we will not", "en"),
        ("Es sind 21 Äpfel", "es sind einundzwanzig äpfel", "de"),
        ("J'ai 21 ans.", "j'ai vingt et un ans", "fr"),
        ("今日は、晴れ。", "今日は晴れ", "ja"),
    ],
)
def test_texts_that_sound_the_same_compare_as_the_same(one: str, other: str, language: str) -> None:
    assert comparable_words(one, language) == comparable_words(other, language)
    assert word_error_rate(one, other, language) == 0


@pytest.mark.parametrize("figure", ["1" * 40, "1.2.3", "٣", "½", "0x1F", "1e999"])
def test_odd_figures_raise_nothing(figure: str) -> None:
    for language in ("en", "de", "xx"):
        comparable_words(f"a {figure} b", language)


@given(st.text(), st.text())
def test_any_text_compares(one: str, other: str) -> None:
    found = compare(one, other)
    assert found.error_rate >= 0
    assert compare(one, one).error_rate == 0
    assert (found.finding is None) == ("".join(comparable_words(one)) == "".join(comparable_words(other))) or found.finding
    assert found.finding is None or comparable_words(one) != comparable_words(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("She sat down in a large arm-chair.", "she sat down in a large armchair"),
        ("cupboards and book-shelves", "cupboards and bookshelves"),
        ("the bookshelves are here", "the book shelves are here"),
        ("tumbling down stairs", "tumbling downstairs"),
    ],
)
def test_where_a_word_ends_is_not_heard(one: str, other: str) -> None:
    assert compare(one, other).error_rate == 0
    assert compare(one, other.rsplit(" ", 1)[0]).dropped or compare(one, other.rsplit(" ", 1)[0]).replaced


def test_words_that_are_heard_as_one_are_not_left_out() -> None:
    found = compare("Alice sighed wearily.", "Allaside Wearily.")
    assert not found.missing_or_twice and found.replaced == (("alice sighed", "allaside"),)
    assert compare("the old clock on the wall", "the rock on the wall").missing_or_twice


def test_a_follower_is_told_what_sounds() -> None:
    text = "I don't know; it's Hale's, and he'd cannot."
    assert comparable_words(text, contracted=True) == ("i", "don't", "know", "it's", "hale's", "and", "he'd", "cannot")
    assert compare(text, " ".join(comparable_words(text, contracted=True))).error_rate == 0


@given(st.lists(st.sampled_from("abcd"), min_size=1), st.lists(st.sampled_from("abcd")))
def test_the_rate_is_jiwers(wanted: list[str], heard: list[str]) -> None:
    assert compare_words(wanted, heard).error_rate == pytest.approx(jiwer.wer(" ".join(wanted), " ".join(heard)), abs=1e-3)


def wrong(text: str, heard: str) -> str:
    return str(compare(text, heard).finding)


def test_what_is_wrong_is_named() -> None:
    text = "the old clock on the wall stopped at midnight"
    assert wrong(text, "the old clock on the wall stopped at") == "“midnight” is left out."
    assert wrong(text, "the old clock clock on the wall stopped at midnight") == "“clock” is said twice."
    assert wrong(text, "the old clock on the hall stopped at midnight") == "“wall” is heard as “hall”."
    assert (
        wrong(text, "the old block on the hall stopped at") == "“midnight” is left out, “clock” is heard as “block” and 1 more."
    )
    assert wrong(text, f"{text} thank you") == "“thank you” is added."


def test_small_words_alone_are_no_finding() -> None:
    text = "in the middle of the century"
    assert not compare(text, "in middle of century").weighty
    assert compare(text, "in the of the century").weighty
