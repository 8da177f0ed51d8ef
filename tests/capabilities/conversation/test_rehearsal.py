"""A run through a scene, by a clock of its own."""

from __future__ import annotations

import pytest

from capabilities.conversation.rehearsal.actions import (
    Following,
    LineOver,
    PlayLine,
    Prompt,
    SceneOver,
    YourTurn,
    summary,
)
from capabilities.conversation.rehearsal.rehearsal import Rehearsal
from capabilities.conversation.rehearsal.scene import RehearsalScene, SceneLine, SpokenWord
from studio.errors import InvalidInput

TEXTS = (
    ("Anna", "You are late again."),
    ("Ben", "The ferry was late, and I was on time for it."),
    ("Anna", "Every evening the same story."),
    ("Ben", "It is a good story, and I like to tell it."),
    ("", "He sits down."),
    ("Ben", "Nobody else would believe a word of it anyway."),
    ("Anna", "That is true."),
)


def scene() -> RehearsalScene:
    lines, at = [], 0.0
    for index, (speaker, text) in enumerate(TEXTS):
        words = text.split()
        timed = tuple(SpokenWord(word, at + number * 0.5, at + number * 0.5 + 0.4) for number, word in enumerate(words))
        lines.append(SceneLine(index, speaker, text, at, at + len(words) * 0.5, timed))
        at += len(words) * 0.5 + 1
    return RehearsalScene("ferry.wav", "The ferry", "en", tuple(lines), ("Anna", "Ben", ""))


def at_ben(prompt_after: float = 4.0) -> Rehearsal:
    """Ben's first line has just begun, at 10 s."""
    run = Rehearsal(scene(), "Ben", prompt_after)
    assert run.go_to(0, 8.0) == [PlayLine(0, 0.0, 2.0)]
    assert run.played(0, 10.0) == [YourTurn(1)]
    return run


def test_a_line_that_is_said_leads_on_to_the_next_cue() -> None:
    run = at_ben()
    run.speech(10.8, going_on=True)
    actions = run.heard("the ferry was late and I was on time for it", 13.0)
    assert isinstance(actions[0], LineOver) and actions[0].result.perfect
    assert actions[0].result.pickup == pytest.approx(0.8)
    assert isinstance(actions[1], PlayLine) and actions[1].index == 2


def test_half_a_line_is_followed_and_the_other_half_completes_it() -> None:
    run = at_ben()
    [following] = run.heard("the ferry was late", 12.0)
    assert isinstance(following, Following) and following.followed.reached == 4
    assert run.expected == TEXTS[1][1]
    actions = run.heard("the ferry was late and I was on time for it", 14.0)
    assert isinstance(actions[0], LineOver)


def test_silence_is_helped_with_four_words_then_with_the_rest_and_then_left_alone() -> None:
    run = at_ben()
    run.heard("the ferry was", 11.0)
    assert run.tick(14.9) == []
    [first] = run.tick(15.1)
    assert isinstance(first, Prompt) and first.text == "late, and I was"
    assert (first.start, first.end) == pytest.approx((3.0 + 1.5, 3.0 + 3.4))
    run.prompt_played(16.5)
    assert run.tick(20.0) == []
    [second] = run.tick(20.6)
    assert isinstance(second, Prompt) and second.text == "late, and I was on time for it."
    run.prompt_played(22.0)
    assert run.tick(40.0) == []
    [over, *_] = run.heard("the ferry was late and I was on time for it", 41.0)
    assert isinstance(over, LineOver) and over.result.prompts == 2 and not over.result.perfect and over.result.followed.perfect


def test_nobody_is_helped_while_they_speak_or_where_help_is_not_wanted() -> None:
    run = at_ben()
    run.speech(11.0, going_on=True)
    assert run.tick(60.0) == []
    run.speech(60.0, going_on=False)
    assert run.tick(64.1)
    assert at_ben(prompt_after=0).tick(1_000.0) == []


def test_help_that_is_asked_for_comes_at_once() -> None:
    [prompt] = at_ben().prompt(10.5)
    assert isinstance(prompt, Prompt) and prompt.text == "The ferry was late,"


def test_the_person_may_say_that_a_line_is_over() -> None:
    run = at_ben()
    actions = run.said(12.0)
    assert isinstance(actions[0], LineOver) and actions[0].result.by_hand and isinstance(actions[1], PlayLine)
    assert run.said(12.1) == []  # a second press is of no line


def test_a_later_line_that_is_begun_passes_over_what_lies_between() -> None:
    run = at_ben()
    actions = run.heard("nobody else would believe a word", 12.0)
    over = [action.result for action in actions if isinstance(action, LineOver)]
    assert [(one.index, one.passed_over, one.heard) for one in over] == [(1, True, False), (3, True, False)]
    assert YourTurn(5) in actions and isinstance(actions[-1], Following) and actions[-1].followed.reached == 6


def test_a_few_words_that_occur_elsewhere_too_pass_over_nothing() -> None:
    run = at_ben()
    actions = run.heard("it is", 12.0)
    assert not any(isinstance(action, LineOver) for action in actions) and run.listening


def test_the_end_brings_the_account() -> None:
    run = at_ben()
    run.heard("the ferry was late and I was on time for it", 12.0)
    run.played(2, 14.0)
    run.heard("it is a bad story and I like to tell it", 17.0)
    run.played(4, 19.0)
    actions = run.said(22.0)
    assert isinstance(actions[-1], PlayLine)
    [end] = run.played(6, 24.0)
    assert isinstance(end, SceneOver)
    counted = {"lines": 3, "perfect": 1, "changed": 1, "left_out": 0, "prompted": 0, "passed_over": 0, "by_hand": 1}
    assert summary(end.results) == counted


def test_going_to_a_line_begins_there_and_the_old_cue_counts_no_more() -> None:
    run = at_ben()
    assert run.go_to(2, 12.0) == [PlayLine(2, pytest.approx(9.5), pytest.approx(12.0))]
    assert run.played(0, 12.5) == [] and run.heard("the ferry", 12.6) == []
    assert run.go_to(99, 13.0)[0] == PlayLine(6, pytest.approx(27.5), pytest.approx(29.0))


def test_the_narrator_is_a_part_and_a_stranger_is_none() -> None:
    run = Rehearsal(scene(), "")
    assert run.go_to(4, 0.0) == [YourTurn(4)]
    with pytest.raises(InvalidInput, match="Nobody called Charles"):
        Rehearsal(scene(), "Charles")
