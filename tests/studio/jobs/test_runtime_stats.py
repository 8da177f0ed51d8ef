"""What is learned of finished runs: by engine, variant and size; scaled to near sizes, silent about far ones."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from studio.jobs.runtime_stats import LAST_RUNS, RuntimeStats, Workload

CLIP = Workload("wan", "plain", 832, 480, 81, 30)


@pytest.fixture
def book(tmp_path: Path) -> RuntimeStats:
    return RuntimeStats(tmp_path / "runs.json")


def test_nothing_is_said_before_the_first_run(book: RuntimeStats) -> None:
    assert book.seconds(CLIP) is None


def test_time_grows_with_frames_steps_and_pixels(book: RuntimeStats) -> None:
    book.learn(CLIP, 120)
    same, longer, finer = (book.seconds(replace(CLIP, **change)) for change in ({}, {"frames": 162}, {"steps": 60}))
    assert same is not None and (same.seconds, same.exact) == (pytest.approx(120), True)
    assert longer is not None and longer.seconds == pytest.approx(240) and longer.exact
    assert finer is not None and finer.seconds == pytest.approx(240)
    larger = book.seconds(replace(CLIP, width=1280, height=704))
    assert larger is not None and larger.seconds == pytest.approx(120 * 1280 * 704 / (832 * 480)) and not larger.exact


def test_other_engines_variants_and_far_sizes_are_not_compared(book: RuntimeStats) -> None:
    book.learn(CLIP, 120)
    for change in ({"engine": "other"}, {"variant": "distilled"}, {"width": 1920, "height": 1088}, {"width": 256, "height": 256}):
        assert book.seconds(replace(CLIP, **change)) is None


def test_the_newest_runs_count_and_outlast_the_studio(book: RuntimeStats, tmp_path: Path) -> None:
    book.learn(CLIP, 10_000)
    for _ in range(LAST_RUNS):
        book.learn(CLIP, 100)
    told = RuntimeStats(tmp_path / "runs.json").seconds(CLIP)
    assert told is not None and told.seconds == pytest.approx(100)


@pytest.mark.parametrize("text", ["", "nonsense", "[]", '{"runs": [{"work": {"nothing": 1}}]}', '{"runs": 3}'])
def test_a_damaged_book_is_an_empty_one(tmp_path: Path, text: str) -> None:
    (tmp_path / "runs.json").write_text(text, "utf-8")
    book = RuntimeStats(tmp_path / "runs.json")
    assert book.seconds(CLIP) is None
    book.learn(CLIP, 5)
    assert RuntimeStats(tmp_path / "runs.json").seconds(CLIP) is not None
