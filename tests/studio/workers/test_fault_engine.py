"""The fault engine, through the catalog as a person would add it: each fault ends with its reason and costs one worker."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from engines.catalog import Catalog
from engines.contract import EnginePaths, SpeechRequest
from engines.contract.errors import EngineError, WorkerDied, WorkerStalled
from media.errors import Cancelled
from studio.workers.pool import WorkerPool
from tests.studio.workers.conftest import QUICK

CATALOG = Catalog(["tests.engines.fault_engine:FaultEngine"])


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WorkerPool]:
    folder = tmp_path_factory.mktemp("faults")
    host = WorkerPool(QUICK, EnginePaths(folder, folder), CATALOG, logs=folder / "logs")
    yield host
    host.close()


def speak(host: WorkerPool, wishes: dict[str, Any] | None = None, **options: Any) -> Any:
    engine = CATALOG.get("fault")
    with host.lease(engine, engine.Options(**options), **(wishes or {})) as speech:
        return speech.synthesize(SpeechRequest("Hello"))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("options", "sort", "said"),
    [
        ({"behaviour": "hang"}, WorkerStalled, "no progress for 3 seconds"),
        ({"behaviour": "hang_gil"}, WorkerStalled, "no sign of life"),
        ({"behaviour": "crash", "signal": "SIGSEGV"}, WorkerDied, "SIGSEGV"),
        ({"behaviour": "crash", "signal": "SIGKILL"}, WorkerDied, "SIGKILL"),
        ({"behaviour": "exit", "exit_code": 7}, WorkerDied, "exit code 7"),
        ({"behaviour": "garbage_bytes"}, WorkerDied, "not a message"),
        ({"behaviour": "garbage", "garbage": "nan"}, EngineError, "not numbers"),
        ({"behaviour": "garbage", "garbage": "type"}, EngineError, "Speech was due"),
        ({"behaviour": "raise"}, EngineError, "ValueError"),
        ({"behaviour": "crash", "at": "load"}, WorkerDied, "SIGABRT"),
    ],
)
def test_each_fault_ends_with_its_reason_and_the_next_call_works(
    host: WorkerPool, options: dict[str, Any], sort: type[EngineError], said: str
) -> None:
    with pytest.raises(sort, match=said) as caught:
        speak(host, **options)
    assert "/root" not in str(caught.value) and "abc123" not in str(caught.value)
    assert speak(host).audio.duration > 0.2


@pytest.mark.realtime
@pytest.mark.parametrize("behaviour", ["ignore_cancel", "slow", "hang"])
def test_cancel_ends_each_within_two_seconds(host: WorkerPool, behaviour: str) -> None:
    speak(host)
    wish = time.monotonic() + 0.3
    with pytest.raises(Cancelled):
        speak(host, {"cancelled": lambda: time.monotonic() >= wish}, behaviour=behaviour, seconds=60)
    assert time.monotonic() - wish < 2


def test_logs_hold_the_traceback_that_the_page_does_not(host: WorkerPool, tmp_path_factory: pytest.TempPathFactory) -> None:
    with pytest.raises(EngineError):
        speak(host, behaviour="raise")
    logs = list(Path(tmp_path_factory.getbasetemp()).glob("faults*/logs/fault.log"))
    end = time.monotonic() + 3
    while "Traceback" not in logs[0].read_text(encoding="utf-8") and time.monotonic() < end:
        time.sleep(0.05)
    assert "ValueError" in logs[0].read_text(encoding="utf-8")
