"""The fault engine does what it says, each deadly behaviour in a process of its own."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engines.contract import EnginePaths, SpeechRequest
from media.errors import Cancelled
from tests.engines.contract_suite import TinyRun, loaded
from tests.engines.fault_engine import FaultEngine, FaultOptions

PROGRAM = """
import resource, sys
from pathlib import Path
from engines.contract import EnginePaths, SpeechRequest
from tests.engines.contract_suite import loaded
from tests.engines.fault_engine import FaultEngine, FaultOptions
if {limit}:
    pages = int(Path('/proc/self/statm').read_text().split()[0])
    limit = pages * resource.getpagesize() + {limit}
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
engine = loaded(FaultEngine, EnginePaths(Path('.'), Path('.')), FaultOptions.model_validate({options}))
print('calling', flush=True)
engine.synthesize(SpeechRequest('hello'))
"""


def start(limit: int = 0, **options: Any) -> subprocess.Popen[bytes]:
    """`limit` is the address space in bytes that it may take on top of what it has when the call begins."""
    program = PROGRAM.format(options=options, limit=limit)
    return subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def say(engine: FaultEngine, text: str = "hello", seed: int = 0) -> np.ndarray:
    return engine.synthesize(SpeechRequest(text, seed=seed)).audio.samples


def make(run: TinyRun | None = None, **options: Any) -> FaultEngine:
    engine = loaded(FaultEngine, EnginePaths(Path(), Path()), FaultOptions.model_validate(options), run)
    assert isinstance(engine, FaultEngine)
    return engine


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"behaviour": "crash"}, -signal.SIGABRT),
        ({"behaviour": "crash", "signal": "SIGSEGV"}, -signal.SIGSEGV),
        ({"behaviour": "exit", "exit_code": 9}, 9),
        ({"behaviour": "raise"}, 1),
        ({"behaviour": "exit", "at": "load"}, 3),
    ],
)
def test_it_dies_as_told(options: dict[str, Any], code: int) -> None:
    process = start(**options)
    printed, _ = process.communicate(timeout=60)
    assert process.returncode == code
    assert printed.startswith(b"calling") == (options.get("at") != "load")


@pytest.mark.parametrize("behaviour", ["hang", "hang_gil"])
def test_it_hangs(behaviour: str) -> None:
    process = start(behaviour=behaviour)
    assert process.stdout is not None and process.stdout.readline() == b"calling\n"
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(timeout=0.5)
    process.kill()
    process.communicate()


def test_the_hog_stops_at_its_limit_or_when_the_machine_does() -> None:
    limited = start(limit=300 << 20, behaviour="hog", hog_gib=8)
    _, errors = limited.communicate(timeout=60)
    assert limited.returncode == 1 and b"MemoryError" in errors
    sitting = start(behaviour="hog", hog_gib=0.25)
    assert sitting.stdout is not None and sitting.stdout.readline() == b"calling\n"
    held = 0
    deadline = time.monotonic() + 30
    while held < 256 << 10 and time.monotonic() < deadline:
        status = Path(f"/proc/{sitting.pid}/status").read_text()
        held = int(status.split("VmRSS:")[1].split()[0])
        time.sleep(0.02)
    assert 256 << 10 <= held < 700 << 10
    sitting.kill()
    sitting.communicate()


def test_rubbish_goes_to_standard_output() -> None:
    process = start(behaviour="garbage_bytes")
    printed, errors = process.communicate(timeout=60)
    assert process.returncode == 0, errors
    assert b"rubbish" in printed


def test_ignoring_a_cancel_takes_its_whole_time_where_slow_ends_at_once() -> None:
    for behaviour, ends in (("slow", False), ("ignore_cancel", True)):
        run = TinyRun()
        engine = make(run, behaviour=behaviour, seconds=0.3)
        calls = 0

        def cancel_later(fraction: float, note: str = "", *, run: TinyRun = run) -> None:
            nonlocal calls
            calls += 1
            run.cancelled = calls > 1
            run.check()

        run.progress = cancel_later  # type: ignore[method-assign]
        begin = time.monotonic()
        if ends:
            assert say(engine).any()
            assert time.monotonic() - begin >= 0.3
        else:
            with pytest.raises(Cancelled):
                say(engine)
            assert calls == 2


def test_flaky_speaks_after_its_failures_for_each_text_alone() -> None:
    engine = make(behaviour="flaky", failures=2)
    spoken = [say(engine, text).any() for text in ("a", "a", "b", "a", "b", "b")]
    assert spoken == [False, False, False, True, False, True]


def test_a_fault_can_be_kept_for_some_texts() -> None:
    engine = make(behaviour="raise", when="bad")
    assert say(engine, "good").any()
    with pytest.raises(ValueError):
        say(engine, "a bad one")


def test_every_text_and_every_seed_has_its_own_sound() -> None:
    engine = make()
    sounds = [say(engine, text, seed).tobytes() for text, seed in (("ab", 0), ("ba", 0), ("ab", 1))]
    assert len(set(sounds)) == 3
