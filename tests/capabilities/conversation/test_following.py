"""A line held against what was heard of it."""

from __future__ import annotations

import pytest

from capabilities.conversation.rehearsal.following import Followed, LineWords, WordState

LINE = "I can't say how much it is; in 1984 it was $5, my dear Algernon, and nobody minded."
SAID, CHANGED, LEFT_OUT, WAITING = WordState.SAID, WordState.CHANGED, WordState.LEFT_OUT, WordState.WAITING


def follow(heard: str, line: str = LINE, language: str = "en", *, over: bool = False) -> Followed:
    return LineWords(line, language).follow(heard, over=over)


def of(found: Followed, state: WordState) -> list[str]:
    return [mark.text for mark in found.marks if mark.state is state]


def test_what_was_said_so_far_is_said_and_the_rest_waits() -> None:
    found = follow("I cannot say how much")
    assert of(found, SAID) == ["I", "can't", "say", "how", "much"]
    assert len(of(found, WAITING)) == 13 and found.reached == 5 and not found.complete


def test_figures_and_money_count_however_they_are_written() -> None:
    found = follow("I can not say how much it is in nineteen eighty four it was five dollars my dear Algernon and nobody minded")
    assert found.perfect and found.complete


def test_words_left_out_and_changed_are_told_apart() -> None:
    found = follow("I can't say how much in 1984 it was five dollars my dear Algernon and everybody minded")
    assert of(found, LEFT_OUT) == ["it", "is;"]
    assert [(mark.text, mark.heard) for mark in found.marks if mark.state is CHANGED] == [("nobody", "everybody")]
    assert found.complete and not found.perfect


def test_words_of_ones_own_are_added_and_move_nothing() -> None:
    found = follow("well I can't really say")
    assert found.added == ("well", "really") and found.reached == 3


def test_what_belongs_to_another_line_reaches_nothing() -> None:
    found = follow("what a beautiful morning")
    assert found.reached == 0 and of(found, SAID) == []


def test_nothing_heard_is_nothing_until_the_line_is_over() -> None:
    assert follow("").reached == 0 and len(of(follow(""), WAITING)) == 18
    assert len(of(follow("", over=True), LEFT_OUT)) == 18


def test_a_line_is_over_with_its_last_word_or_all_but_one_of_many() -> None:
    assert follow("never surpassed", "Has never been surpassed.").complete
    assert follow("has never been", "Has never been surpassed.").complete
    assert not follow("has never", "Has never been surpassed.").complete
    assert not follow("yes", "Yes, sir.").complete and follow("yes sir", "Yes, sir.").complete


@pytest.mark.parametrize("heard", ["the colour of the theatre", "the color of the theater"])
def test_another_spelling_is_the_same_word(heard: str) -> None:
    assert follow(heard, "The colour of the theatre.").perfect


def test_a_long_line_is_not_over_because_its_last_word_occurs_early() -> None:
    found = follow("the house", "The house stood by the river, and nobody had ever lived in the house.")
    assert found.reached == 2 and not found.complete


@pytest.mark.parametrize(
    ("line", "heard", "language", "left_out"),
    [
        ("Ich habe es dir doch gesagt.", "ich habe es dir gesagt", "de", ["doch"]),
        ("Où étais-tu hier soir ?", "où étais tu hier soir", "fr", []),
        ("你昨天晚上在哪里？", "你昨天在哪里", "zh", ["晚", "上"]),
    ],
)
def test_other_languages(line: str, heard: str, language: str, left_out: list[str]) -> None:
    assert of(follow(heard, line, language), LEFT_OUT) == left_out


def test_a_long_monologue_is_followed_in_a_moment() -> None:
    line = " ".join(f"word{number} and then" for number in range(150))
    found = follow(" ".join(line.split()[:300]), line)
    assert found.reached == 300
