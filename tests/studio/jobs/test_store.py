from __future__ import annotations

import sqlite3
import threading
from pathlib import Path

import pytest

from studio.errors import StorageError
from studio.jobs.database import MIGRATIONS, Database
from studio.jobs.model import JobCost, JobError, JobOutput, JobState
from studio.jobs.store import CRASH_LIMIT, KILL_WEIGHT, JobStore


@pytest.fixture
def store(tmp_path: Path) -> JobStore:
    return JobStore(tmp_path / "jobs.db")


def add(store: JobStore, title: str = "A title", lane: str = "cpu", kind: str = "voiceover"):
    return store.add(kind, title, lane, {"script": f"Grüße, {title}"})


def test_a_job_reads_back_as_it_was_accepted(store: JobStore) -> None:
    job = add(store)
    assert job == store.get(job.id)
    assert (job.state, job.progress, job.error, job.outputs, job.started) == (JobState.QUEUED, 0.0, None, (), None)
    assert job.spec == {"script": "Grüße, A title"}
    assert store.get("nothing") is None


def test_queue_order_and_jobs_ahead_count_the_own_lane_only(store: JobStore) -> None:
    first, other, second, third = add(store), add(store, lane="gpu"), add(store), add(store)
    assert [store.get(job.id).ahead for job in (first, other, second, third)] == [0, 0, 1, 2]
    assert store.claim("cpu").job.id == first.id
    assert store.next_queued("cpu") == second.id
    assert [store.get(job.id).ahead for job in (first, second, third)] == [0, 1, 2]


def test_every_change_raises_the_row_version_and_the_counter_and_a_restart_lowers_neither(
    store: JobStore, tmp_path: Path
) -> None:
    job, other = add(store), add(store)
    counters, versions = [store.change_counter()], [store.get(job.id).version]
    claim = store.claim("cpu")
    changes = (
        lambda: store.report(claim, JobState.LOADING, 0.0, "Loading", None),
        lambda: store.report(claim, JobState.RUNNING, 0.5, "Half", 3.0),
        lambda: store.add_event(job.id, "segment", {"index": 1}),
        lambda: store.request_cancel(job.id),
        lambda: store.finish(claim, JobState.CANCELLED),
    )
    for change in changes:
        change()
        counters.append(store.change_counter())
        versions.append(store.get(job.id).version)
    assert counters == sorted(set(counters)) and versions == sorted(set(versions))
    assert store.get(other.id).version == other.version
    store.remove(job.id)
    last = store.change_counter()
    assert last > counters[-1]
    store.close()
    assert JobStore(tmp_path / "jobs.db").change_counter() == last


def test_nothing_to_do_changes_nothing_and_wakes_nobody(store: JobStore) -> None:
    done = add(store)
    store.finish(store.claim("cpu"), JobState.DONE)
    seen = store.change_counter()
    store.claim("cpu")
    store.request_cancel(done.id)
    store.request_cancel("unknown")
    store.remove("unknown")
    store.prune(0, 100)
    store.add_event("unknown", "segment", {})
    assert store.change_counter() == seen


def test_waiting_ends_with_a_change(store: JobStore) -> None:
    seen = store.change_counter()
    threading.Timer(0.05, lambda: add(store)).start()
    assert store.wait_for_change(seen, 5) == seen + 1
    assert store.wait_for_change(seen + 1, 0.01) == seen + 1


def test_an_attempt_that_is_over_can_write_nothing(store: JobStore) -> None:
    job = add(store)
    old = store.claim("cpu")
    store.recover()
    assert not store.report(old, JobState.RUNNING, 0.9, "late", None)
    present = store.claim("cpu")
    assert present.attempt == old.attempt + 1
    assert not store.finish(old, JobState.DONE)
    assert store.finish(present, JobState.DONE, outputs=[JobOutput("o1", "/outputs/a.wav", "audio")])
    assert not store.report(present, JobState.RUNNING, 0.1, "late", None)
    ended = store.get(job.id)
    assert (ended.state, ended.progress, ended.outputs) == (JobState.DONE, 1.0, (JobOutput("o1", "/outputs/a.wav", "audio"),))


def test_one_job_is_claimed_once_by_many_threads(store: JobStore) -> None:
    jobs = {add(store).id for _ in range(30)}
    taken: list[str] = []

    def take() -> None:
        while (claim := store.claim("cpu")) is not None:
            taken.append(claim.job.id)

    threads = [threading.Thread(target=take) for _ in range(4)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert len(taken) == 30 and set(taken) == jobs


def test_recovery_queues_again_in_order_and_says_so(store: JobStore) -> None:
    first, second, third = add(store), add(store), add(store)
    running = store.claim("cpu")
    store.report(running, JobState.RUNNING, 0.4, "Working", 9.0)
    interrupted = store.claim("cpu")
    store.finish(interrupted, JobState.INTERRUPTED)
    assert store.recover().resumed == (first.id, second.id)
    assert [store.get(job.id).state for job in (first, second, third)] == [JobState.QUEUED] * 3
    assert store.get(first.id).progress == 0.4
    assert [store.claim("cpu").job.id for _ in range(3)] == [first.id, second.id, third.id]
    kinds = [event.kind for event in store.events(first.id)]
    assert kinds == ["state", "state", "resumed", "state"]
    assert "resumed" not in [event.kind for event in store.events(third.id)]


def test_a_job_asked_to_stop_does_not_come_back_after_a_crash(store: JobStore) -> None:
    job = add(store)
    store.claim("cpu")
    assert store.request_cancel(job.id) is JobState.RUNNING
    assert store.recover().cancelled == (job.id,)
    assert store.get(job.id).state is JobState.CANCELLED


def test_a_crash_loop_ends_in_words_but_headway_forgives(store: JobStore) -> None:
    job = add(store)
    for crash in range(CRASH_LIMIT + 5):
        store.report(store.claim("cpu"), JobState.RUNNING, 0.1 * (crash + 1), "", None)
        assert store.recover().resumed == (job.id,), "each attempt got further than the one before"
    for _ in range(CRASH_LIMIT - 1):
        store.report(store.claim("cpu"), JobState.RUNNING, 0.1, "", None)
        assert store.recover().resumed == (job.id,)
    store.claim("cpu")
    assert store.recover().failed == (job.id,)
    failed = store.get(job.id)
    assert failed.state is JobState.FAILED and failed.error.retryable and "again and again" in failed.error.reason


def test_a_server_that_is_merely_killed_weighs_less_than_one_that_crashed(store: JobStore) -> None:
    job = add(store)
    for _ in range(round(CRASH_LIMIT / KILL_WEIGHT)):
        store.claim("cpu")
        assert store.recover(KILL_WEIGHT).resumed == (job.id,)
    store.claim("cpu")
    assert store.recover(KILL_WEIGHT).failed == (job.id,), "but not for ever"


def test_a_clean_interruption_is_no_crash(store: JobStore) -> None:
    job = add(store)
    for _ in range(CRASH_LIMIT + 3):
        store.finish(store.claim("cpu"), JobState.INTERRUPTED)
        assert store.recover().resumed == (job.id,)


def test_listing_filters_by_state_kind_and_text(store: JobStore) -> None:
    first, second, third = add(store, "Apples 100%"), add(store, "Pears", kind="transcription"), add(store, "More apples")
    store.finish(store.claim("cpu"), JobState.FAILED, error=JobError("Why.", "Next.", True))
    ids = lambda **filters: [job.id for job in store.find(**filters)]  # noqa: E731
    assert ids() == [third.id, second.id, first.id]
    assert ids(limit=2) == [third.id, second.id]
    assert ids(states=[JobState.FAILED]) == [first.id]
    assert ids(kinds=["transcription"]) == [second.id]
    assert ids(text="APPLES") == [third.id, first.id]
    assert ids(text="0%") == [first.id] and ids(text="_") == []
    assert ids(text=third.id) == [third.id]
    assert store.get(first.id).error == JobError("Why.", "Next.", True)


def test_pruning_takes_only_ended_jobs_oldest_first(store: JobStore) -> None:
    ended = []
    for _ in range(4):
        ended.append(add(store).id)
        store.finish(store.claim("cpu"), JobState.DONE)
    waiting = [add(store).id for _ in range(3)]
    assert store.prune(older_than=store.get(ended[1]).ended, keep=100) == 1
    assert store.prune(older_than=0, keep=4) == 2
    assert {job.id for job in store.find()} == {ended[3], *waiting}
    assert store.prune(older_than=0, keep=0) == 1
    assert {job.id for job in store.find()} == set(waiting)
    assert store.events(ended[0]) == [], "history goes with its job"


def test_events_are_numbered_over_all_jobs_and_never_reused(store: JobStore) -> None:
    one, two = add(store), add(store)
    store.add_event(one.id, "segment", {"text": "ä"})
    last = store.add_event("", "notice", {"x": 1})
    everything = store.events()
    assert [event.seq for event in everything] == sorted({event.seq for event in everything})
    assert [event.job_id for event in everything] == [one.id, two.id, one.id, ""]
    assert [event.data for event in store.events(one.id, after=everything[0].seq)] == [{"text": "ä"}]
    assert store.events(after=last) == []
    store.finish(store.claim("cpu"), JobState.DONE)
    store.remove(one.id)
    assert store.add_event(two.id, "segment", {}) > last + 1


def test_an_accepted_job_is_on_the_disk_and_progress_is_not_flushed(store: JobStore) -> None:
    seen: list[int] = []
    writer = store._database._writer
    writer.set_trace_callback(lambda sql: seen.append(sql) if "synchronous" in sql else None)
    claim_source = add(store)
    store.claim("cpu")
    store.request_cancel(claim_source.id)
    assert [statement.rpartition("=")[2] for statement in seen] == ["FULL", "NORMAL", "FULL"]


def test_a_full_disk_is_told_in_words_and_changes_nothing(store: JobStore) -> None:
    add(store)
    writer = store._database._writer
    pages = writer.execute("PRAGMA page_count").fetchone()[0]
    writer.execute(f"PRAGMA max_page_count={pages + 2}")
    before = store.change_counter()
    with pytest.raises(StorageError, match="full") as refused:
        store.add("voiceover", "Long", "cpu", {"script": "x" * 100_000})
    assert refused.value.retryable and store.change_counter() == before and store.count() == 1
    writer.execute("PRAGMA max_page_count=100000")
    assert add(store).ahead == 1, "and it works again as soon as there is space"


def test_a_damaged_file_is_set_aside_under_another_name(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "jobs.db"
    path.write_bytes(b"This is no database at all. " * 500)
    store = JobStore(path)
    kept = list(tmp_path.glob("jobs.damaged-*.db"))
    assert len(kept) == 1 and kept[0].read_bytes().startswith(b"This is no database")
    assert [(event.kind, event.data) for event in store.events()] == [("store.set_aside", {"file": kept[0].name})]
    assert "damaged" in caplog.text
    assert add(store).state is JobState.QUEUED


def test_a_page_damaged_by_a_hard_end_is_found_at_the_next_start(tmp_path: Path) -> None:
    path = tmp_path / "jobs.db"
    store = JobStore(path)
    for number in range(200):
        store.add("voiceover", f"Job {number}", "cpu", {"script": "x" * 500})
    store._database._writer.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    add(store)
    hard_end = {name.name: name.read_bytes() for name in tmp_path.glob("jobs.db*") if not name.name.endswith("-shm")}
    store.close()
    for name, data in hard_end.items():
        (tmp_path / name).write_bytes(data)
    with path.open("r+b") as file:
        for page in range(3, 40):
            file.seek(page * 4096)
            file.write(b"\xa5" * 4096)
    fresh = JobStore(path)
    assert fresh.count() == 0 and len(list(tmp_path.glob("jobs.damaged-*.db"))) == 1


def test_a_newer_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "jobs.db"
    JobStore(path).close()
    with sqlite3.connect(path) as connection:
        connection.execute(f"PRAGMA user_version={len(MIGRATIONS) + 1}")
    connection.close()
    with pytest.raises(StorageError, match="newer version"):
        JobStore(path)
    assert not list(tmp_path.glob("*damaged*"))


def test_a_place_that_cannot_be_written_is_told_in_words(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match="data folder"):
        JobStore(tmp_path / "file" / "jobs.db")
    (tmp_path / "jobs.db").mkdir()
    with pytest.raises(StorageError, match="data folder") as refused:
        JobStore(tmp_path / "jobs.db")
    assert str(tmp_path) not in str(refused.value)


def test_closing_twice_and_migrating_an_old_file(tmp_path: Path) -> None:
    database = Database(tmp_path / "jobs.db")
    assert database.set_aside is None
    database.close()
    database.close()
    assert not (tmp_path / "jobs.db-wal").exists()
    again = Database(tmp_path / "jobs.db")
    with again.read() as connection:
        assert connection.execute("PRAGMA user_version").fetchone()[0] == len(MIGRATIONS)
    again.close()


def test_queued_jobs_are_given_other_places(store: JobStore) -> None:
    jobs = [add(store, title) for title in "abcd"]
    add(store, "elsewhere", lane="gpu")

    def order() -> str:
        queued = [job for job in store.find([JobState.QUEUED]) if job.lane == "cpu"]
        return "".join(job.title for job in sorted(queued, key=lambda job: job.ahead))

    assert store.move(jobs[3].id, 1) and order() == "dabc"
    assert store.move(jobs[3].id, 3) and order() == "abdc"
    assert store.move(jobs[0].id, 99) and order() == "bdca"
    late = add(store, "e")
    assert order() == "bdcae" and store.move(late.id, 2) and order() == "bedca"
    claimed = store.claim("cpu")
    assert claimed.job.title == "b" and not store.move(claimed.job.id, 4)


def test_what_attempts_cost_adds_up(store: JobStore) -> None:
    job = add(store)
    store.finish(store.claim("cpu"), JobState.INTERRUPTED, cost=JobCost(2.0, 1.5))
    store.recover()
    store.finish(store.claim("cpu"), JobState.DONE, cost=JobCost(3.0, 0.5))
    done = store.get(job.id)
    assert (done.work_seconds, done.peak_gib) == (5.0, 1.5)
