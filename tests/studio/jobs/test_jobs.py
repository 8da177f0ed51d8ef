"""Jobs from submission to end, with the real store, runner and lanes."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from studio.errors import InvalidInput, NotFound, StorageError
from studio.jobs import service
from studio.jobs.lanes import JobLanes
from studio.jobs.model import JobState
from studio.settings import LaneSettings
from tests.studio.jobs.pieces import spec

PRIVATE = "/home" + "/anna"


class Gate:
    """Holds jobs before a piece until it is opened; they keep asking their stage meanwhile, as an engine call does."""

    def __init__(self, at: int = 0) -> None:
        self.at, self.reached, self.opened = at, threading.Semaphore(0), threading.Event()

    def __call__(self, stage, number: int) -> None:
        if number == self.at:
            self.reached.release()
            while not self.opened.wait(0.01):
                stage.check()

    def wait(self) -> None:
        assert self.reached.acquire(timeout=30)


def eventually(holds: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + 30
    while not (true := holds()) and time.monotonic() < deadline:
        time.sleep(0.01)
    return true


def test_a_job_runs_to_its_end_and_tells_its_story(workshop) -> None:
    shop = workshop().open()
    job = shop.jobs.submit("pieces", spec("one", pieces=4))
    assert job.state is JobState.QUEUED and job.title == "one" and job.spec["voice"] == "chosen"
    done = shop.jobs.wait(job.id, 30)
    assert (done.state, done.progress, done.error) == (JobState.DONE, 1.0, None)
    assert Path(done.outputs[0].path).stat().st_size == 4 * 400 * 4
    assert done.created <= done.started <= done.ended
    assert [event.kind for event in shop.jobs.events(job.id)] == ["state", "state", *["piece"] * 4, "state"]
    assert eventually(lambda: not (shop.folder / "scratch" / job.id).exists())


@pytest.mark.parametrize(
    ("kind", "given", "reason", "hint"),
    [
        ("peices", {}, '"peices"', '"pieces"'),
        ("pieces", {}, '"name" is missing', ""),
        ("pieces", {"name": "a", "pices": 3}, '"pices"', '"pieces"'),
        ("pieces", {"name": "a", "pieces": 0}, '"pieces" cannot be 0', "greater than or equal to 1"),
        ("pieces", {"name": "a", "pieces": "many"}, '"pieces" cannot be "many"', "integer"),
        ("pieces", {"name": "a", "lane": "moon"}, '"lane" cannot be "moon"', "'cpu' or 'gpu'"),
        ("pieces", {"name": "a", "voice": "nobody"}, "“nobody”", ""),
        ("pieces", {"name": ["a"]}, '"name" cannot be a list', "string"),
        ("pieces", ["a"], "as a list", ""),
    ],
)
def test_what_cannot_work_is_refused_in_words_before_it_is_queued(workshop, kind, given, reason, hint) -> None:
    shop = workshop()
    with pytest.raises(InvalidInput) as refused:
        shop.jobs.submit(kind, given)
    assert reason in refused.value.reason and hint in refused.value.hint
    assert shop.jobs.list() == []


def test_a_nearly_full_disk_accepts_no_job(workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    shop = workshop()
    monkeypatch.setattr(service, "LEAST_FREE_BYTES", 10**18)
    with pytest.raises(StorageError, match="MiB are free"):
        shop.jobs.submit("pieces", spec())
    assert shop.jobs.list() == []


def test_unknown_ids_are_not_found(workshop) -> None:
    shop = workshop().open()
    for call in (shop.jobs.get, shop.jobs.cancel, shop.jobs.retry, shop.jobs.remove, shop.jobs.wait):
        with pytest.raises(NotFound, match="no job with the id"):
            call("no-such-id")
    with pytest.raises(InvalidInput, match="state"):
        shop.jobs.list(states=["finished"])


def test_jobs_run_in_order_as_many_at_once_as_the_lane_has_places(workshop) -> None:
    shop = workshop(cpu_jobs=2).open()
    jobs = [shop.jobs.submit("pieces", spec(f"n{number}", seconds_each=0.03)) for number in range(6)]
    ended = [shop.jobs.wait(job.id, 30) for job in jobs]
    assert all(job.state is JobState.DONE for job in ended)
    assert [job.started for job in ended] == sorted(job.started for job in ended)
    assert shop.pieces.most_at_once == 2


def test_a_long_gpu_job_does_not_hold_up_the_cpu_lane(workshop) -> None:
    gate = Gate(at=1)
    shop = workshop(before_piece=lambda stage, number: gate(stage, number) if stage.job_id == slow.id else None)
    slow = shop.jobs.submit("pieces", spec("slow", lane="gpu"))
    second = shop.jobs.submit("pieces", spec("second", lane="gpu"))
    shop.open()
    gate.wait()
    quick = shop.jobs.submit("pieces", spec("quick"))
    assert shop.jobs.wait(quick.id, 30).state is JobState.DONE
    assert shop.jobs.get(slow.id).state is JobState.RUNNING
    assert shop.jobs.get(second.id).ahead == 1
    gate.opened.set()
    assert shop.jobs.wait(second.id, 30).state is JobState.DONE


def test_a_job_that_waits_for_another_studios_gpu_says_so_and_can_be_cancelled(workshop) -> None:
    shop = workshop()
    other = JobLanes(LaneSettings(), shop.folder)
    with other.slot("gpu"):
        shop.open()
        job = shop.jobs.submit("pieces", spec(lane="gpu"))
        assert eventually(lambda: shop.jobs.get(job.id).note != "")
        told = shop.jobs.get(job.id)
        assert told.state is JobState.QUEUED and "Another studio" in told.note
        assert shop.jobs.cancel(job.id).state is JobState.CANCELLED
        again = shop.jobs.submit("pieces", spec(lane="gpu"))
        assert not shop.jobs.wait(again.id, 0.3).state.ended
    assert shop.jobs.wait(again.id, 30).state is JobState.DONE


def test_progress_reaches_the_row_and_the_last_word_lands(workshop) -> None:
    gate = Gate(at=3)
    shop = workshop(before_piece=gate).open()
    job = shop.jobs.submit("pieces", spec(pieces=4))
    gate.wait()
    assert eventually(lambda: shop.jobs.get(job.id).progress >= 0.75)
    seen = shop.jobs.get(job.id)
    assert (seen.state, seen.progress, seen.note) == (JobState.RUNNING, 0.75, "Piece 4 of 4")
    gate.opened.set()
    shop.jobs.wait(job.id, 30)


def test_progress_is_written_some_five_times_a_second_however_often_it_is_told(workshop) -> None:
    def chatter(stage, number: int) -> None:
        for step in range(2000):
            stage.progress(step / 4000, f"step {step}")
            time.sleep(0.0002)

    shop = workshop(before_piece=chatter).open()
    before = shop.jobs.change_counter()
    job = shop.jobs.wait(shop.jobs.submit("pieces", spec(pieces=1)).id, 30)
    changes = shop.jobs.change_counter() - before
    assert job.state is JobState.DONE
    assert changes <= 8 + 6 * (job.ended - job.started)


def test_cancelling_a_queued_job_is_immediate_and_spares_the_running_one(workshop) -> None:
    gate = Gate()
    shop = workshop(before_piece=gate, cpu_jobs=1).open()
    running, queued = shop.jobs.submit("pieces", spec("a")), shop.jobs.submit("pieces", spec("b"))
    gate.wait()
    assert shop.jobs.cancel(queued.id).state is JobState.CANCELLED
    assert shop.jobs.get(running.id).state is JobState.RUNNING
    gate.opened.set()
    assert shop.jobs.wait(running.id, 30).state is JobState.DONE
    assert shop.jobs.cancel(running.id).state is JobState.DONE, "cancelling what has ended changes nothing"
    assert len(shop.pieces.rendered()) == 3


@pytest.mark.realtime
def test_cancelling_a_running_job_ends_it_within_two_seconds_and_the_next_one_starts(workshop) -> None:
    gate = Gate(at=1)
    shop = workshop(before_piece=lambda stage, number: gate(stage, number) if stage.job_id == first.id else None, cpu_jobs=1)
    first, second = shop.jobs.submit("pieces", spec("a")), shop.jobs.submit("pieces", spec("b"))
    shop.open()
    gate.wait()
    asked = time.monotonic()
    shop.jobs.cancel(first.id)
    cancelled = shop.jobs.wait(first.id, 30)
    assert cancelled.state is JobState.CANCELLED and cancelled.error is None and time.monotonic() - asked < 2
    assert shop.jobs.wait(second.id, 30).state is JobState.DONE
    assert eventually(lambda: not (shop.folder / "scratch" / first.id).exists())


def test_a_failure_keeps_its_words_and_a_foreign_one_says_nothing_private(workshop, caplog: pytest.LogCaptureFixture) -> None:
    def fail(stage, number: int) -> None:
        title = stage_titles[stage.job_id]
        if title == "written":
            raise InvalidInput("upscaling.picture-given", file="clip.png")
        if title == "full":
            raise OSError(28, "No space left on device", f"{PRIVATE}/secret.wav")
        if title == "exit":
            raise SystemExit(1)
        raise KeyError(f"{PRIVATE}/token=abc")

    shop = workshop(before_piece=fail)
    jobs = {title: shop.jobs.submit("pieces", spec(title)) for title in ("written", "full", "foreign", "exit")}
    stage_titles = {job.id: title for title, job in jobs.items()}
    shop.open()
    errors = {title: shop.jobs.wait(job.id, 30).error for title, job in jobs.items()}
    assert (errors["written"].reason, errors["written"].hint) == ("clip.png is a picture, not a video.", "Choose a video.")
    assert "full" in errors["full"].reason and errors["full"].retryable
    assert "KeyError" in errors["foreign"].reason and "SystemExit" in errors["exit"].reason
    for error in errors.values():
        assert "anna" not in error.reason + error.hint and "Traceback" not in error.reason + error.hint
    mark = errors["foreign"].hint.rstrip(".").rpartition(" ")[2]
    assert mark in caplog.text and "Traceback" in caplog.text
    assert shop.jobs.wait(shop.jobs.retry(jobs["written"].id).id, 5).state is JobState.FAILED, "the lanes live on"


def test_retry_is_a_new_job_that_uses_what_was_rendered(workshop) -> None:
    gate = Gate(at=2)
    shop = workshop(before_piece=gate).open()
    old = shop.jobs.submit("pieces", spec(pieces=4))
    gate.wait()
    with pytest.raises(InvalidInput, match="not ended"):
        shop.jobs.retry(old.id)
    shop.jobs.cancel(old.id)
    shop.jobs.wait(old.id, 30)
    gate.opened.set()
    new = shop.jobs.retry(old.id)
    assert new.id != old.id and new.spec == shop.jobs.get(old.id).spec
    assert shop.jobs.wait(new.id, 30).state is JobState.DONE
    assert len(shop.pieces.rendered()) == len(set(shop.pieces.rendered())) == 4
    assert shop.jobs.events(old.id)[-1].data == {"job": new.id}


def test_only_ended_jobs_can_be_removed(workshop) -> None:
    gate = Gate()
    shop = workshop(before_piece=gate, cpu_jobs=1).open()
    running, queued = shop.jobs.submit("pieces", spec("a")), shop.jobs.submit("pieces", spec("b"))
    gate.wait()
    for job in (running, queued):
        with pytest.raises(InvalidInput, match="not ended"):
            shop.jobs.remove(job.id)
    gate.opened.set()
    done = shop.jobs.wait(running.id, 30)
    shop.jobs.remove(done.id)
    with pytest.raises(NotFound):
        shop.jobs.get(done.id)
    assert Path(done.outputs[0].path).exists(), "results stay"


@pytest.mark.realtime
def test_closing_interrupts_and_the_next_start_goes_on_without_rendering_twice(workshop) -> None:
    gate = Gate(at=3)
    shop = workshop(before_piece=gate, cpu_jobs=1).open()
    first, second = shop.jobs.submit("pieces", spec("a", pieces=5)), shop.jobs.submit("pieces", spec("b"))
    gate.wait()
    started = time.monotonic()
    shop.close()
    assert time.monotonic() - started < 3
    again = workshop(cpu_jobs=1)
    interrupted = again.jobs.get(first.id)
    assert interrupted.state is JobState.INTERRUPTED and "goes on" in interrupted.note and interrupted.ended is None
    assert again.jobs.get(second.id).state is JobState.QUEUED
    again.open()
    first_done, second_done = again.jobs.wait(first.id, 30), again.jobs.wait(second.id, 30)
    assert first_done.state is second_done.state is JobState.DONE
    assert first_done.started == interrupted.started and first_done.ended <= second_done.ended
    assert len(again.pieces.rendered()) == len(set(again.pieces.rendered())) == 8
    assert "resumed" in [event.kind for event in again.jobs.events(first.id)]


def test_an_interrupted_job_can_be_cancelled_before_the_next_start_takes_it(workshop) -> None:
    gate = Gate()
    shop = workshop(before_piece=gate).open()
    job = shop.jobs.submit("pieces", spec())
    gate.wait()
    shop.close()
    again = workshop()
    assert again.jobs.cancel(job.id).state is JobState.CANCELLED
    again.open()
    assert again.jobs.wait(job.id, 0.2).state is JobState.CANCELLED


def test_a_kind_that_is_gone_and_a_spec_that_no_longer_holds_fail_in_words(workshop) -> None:
    shop = workshop()
    gone = shop.store.add("dreaming", "Dream", "cpu", {})
    stale = shop.store.add("pieces", "Old", "cpu", {"name": "a", "speed": 2})
    shop.open()
    assert '"dreaming"' in shop.jobs.wait(gone.id, 30).error.reason
    assert '"speed"' in shop.jobs.wait(stale.id, 30).error.reason


def test_scratch_of_jobs_that_are_gone_is_swept_at_start(workshop) -> None:
    shop = workshop()
    waiting = shop.jobs.submit("pieces", spec(lane="gpu"))
    for name in ("gone", waiting.id):
        (shop.folder / "scratch" / name).mkdir(parents=True)
    with JobLanes(LaneSettings(), shop.folder).slot("gpu"):
        shop.open()
        assert eventually(lambda: not (shop.folder / "scratch" / "gone").exists())
        assert [folder.name for folder in (shop.folder / "scratch").iterdir()] == [waiting.id]


def test_many_jobs_are_tracked_at_once(workshop) -> None:
    shop = workshop(cpu_jobs=4).open()
    ended: dict[str, JobState] = {}

    def follow(name: str) -> None:
        job = shop.jobs.submit("pieces", spec(name, pieces=2))
        ended[job.id] = shop.jobs.wait(job.id, 30).state

    threads = [threading.Thread(target=follow, args=(f"n{number}",)) for number in range(20)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert len(ended) == 20 and set(ended.values()) == {JobState.DONE}
    assert {job.id for job in shop.jobs.list(states=["done"], limit=100)} == set(ended)


def test_pruning_follows_the_settings(workshop) -> None:
    shop = workshop().open()
    for number in range(3):
        shop.jobs.wait(shop.jobs.submit("pieces", spec(f"n{number}", pieces=1)).id, 5)
    assert shop.jobs.prune() == 0
    shop.jobs._settings = shop.jobs._settings.model_copy(update={"keep_days": 0.0})
    assert shop.jobs.prune() == 3 and shop.jobs.list() == []


def test_a_job_whose_end_cannot_be_written_says_so_at_once(workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    shop = workshop()
    finish, full = shop.store.finish, threading.Event()
    full.set()

    def finishing(*arguments, **facts):
        if full.is_set():
            raise StorageError("storage.full", retryable=True)
        return finish(*arguments, **facts)

    monkeypatch.setattr(shop.store, "finish", finishing)
    job = shop.open().jobs.submit("pieces", spec("one", pieces=1))
    seen = -1
    while "cannot be written yet: The disk that holds the data folder is full." not in shop.jobs.get(job.id).note:
        before, seen = seen, shop.jobs.wait_for_change(seen, 20)
        assert seen > before, "nobody is woken for what stands in no row"
    assert "over (done)" in shop.jobs.list()[0].note
    before = shop.jobs.change_counter()
    full.clear()
    assert shop.jobs.wait(job.id, 30).note == ""
    assert shop.jobs.change_counter() > before
