"""What one job made many of is one row of the list, and buries nothing."""

from __future__ import annotations

from pathlib import Path

from studio.library.model import LibraryOutput
from tabs.common.jobs.outputs_list import grouped, outputs_list


def output(number: int, job: str, kind: str = "audio", suffix: str = ".wav") -> LibraryOutput:
    name = f"{number}{suffix}"
    return LibraryOutput(
        id=name, path=Path(name), kind=kind, title=f"Number {number}", created=float(number), size=1, total_size=1, job=job
    )  # fmt: skip


def test_the_files_of_a_batch_stand_under_its_archive() -> None:
    narration, clip = output(0, "narration"), output(1, "clip")
    lines = [output(number, "batch") for number in range(2, 60)]
    archive = output(60, "batch", "archive", ".zip")
    listed = [archive, *reversed(lines), clip, narration]
    assert grouped(listed) == [(archive, tuple(lines)), (clip, ()), (narration, ())]
    html = outputs_list(listed, limit=2, now=100.0)
    assert "58 files of it" in html and "Number 1<" in html and "Number 0<" not in html


def test_two_files_of_a_job_stand_by_themselves() -> None:
    pair = [output(2, "one job"), output(1, "one job")]
    assert grouped(pair) == [(pair[0], ()), (pair[1], ())]
