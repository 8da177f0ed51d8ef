"""Shots and their places: pure functions."""

from __future__ import annotations

import csv
import io
from fractions import Fraction

import pytest

from capabilities.video.recipe import as_csv
from capabilities.video.shots import captions_of, lay_out_shots, shot_list, split_lines, split_script
from capabilities.video.spec import ShotSpec
from media.text.cues import Cue
from studio.errors import InvalidInput

FPS = Fraction(24)


def test_a_text_becomes_a_shot_for_each_sentence() -> None:
    shots = split_script("The sea was calm that night. He slept.\n\nIn the morning the wind had turned again.", "en")
    assert [shot.say for shot in shots] == ["The sea was calm that night. He slept.", "In the morning the wind had turned again."]
    assert [shot.prompt for shot in split_lines("a hill\n\n a town \n")] == ["a hill", "a town"]


@pytest.mark.parametrize(("text", "number"), [("", "no prompt"), ("word " * 5000, "5,000 words")])
def test_too_little_and_too_much_text_are_refused(text: str, number: str) -> None:
    for split in (lambda: split_script(text, "en"), lambda: split_lines(text)):
        with pytest.raises(InvalidInput, match=number):
            split()


def test_shots_last_as_long_as_their_speech_and_lie_end_to_end() -> None:
    shots = lay_out_shots(
        [ShotSpec(say="a"), ShotSpec(seconds=2.0), ShotSpec(say="b", seconds=1)], [3.0, 0, 4.0], FPS, True, None
    )
    assert [shot.frames for shot in shots] == [98, 48, 122]
    assert [shot.start for shot in shots] == [0, 98, 146]
    assert [(shot.head, shot.tail) for shot in shots] == [(0, 12), (12, 12), (12, 0)]
    assert shots[1].keyframes == (12, 48) and shots[0].rendered == 110
    cut = lay_out_shots([ShotSpec(frames=9)] * 2, [0, 0], FPS, False, None)
    assert [(shot.frames, shot.head, shot.tail) for shot in cut] == [(9, 0, 0)] * 2


def test_captions_belong_to_the_shot_they_fall_into() -> None:
    first, second = lay_out_shots([ShotSpec(seconds=2), ShotSpec(seconds=2)], [0, 0], FPS, False, None)
    cues = [Cue(0.5, 1.5, "one"), Cue(2.25, 3.0, "two")]
    assert [one.text for one in captions_of(first, cues, FPS)] == ["one"]
    assert [(one.start, one.text) for one in captions_of(second, cues, FPS)] == [(0.25, "two")]


def test_the_shot_list_can_be_taken_elsewhere() -> None:
    shots = lay_out_shots([ShotSpec(prompt="=HYPERLINK(1)", say='He said "go", twice', seconds=2)], [0], FPS, False, None)
    rows = list(csv.DictReader(io.StringIO(as_csv(shot_list(shots, FPS)))))
    assert rows[0]["say"] == 'He said "go", twice' and rows[0]["seconds"] == "2.0" and rows[0]["prompt"].startswith("'=")
