from __future__ import annotations

import csv
import io
import zipfile

import pytest

from studio.errors import InvalidInput, NotFound
from studio.jobs.model import JobState
from tests.capabilities.voiceover.conftest import Narrator

LINES = ["The tide goes out.", "A bad [pause soon] line", "日本語だけ。", "", "Hello there; how are you?"]


def test_each_line_is_a_file_and_all_lie_in_one_archive(narrator: Narrator) -> None:
    job = narrator.run({"lines": LINES, "voice": "espeak/gmw/en", "format": "mp3"}, "voiceover_batch")
    assert job.state is JobState.DONE, job.error
    assert [output.kind for output in job.outputs] == ["archive", "audio", "audio"]
    with zipfile.ZipFile(job.outputs[0].path) as archive:
        names = archive.namelist()
        rows = list(csv.DictReader(io.StringIO(archive.read("index.csv").decode("utf-8-sig"))))
        assert archive.testzip() is None
    sounds = ["001_the-tide-goes-out.mp3", "005_hello-there-how-are-you.mp3"]
    assert [name for name in names if name.endswith(".mp3")] == sounds
    assert [row["file"] for row in rows] == [sounds[0], "", "", "", sounds[1]]
    assert rows[1]["problem"].startswith("[pause soon]"), "no line number within the line"
    assert "日" in rows[2]["problem"] and "ine 1" not in rows[2]["problem"]
    assert [row["line"] for row in rows] == ["1", "2", "3", "4", "5"], "rows keep their numbers"
    assert all(float(row["seconds"]) > 0.5 for row in rows if row["file"])


def test_text_is_split_at_its_line_ends(narrator: Narrator) -> None:
    job = narrator.run({"lines": "One line.\n\nAnother line.\n"}, "voiceover_batch")
    assert len(job.outputs) == 3


def test_lines_that_were_rendered_before_are_not_rendered_again(narrator: Narrator) -> None:
    narrator.run({"lines": ["A line for the second time."], "voice": "hibari/heart"}, "voiceover_batch")
    again = narrator.run({"lines": ["A line for the second time.", "A fresh line."], "voice": "hibari/heart"}, "voiceover_batch")
    assert len(narrator.spoken(again)) == 1


def test_what_fails_every_line_is_refused(narrator: Narrator) -> None:
    with pytest.raises(NotFound):
        narrator.studio.jobs.submit("voiceover_batch", {"lines": ["Hi."], "voice": "Nobody"})
    with pytest.raises(InvalidInput):
        narrator.studio.jobs.submit("voiceover_batch", {"lines": []})
    with pytest.raises(InvalidInput):
        narrator.studio.jobs.submit("voiceover_batch", {"lines": ["Hi."], "format": "mid"})


def test_the_list_is_safe_in_a_spreadsheet_and_the_archive_bears_its_title(narrator: Narrator) -> None:
    job = narrator.run({"lines": ["=1+1 is two.", "", "Two «café» lines."], "title": "My Lines, part 1"}, "voiceover_batch")
    assert job.outputs[0].path.endswith("my-lines-part-1.zip")
    with zipfile.ZipFile(job.outputs[0].path) as archive:
        raw = archive.read("index.csv")
    assert raw.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(raw.decode("utf-8-sig"))))
    assert rows[1][3] == "'=1+1 is two."
    assert not any(cell.startswith(("=", "+", "-", "@")) for row in rows for cell in row)
    assert rows[2] == ["2", "", "", "", ""]


def test_a_row_that_cannot_be_spoken_is_named_by_its_own_number(narrator: Narrator) -> None:
    with pytest.raises(InvalidInput) as refused:
        narrator.studio.jobs.submit("voiceover_batch", {"lines": ["", "", "日本語だけ。"], "voice": "espeak/gmw/en"})
    assert refused.value.reason.startswith("Line 3: ")
