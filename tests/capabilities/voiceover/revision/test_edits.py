from __future__ import annotations

import pytest

from studio.errors import NotFound
from tests.capabilities.voiceover.conftest import Narrator

SCRIPT = "# One\r\n\r\nIt was “late”. The tide\r\nwent out. Then it came back.\r\n\r\nAnna: Yes.\r\nBen: Yes.\r\nAnna: No."


def texts(narrator: Narrator, spec: object) -> list[str]:
    return [segment.text for segment in narrator.voiceover.plan(spec).segments]  # type: ignore[arg-type]


def test_an_edited_piece_changes_alone(narrator: Narrator) -> None:
    spec = narrator.prepared(SCRIPT, speakers={"Anna": "hibari/heart", "Ben": "espeak/gmw/en"})
    planned = narrator.voiceover.plan(spec).segments
    edited = narrator.voiceover.with_edited_text(spec, planned[1].id, "The water\nrose.")
    again = narrator.voiceover.plan(edited).segments
    assert [segment.text for segment in again] == [
        'It was "late".',
        "The water rose.",
        "Then it came back.",
        "Yes.",
        "Yes.",
        "No.",
    ]
    assert [one.key == other.key for one, other in zip(planned, again, strict=True)] == [True, False, True, True, True, True]


def test_an_emptied_piece_is_gone(narrator: Narrator) -> None:
    spec = narrator.prepared(SCRIPT, speakers={"Ben": "espeak/gmw/en"})
    edited = narrator.voiceover.with_edited_text(spec, narrator.voiceover.plan(spec).segments[2].id, "")
    assert texts(narrator, edited) == ['It was "late".', "The tide went out.", "Yes.", "Yes.", "No."]


def test_a_new_take_renders_one_piece_again_and_another_one_next_time(narrator: Narrator) -> None:
    spec = narrator.prepared(SCRIPT)
    keys = [[segment.key for segment in narrator.voiceover.plan(spec).segments]]
    target = narrator.voiceover.plan(spec).segments[1].id
    for _ in range(2):
        spec = narrator.voiceover.with_new_take(spec, target)
        keys.append([segment.key for segment in narrator.voiceover.plan(spec).segments])
    assert len({row[1] for row in keys}) == 3
    assert {tuple(row[:1] + row[2:]) for row in keys} == {tuple(keys[0][:1] + keys[0][2:])}


def test_a_new_text_is_no_heading_and_stays_in_its_line(narrator: Narrator) -> None:
    spec = narrator.prepared("First.\n\nSecond.")
    edited = narrator.voiceover.with_edited_text(spec, narrator.voiceover.plan(spec).segments[1].id, "# Big\n\nnews.")
    assert texts(narrator, edited) == ["First.", "Big news."]


def test_an_unknown_piece_is_refused(narrator: Narrator) -> None:
    spec = narrator.prepared("First.")
    with pytest.raises(NotFound):
        narrator.voiceover.with_new_take(spec, "no-such-piece")
    with pytest.raises(NotFound):
        narrator.voiceover.with_edited_text(spec, "no-such-piece", "x")
