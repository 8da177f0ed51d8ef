from __future__ import annotations

import json
from pathlib import Path

import pytest

from capabilities.voiceover.pace import SpeechRateStats
from tests.capabilities.voiceover.conftest import Narrator
from tests.repository.parsers.growth import growth


def test_an_estimate_counts_what_the_plan_will_hold(narrator: Narrator) -> None:
    script = "# One\n\nIt was late. The tide went out.\n\nAnna: Hello!\n\nAnna: Are you there? [pause 2s] Yes.\n\nBen: No."
    estimate = narrator.voiceover.count(script)
    planned = narrator.voiceover.plan(narrator.prepared(script))
    assert (estimate.characters, estimate.words, estimate.chunks) == (len(script), len(script.split()), len(planned.segments))
    assert (estimate.speakers, estimate.possible_speakers, estimate.chapters) == (("Anna", "Ben"), (), 1)
    assert estimate.seconds_of_speech > 4.0
    assert estimate.problem == "" and estimate.narrated
    assert not narrator.voiceover.count("Anna: Hello!\n\nAnna: Are you there?").narrated


def test_a_half_written_script_is_counted_and_its_problem_told(narrator: Narrator) -> None:
    estimate = narrator.voiceover.count("One two. [pause so")
    assert estimate.words == 4
    estimate = narrator.voiceover.count("One two.\n[pause soon]")
    assert "Line 2" in estimate.problem
    assert "Nobody" in narrator.voiceover.count("One two.", voice="Nobody").problem
    assert narrator.voiceover.count("  ").chunks == 0


@pytest.mark.no_cover
def test_an_hour_is_counted_while_one_types(narrator: Narrator) -> None:
    """Some 200 ms on an idle machine, of which reading figures and marks is most; a day of speech takes as much for each hour."""
    day = "It was the {}th day, and the tide went out again.\n\n"
    assert not growth(narrator.voiceover.count, lambda size: "".join(day.format(number) for number in range(size // 12)))
    script = "\n\n".join(f"It was the {number}th day, and the tide went out again." for number in range(1_200))
    estimate = narrator.voiceover.count(script)
    assert estimate.chunks == pytest.approx(1_200, rel=0.02)
    uneven = f"{script[:30_000]}\n\n" + "No. Yes. " * 1_000
    assert narrator.voiceover.count(uneven).chunks == len(narrator.voiceover.plan(narrator.prepared(uneven)).segments)


def test_paces_are_learned_and_outlast_the_studio(tmp_path: Path) -> None:
    book = SpeechRateStats(tmp_path / "pace.json")
    assert book.of("hibari") is None
    book.learn("hibari", 1_000, 10.0, 70.0)
    book.learn("hibari", 1_000, 20.0, 70.0)
    book.learn("hibari", 10, 99.0, 1.0)
    pace = SpeechRateStats(tmp_path / "pace.json").of("hibari")
    assert pace is not None and 0.010 < pace.work < 0.020
    assert pace.speech == pytest.approx(0.07)


@pytest.mark.parametrize("content", ["", "[]", '{"hibari": 3}', "{"])
def test_a_damaged_book_is_an_empty_one(tmp_path: Path, content: str) -> None:
    (tmp_path / "pace.json").write_text(content)
    book = SpeechRateStats(tmp_path / "pace.json")
    assert book.of("hibari") is None
    book.learn("hibari", 1_000, 10.0, 70.0)
    assert set(json.loads((tmp_path / "pace.json").read_text())) == {"hibari"}


def test_an_estimate_of_time_comes_with_the_first_measured_narration(narrator: Narrator) -> None:
    narrator.speak("\n\n".join(f"A line to learn the pace from, number {number}." for number in range(12)), voice="hibari/heart")
    estimate = narrator.voiceover.count("It was late. " * 100, voice="hibari/heart")
    assert estimate.seconds_to_render is not None and estimate.seconds_to_render > 0
