"""What a production can do through its stage: engines from real workers, progress, and being stopped."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, ConfigDict

from engines.catalog import Catalog
from engines.contract import EnginePaths, SpeechRequest
from studio.errors import NotFound
from studio.jobs.capability import CPU_LANE, Capability, JobContext
from studio.jobs.context import ProgressRate
from studio.jobs.lanes import JobLanes
from studio.jobs.model import Job, JobOutput, JobState
from studio.jobs.runner import JobRunner
from studio.jobs.service import JobService
from studio.jobs.store import JobStore
from studio.presence.live_use import WAITS, LiveUse
from studio.settings import JobSettings, LaneSettings, WorkerSettings
from studio.workers.model import WorkerState
from studio.workers.pool import WorkerPool
from tests.studio.jobs.test_jobs import eventually

FAULT = "tests.engines.fault_engine:FaultEngine"


class SpeakSpec(BaseModel):
    model_config = ConfigDict(extra="forbid")

    text: str = "Hello"
    engine: str = "fault"
    options: dict[str, Any] = {}
    times: int = 1


class Speak(Capability[SpeakSpec]):
    """Speaks one text with one engine, in one lease."""

    kind = "speak"
    Spec = SpeakSpec

    def __init__(self, catalog: Catalog) -> None:
        self.catalog = catalog
        self.seconds: list[float] = []

    def prepare(self, spec: SpeakSpec) -> SpeakSpec:
        return spec

    def title(self, spec: SpeakSpec) -> str:
        return spec.text

    def lane(self, spec: SpeakSpec) -> str:
        return CPU_LANE

    def run(self, spec: SpeakSpec, stage: JobContext) -> list[JobOutput]:
        stage.progress(0.1, "Casting")
        options = self.catalog.get("fault").Options(**spec.options)
        with stage.engine(spec.engine, options) as speech, stage.span(0.2, 0.8):
            for _ in range(spec.times):
                self.seconds.append(speech.synthesize(SpeechRequest(spec.text)).audio.duration)
        return []


class Floor:
    """Jobs over real workers."""

    def __init__(self, folder: Path) -> None:
        self.catalog = Catalog([FAULT])
        settings = WorkerSettings(cancel_grace_seconds=0.5)
        site = EnginePaths(assets=folder, cache=folder / "cache")
        self.host = WorkerPool(settings, site, self.catalog, logs=folder / "logs")
        self.store = JobStore(folder / "jobs.db")
        self.speak, self.live_use = Speak(self.catalog), LiveUse()
        productions = {"speak": self.speak}
        self.runner = JobRunner(
            self.store, productions, JobLanes(LaneSettings(), folder), self.host, self.catalog, folder / "scratch", self.live_use
        )
        self.jobs = JobService(self.store, self.runner, productions, JobSettings(), folder)
        self.runner.start()

    def submit(self, behaviour: str = "well", **fields: Any) -> Job:
        options = {"behaviour": behaviour} | fields.pop("options", {})
        return self.jobs.submit("speak", {"options": options, **fields})

    def close(self) -> None:
        self.runner.close(3.0)
        self.host.close()
        self.store.close()


@pytest.fixture
def floor(tmp_path: Path) -> Iterator[Floor]:
    floor = Floor(tmp_path)
    yield floor
    floor.close()


def states(floor: Floor, job: Job) -> list[str]:
    return [event.data["state"] for event in floor.jobs.events(job.id) if event.kind == "state"]


def test_an_engine_is_lent_from_its_worker_and_the_row_tells_the_phases(floor: Floor) -> None:
    job = floor.submit(text="Hello there")
    assert floor.jobs.wait(job.id, 30).state is JobState.DONE
    assert floor.speak.seconds == [pytest.approx(11 * 0.06)]
    assert states(floor, job) == ["queued", "running", "loading", "running", "done"]
    again = floor.submit(text="Hello there")
    assert floor.jobs.wait(again.id, 30).state is JobState.DONE
    assert states(floor, again) == ["queued", "running", "done"], "a warm worker is used again"


def test_a_job_stands_still_while_somebody_talks_and_goes_on_afterwards(floor: Floor) -> None:
    with floor.live_use.use():
        job = floor.submit(text="Hello there")
        stopped = floor.submit(text="Never said")
        eventually(lambda: floor.jobs.get(job.id).state is JobState.WAITING)
        assert floor.jobs.get(job.id).note == WAITS and not floor.speak.seconds
        floor.jobs.cancel(stopped.id)
    assert floor.jobs.wait(job.id, 30).state is JobState.DONE
    assert len(floor.speak.seconds) == 1


def test_what_an_engine_reports_of_a_long_call_fills_its_span(floor: Floor) -> None:
    job = floor.submit("slow", options={"seconds": 4})
    seen: set[float] = set()
    while not (now := floor.jobs.get(job.id)).state.ended:
        seen.add(now.progress)
        time.sleep(0.02)
    inside = [value for value in seen if 0.2 <= value <= 0.8]
    assert now.state is JobState.DONE and len(inside) >= 3 and max(seen) <= 0.8


@pytest.mark.realtime
@pytest.mark.slow
@pytest.mark.parametrize(
    ("behaviour", "options"),
    [("ignore_cancel", {"seconds": 60}), ("slow", {"seconds": 60}), ("well", {"load_seconds": 60})],
    ids=["ignores it", "hears it", "loads"],
)
def test_cancel_ends_a_job_within_two_seconds_whatever_its_engine_does(floor: Floor, behaviour: str, options: dict) -> None:
    warm = floor.submit()
    floor.jobs.wait(warm.id, 30)
    job = floor.submit(behaviour, options=options)
    wanted = JobState.LOADING if "load_seconds" in options else JobState.RUNNING
    assert eventually(lambda: floor.jobs.get(job.id).state is wanted and floor.runner.running() != ())
    if wanted is JobState.RUNNING:  # the call has reached the engine, which said so, as far as it hears anything
        assert eventually(lambda: floor.jobs.get(job.id).progress > 0.2)
    else:
        assert eventually(lambda: any(status.state is WorkerState.LOADING and status.pid for status in floor.host.snapshot()))
    at_work = [status.pid for status in floor.host.snapshot() if status.state is not WorkerState.WARM]
    assert at_work and all(at_work), "0 stands for a process that is not begun, and every signal to it is for this one"
    asked = time.monotonic()
    floor.jobs.cancel(job.id)
    cancelled = floor.jobs.wait(job.id, 30)
    assert time.monotonic() - asked < 2
    assert cancelled.state is JobState.CANCELLED and cancelled.error is None
    if behaviour != "slow":
        assert eventually(lambda: not any(_alive(pid) for pid in at_work)), "the worker is gone"
    after = floor.submit()
    assert floor.jobs.wait(after.id, 30).state is JobState.DONE, "and the next job starts"


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.slow
@pytest.mark.parametrize(
    ("behaviour", "options", "words"),
    [("crash", {}, "SIGABRT"), ("raise", {}, "")],
)
def test_a_bad_engine_ends_its_job_with_a_reason_and_nothing_else(
    floor: Floor, behaviour: str, options: dict, words: str
) -> None:
    bad, good = floor.submit(behaviour, options=options), floor.submit()
    failed = floor.jobs.wait(bad.id, 30)
    assert failed.state is JobState.FAILED and words in failed.error.reason and len(failed.error.reason) > 20
    assert "secret" not in failed.error.reason and "Traceback" not in failed.error.reason + failed.error.hint
    assert floor.jobs.wait(good.id, 30).state is JobState.DONE
    assert floor.jobs.wait(floor.submit().id, 30).state is JobState.DONE


def test_an_unknown_engine_fails_the_job_in_words(floor: Floor) -> None:
    error = floor.jobs.wait(floor.submit(engine="falt").id, 10).error
    assert "falt" in error.reason and "fault" in error.hint
    with pytest.raises(NotFound):
        floor.catalog.get("falt")


@pytest.mark.realtime
@pytest.mark.slow
def test_closing_in_the_middle_of_a_call_interrupts_the_job(tmp_path: Path) -> None:
    floor = Floor(tmp_path)
    job = floor.submit("ignore_cancel", options={"seconds": 60})
    assert eventually(lambda: floor.jobs.get(job.id).progress > 0.2)
    began = time.monotonic()
    floor.close()
    assert time.monotonic() - began < 5
    store = JobStore(tmp_path / "jobs.db")
    assert store.get(job.id).state is JobState.INTERRUPTED
    store.close()


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ([(0, 0.0)], None),
        ([(0, 0.0), (0.5, 0.3)], None),
        ([(0, 0.0), (10, 0.001)], None),
        ([(0, 0.0), (10, 0.25)], 30.0),
        ([(0, 0.0), (10, 0.5), (11, 0.0)], None),
        ([(0, 0.5), (0.2, 0.9), *((0.2 + second, 0.9 + 0.0005 * second) for second in range(1, 130))], 70.0),
    ],
)
def test_remaining_time_follows_the_pace_of_the_last_minute(steps: list[tuple[float, float]], expected: float | None) -> None:
    pace = ProgressRate()
    told: Callable[[], float | None] = [pace.remaining(*step) for step in steps].pop
    remaining = told()
    assert remaining == (None if expected is None else pytest.approx(expected, rel=0.05))
