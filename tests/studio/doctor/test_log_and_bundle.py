"""The log by level and words, and a support bundle that holds nothing a person wrote, named or hid."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path

import pytest

from capabilities.registry import all_capabilities
from studio.doctor.log_viewer import LogRecord, log_names, read_log
from studio.doctor.support_bundle import Redaction, support_bundle
from studio.errors import NotFound
from studio.jobs.model import JobState
from studio.services import Services
from studio.settings import load_settings
from studio.version import studio_version
from tabs.system.log import log_panel
from tests.servers import wait_until

LOG = """\
2026-11-20 10:00:00,123 INFO    studio.jobs.runner [jobs-cpu-1] Job abc begins, attempt 1
2026-11-20 10:00:01,000 ERROR   studio.jobs.failure [jobs-cpu-1] Job abc failed unexpectedly (E-1)
Traceback (most recent call last):
  File "/home/anna/greenroom/studio/x.py", line 3, in f
ValueError: token=geheim123
2026-11-20 10:00:02,000 WARNING studio.memory.sampler [memory-sampler] Memory is closed: 86% of 24 GiB in use
"""


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    (tmp_path / "greenroom.log").write_text(LOG)
    (tmp_path / "f5-tts.log").write_text("2026-11-20 10:00:00,000 [77] loading from /home/anna/weights\n")
    return tmp_path


def test_records_newest_first_with_their_tracebacks_and_without_secrets(logs: Path) -> None:
    records = read_log(logs)
    assert [record.level for record in records] == ["WARNING", "ERROR", "INFO"]
    assert "Traceback" in records[1].text and "anna" not in records[1].text and "geheim123" not in records[1].text
    assert records[2] == LogRecord("2026-11-20 10:00:00", "INFO", "studio.jobs.runner", "Job abc begins, attempt 1")


def test_records_are_filtered(logs: Path) -> None:
    assert [record.level for record in read_log(logs, level="WARNING")] == ["WARNING", "ERROR"]
    assert [record.level for record in read_log(logs, level="ERROR")] == ["ERROR"]
    assert [record.level for record in read_log(logs, text="job ABC")] == ["ERROR", "INFO"]
    assert len(read_log(logs, limit=1)) == 1


def test_what_workers_print_is_another_log_and_no_other_file_is(logs: Path) -> None:
    assert log_names(logs) == ["greenroom", "f5-tts"]
    (record,) = read_log(logs, "f5-tts")
    assert record.text == "[77] loading from ~/weights" and not record.level
    for name in ("../greenroom", "/etc/passwd", "x"):
        with pytest.raises(NotFound):
            read_log(logs, name)


def test_records_are_drawn_as_text(logs: Path) -> None:
    html = log_panel([LogRecord("now", "ERROR", "<b>", "<script>alert(1)</script>\n<img>")])
    assert "<script" not in html and "<img" not in html and "&lt;script" in html


def test_quoted_words_and_paths_are_taken_out() -> None:
    keep = Redaction({"/mnt/big/data": "<data>"})
    said = keep.words('Line 1 (“Dear Anna”): there is no voice "Uncle Bob" in /mnt/big/data/voices, token=abcdefgh')
    assert "Anna" not in said and "Bob" not in said and "abcdefgh" not in said and "<data>/voices" in said


def test_the_bundle_holds_nothing_personal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_abcdefghijklmnop")
    studio = Services.open(load_settings(data={"folder": tmp_path / "private-folder"}), all_capabilities)
    try:
        job = studio.jobs.submit("voiceover", {"script": "My secret diary of Tuesday.", "title": "Diary", "engine": "hibari"})
        wait_until(lambda: studio.jobs.get(job.id).state is JobState.DONE, 60)
        bundle = support_bundle(studio, studio.disk)
    finally:
        studio.close()
    archive = zipfile.ZipFile(io.BytesIO(bundle))
    everything = "\n".join(archive.read(name).decode() for name in archive.namelist())
    for private in ("diary", "Tuesday", "private-folder", str(tmp_path), "hf_abc", str(Path.home()) + "/"):
        assert private.casefold() not in everything.casefold(), private
    (told,) = json.loads(archive.read("jobs.json"))
    assert (told["id"], told["state"], told["engine"], told["outputs"][0]) == (job.id, "done", "hibari", "audio")
    assert told["work_seconds"] > 0 and told["peak_gib"] > 0
    assert json.loads(archive.read("machine.json"))["memory"]["pool"] > 0
    versions = json.loads(archive.read("versions.json"))
    assert versions["greenroom"] == studio_version() and "gradio" in versions["packages"]
    assert json.loads(archive.read("settings.json"))["memory"]["kill_limit"] == 0.92
