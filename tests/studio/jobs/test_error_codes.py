"""An error's code in the row of its job, in the job's history, in the log and in the API's answer; and a row that reads in
the language of who looks at it."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest

from engines.contract.errors import EngineOutOfMemory, WorkerDied, WorkerStalled
from studio.errors import GreenroomError, MemoryRefused, StorageError
from studio.jobs.model import JobState
from studio.workers.process.exit_reason import ExitReason, explain
from tests.media.messages.pseudo import is_pseudo, speaking_pseudo
from tests.studio.jobs.pieces import spec


def _said(reason: str, hint: str) -> WorkerDied:
    """As an engine that was written before there were codes raises it."""
    with pytest.warns(FutureWarning, match="a finished sentence"):
        return WorkerDied(reason, hint)


FAULTS: dict[str, tuple[BaseException, str, type[GreenroomError]]] = {
    "dead": (explain("Wan", -11, out_of_memory=False).error(), "worker.crashed", WorkerDied),
    "killed": (explain("Wan", -9, out_of_memory=True).error(), "worker.out-of-memory", WorkerDied),
    "stalled": (
        ExitReason.of("worker.stalled", engine="Wan", seconds=60.0, stalled=True).error(), "worker.stalled", WorkerStalled
    ),
    "out of memory": (EngineOutOfMemory("engine.out-of-memory", engine="Wan"), "engine.out-of-memory", EngineOutOfMemory),
    "refused": (MemoryRefused("memory.not-given-back", engine="Wan"), "memory.not-given-back", MemoryRefused),
    "disk full": (OSError(28, "No space left on device"), "storage.full", StorageError),
    "studio's memory": (MemoryError(), "job.memory-of-studio", GreenroomError),
    "mistake": (KeyError("secret"), "job.mistake", GreenroomError),
    "sentence": (_said("It fell over.", "Pick it up."), "engine.told", WorkerDied),
}  # fmt: skip


def test_every_fault_has_its_code_wherever_it_is_told(workshop, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")

    def fail(stage, number: int) -> None:
        raise FAULTS[titles[stage.job_id]][0]

    shop = workshop(before_piece=fail)
    jobs = {title: shop.jobs.submit("pieces", spec(title)) for title in FAULTS}
    titles = {job.id: title for title, job in jobs.items()}
    shop.open()
    for title, (_, code, sort) in FAULTS.items():
        job = shop.jobs.wait(jobs[title].id, 30)
        assert job.state is JobState.FAILED and job.error is not None
        answer = job.as_dict()["error"]
        assert answer["code"] == code, title
        assert answer["retryable"] is True
        assert code in _row(shop.folder, job.id)["code"]
        ends = [event.data for event in shop.jobs.events(job.id) if event.data.get("state") == "failed"]
        assert ends and ends[0]["code"] == code
        raised = job.error.raised()
        assert type(raised) is sort and (raised.code, raised.reason) == (code, job.error.reason)
        assert any(job.id in line and (code in line or "unexpectedly" in line) for line in caplog.messages), title


def test_an_old_failure_reads_in_the_language_of_who_looks_at_it(workshop) -> None:
    def fail(stage, number: int) -> None:
        with speaking_pseudo():  # whatever was spoken where it arose, the row keeps English for readers of the file
            raise FAULTS["stalled"][0]

    shop = workshop(before_piece=fail).open()
    job = shop.jobs.wait(shop.jobs.submit("pieces", spec()).id, 10)
    english = "The worker of Wan made no progress for 60 seconds and was ended."
    assert job.error is not None and job.error.reason == english
    assert _row(shop.folder, job.id)["reason"] == english
    with speaking_pseudo():
        again = shop.jobs.get(job.id).error
    assert again is not None and again.reason == f"⟪{english}⟫" and is_pseudo(again.hint)


def test_a_cancelled_job_has_no_error(workshop) -> None:
    shop = workshop()
    job = shop.jobs.submit("pieces", spec())
    shop.jobs.cancel(job.id)
    assert shop.jobs.get(job.id).as_dict()["error"] is None


def _row(folder: Path, job_id: str) -> dict[str, object]:
    with sqlite3.connect(folder / "jobs.db") as rows:
        [[kept]] = rows.execute("SELECT error FROM jobs WHERE id = ?", (job_id,)).fetchall()
    return dict(json.loads(kept))
