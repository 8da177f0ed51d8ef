"""The studio as one object: opened whole or not at all, closed in order, and everything in it wired to the rest."""

from __future__ import annotations

import logging
import sqlite3
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from capabilities.registry import all_capabilities
from media.audio.decode import probe
from studio.errors import EngineError, InvalidInput, StorageError
from studio.jobs.database import MIGRATIONS
from studio.jobs.model import JobState
from studio.services import Services
from studio.settings import Settings, load_settings

FAULT = "tests.engines.fault_engine:FaultEngine"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load_settings(data={"folder": str(tmp_path / "data")}, engines={"extra": [FAULT]})


@pytest.fixture
def studio(settings: Settings) -> Iterator[Services]:
    studio = Services.open(settings, all_capabilities)
    yield studio
    studio.close()


@pytest.mark.realtime
def test_opening_is_quick_and_leaves_nothing_behind_when_closed(settings: Settings) -> None:
    taken = []
    threads, handlers = set(threading.enumerate()), list(logging.getLogger().handlers)
    for _ in range(3):
        began = time.monotonic()
        studio = Services.open(settings, all_capabilities)
        taken.append(time.monotonic() - began)
        studio.close()
        studio.close()
    assert min(taken) < 0.3
    assert logging.getLogger().handlers == handlers
    assert [thread.name for thread in threading.enumerate() if thread not in threads and not thread.daemon] == []
    assert not (studio.paths.root / "jobs.db-wal").exists()


def test_a_start_that_fails_lets_everything_go_again(settings: Settings) -> None:
    Services.open(settings, all_capabilities).close()
    path = settings.data_folder / "jobs.db"
    with sqlite3.connect(path) as connection:
        connection.execute(f"PRAGMA user_version={len(MIGRATIONS) + 1}")
    connection.close()
    for _ in range(2):
        with pytest.raises(StorageError, match="newer version"):
            Services.open(settings, all_capabilities)
    with sqlite3.connect(path) as connection:
        connection.execute(f"PRAGMA user_version={len(MIGRATIONS)}")
    connection.close()
    Services.open(settings, all_capabilities).close()


def test_a_second_studio_on_the_folder_is_refused_and_harms_nothing(studio: Services, settings: Settings) -> None:
    with pytest.raises(StorageError, match="Another Greenroom"):
        Services.open(settings, all_capabilities)
    assert studio.jobs.list() == []


def test_a_wrong_extra_engine_stops_the_start_in_words(tmp_path: Path) -> None:
    settings = load_settings(data={"folder": str(tmp_path / "data")}, engines={"extra": ["no.such.module:Engine"]})
    with pytest.raises(EngineError, match=r"no\.such\.module:Engine"):
        Services.open(settings, all_capabilities)


def test_a_damaged_job_list_is_kept_aside_and_told(settings: Settings) -> None:
    settings.data_folder.mkdir()
    (settings.data_folder / "jobs.db").write_bytes(b"rubbish " * 4000)
    studio = Services.open(settings, all_capabilities)
    try:
        assert [event.kind for event in studio.jobs.events()] == ["store.set_aside"]
        assert "damaged" in (studio.paths.logs / "greenroom.log").read_text()
    finally:
        studio.close()


@pytest.mark.realtime
def test_a_narration_goes_from_spec_to_a_file_in_the_library(studio: Services) -> None:
    job = studio.jobs.submit("voiceover", {"script": "Good morning. This is a short test.", "engine": "hibari"})
    done = studio.jobs.wait(job.id, 60)
    assert done.state is JobState.DONE, done.error
    audio = next(output for output in done.outputs if output.kind == "audio")
    assert probe(Path(audio.path)).duration > 1
    assert Path(audio.path).parent == studio.paths.outputs
    assert studio.library.get(audio.id).kind == "audio"
    assert [worker["engine"] for worker in studio.memory.report()["workers"]] == ["hibari"]
    report = studio.engines.unload("hibari")
    assert report.engine_id == "hibari" and studio.workers.snapshot() == []
    began = time.monotonic()
    again = studio.jobs.wait(studio.jobs.retry(job.id).id, 60)
    assert again.state is JobState.DONE and time.monotonic() - began < 30
    assert studio.workers.snapshot() == [], "everything was rendered before, so no engine was started"


def test_what_cannot_work_is_refused_before_it_is_queued(studio: Services) -> None:
    with pytest.raises(InvalidInput, match='"scrip"'):
        studio.jobs.submit("voiceover", {"scrip": "Hello."})
    assert studio.jobs.list() == []


@pytest.mark.realtime
@pytest.mark.slow
def test_closing_with_busy_workers_takes_under_five_seconds_and_ends_them_all(settings: Settings) -> None:
    studio = Services.open(settings, all_capabilities)
    options = {"behaviour": "ignore_cancel", "seconds": 120}
    jobs = [
        studio.jobs.submit("voiceover", {"script": f"Hello number {n}.", "engine": "fault", "options": options}) for n in (1, 2)
    ]
    deadline = time.monotonic() + 60
    while len([worker for worker in studio.workers.snapshot() if worker.state == "busy"]) < 2 and time.monotonic() < deadline:
        time.sleep(0.02)
    pids = [worker.pid for worker in studio.workers.snapshot()]
    assert len(pids) == 2
    began = time.monotonic()
    studio.close()
    assert time.monotonic() - began < 5
    assert not any(Path(f"/proc/{pid}").exists() for pid in pids)
    again = Services.open(settings, all_capabilities)
    try:
        for job in jobs:
            again.jobs.cancel(job.id)
        states = {again.jobs.wait(job.id, 10).state for job in jobs}
        assert states == {JobState.CANCELLED}
    finally:
        again.close()
