"""Data folders of earlier versions are brought forward, those of later ones are refused in words, and every file has a format."""

from __future__ import annotations

import json
import re
import shutil
from fnmatch import fnmatch
from pathlib import Path

import pytest

from capabilities.registry import all_capabilities
from studio.backup.contents import LEFT_OUT
from studio.data_format import FORMAT_FILE, KINDS, DataKind, bring_forward, read_formats
from studio.errors import StorageError
from studio.jobs.database import MIGRATIONS
from studio.jobs.model import JobState
from studio.jobs.store import JobStore
from studio.services import Services
from studio.settings import load_settings
from tests.repository.sources import ROOT

FIRST_SCHEMA = ROOT / "tests" / "data" / "job-list-of-schema-1" / "jobs.db"
"""Written by the version before the list of jobs knew what a job costs: one job done, one waiting."""
UNSTAMPED = ROOT / "tests" / "data" / "former-data-folder"


def test_a_list_of_jobs_of_the_first_schema_is_brought_forward(tmp_path: Path) -> None:
    shutil.copy(FIRST_SCHEMA, tmp_path / "jobs.db")
    store = JobStore(tmp_path / "jobs.db")
    try:
        jobs = {job.title: job for job in store.find()}
        assert jobs["Kept from the first schema."].state is JobState.DONE
        assert jobs["Waiting since then."].state is JobState.QUEUED and jobs["Waiting since then."].work_seconds == 0
        claim = store.claim("cpu")
        assert claim is not None and claim.job.title == "Waiting since then."
    finally:
        store.close()
    assert len(MIGRATIONS) >= 2, "the fixture is of an earlier schema than the present one"


def test_a_folder_without_a_stamp_gets_one_and_every_entry_of_it_has_a_format(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    shutil.copytree(UNSTAMPED, folder)
    Services.open(load_settings(data={"folder": str(folder)}), all_capabilities).close()
    found = read_formats(folder)
    assert dict(found.formats) == {kind.name: kind.format for kind in KINDS}
    assert found.written_by == (ROOT / "VERSION").read_text().strip()
    patterns = [pattern for kind in KINDS for pattern in kind.entries] + ["jobs.db*", FORMAT_FILE]
    entries = {one.name for one in folder.iterdir()} - LEFT_OUT
    assert not [name for name in entries if not any(fnmatch(name, pattern) for pattern in patterns)]


def test_a_later_folder_is_refused_in_words_and_left_as_it_is(tmp_path: Path) -> None:
    stamp = {"written_by": "9.1.0", "formats": {"voices": 4, "holograms": 2}}
    (tmp_path / FORMAT_FILE).write_text(json.dumps(stamp))
    with pytest.raises(StorageError, match=r"voices of format 4, written by a later Greenroom \(9\.1\.0\).*Nothing was changed"):
        Services.open(load_settings(data={"folder": str(tmp_path)}), all_capabilities)
    assert json.loads((tmp_path / FORMAT_FILE).read_text()) == stamp and not (tmp_path / "jobs.db").exists()
    stamp["formats"] = {"holograms": 2}
    (tmp_path / FORMAT_FILE).write_text(json.dumps(stamp))
    bring_forward(tmp_path)
    assert read_formats(tmp_path).of("holograms") == 2, "what this version does not know stays as it is"


def test_steps_run_once_each_in_order_and_go_on_after_an_interruption(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[str] = []

    def second(folder: Path) -> None:
        done.append("voices 2 to 3")
        if done.count("voices 2 to 3") == 1:
            raise OSError(28, "No space left on device")

    kinds = (
        DataKind("outputs", ("outputs",), (lambda folder: done.append("outputs 1 to 2"),)),
        DataKind("voices", ("voices",), (lambda folder: done.append("voices 1 to 2"), second)),
    )
    (tmp_path / FORMAT_FILE).write_text(json.dumps({"written_by": "0.1", "formats": {"voices": 2}}))
    monkeypatch.setattr("studio.data_format.stamp.KINDS", kinds)
    with pytest.raises(StorageError, match="full"):
        bring_forward(tmp_path)
    bring_forward(tmp_path)
    bring_forward(tmp_path)
    assert done == ["outputs 1 to 2", "voices 2 to 3", "voices 2 to 3"]
    assert dict(read_formats(tmp_path).formats) == {"outputs": 2, "voices": 3}


def test_a_damaged_stamp_is_written_anew(tmp_path: Path) -> None:
    (tmp_path / FORMAT_FILE).write_text("{")
    bring_forward(tmp_path)
    assert read_formats(tmp_path).formats


def test_the_page_about_the_data_folder_names_every_kind_with_its_format() -> None:
    page = (ROOT / "docs" / "reference" / "data-folder.md").read_text("utf-8")
    for name, number in [*((kind.name, kind.format) for kind in KINDS), ("jobs", len(MIGRATIONS))]:
        assert re.search(rf"^\| {re.escape(name)} \| .* \| {number} \| ", page, re.MULTILINE), f"{name}, format {number}"
    for entry in (*(entry for kind in KINDS for entry in kind.entries), *LEFT_OUT):
        assert f"`{entry}" in page, entry
