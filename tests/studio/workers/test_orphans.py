"""When the studio is killed outright, no worker of it is left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from studio.settings import HOME
from studio.workers.pool import WorkerPool
from tests.studio.workers.conftest import ask

STUDIO = """
import sys, threading, time
from pathlib import Path
from engines.contract import EnginePaths, SpeechRequest
from studio.settings import WorkerSettings
from studio.workers.pool import WorkerPool
from tests.studio.workers.conftest import Shelf, ask
from tests.studio.workers.probe_engine import Probe

folder = Path(sys.argv[1])
host = WorkerPool(WorkerSettings(), EnginePaths(folder, folder), Shelf(Probe), logs=folder / "logs")
with host.lease(Probe, Probe.Options()) as one, host.lease(Probe, Probe.Options()) as two:
    print(one.synthesize(SpeechRequest("pid")), two.synthesize(SpeechRequest("pid")), flush=True)
threading.Thread(target=lambda: ask(host, sys.argv[2])).start()
time.sleep(0.5)
print("busy", flush=True)
time.sleep(60)
"""


@pytest.mark.slow
@pytest.mark.parametrize("doing", ["sleep 60", "hold-gil 60"])
def test_a_killed_studio_leaves_no_workers(tmp_path: Path, doing: str) -> None:
    command = [sys.executable, "-c", STUDIO, str(tmp_path), doing]
    with subprocess.Popen(command, cwd=HOME, stdout=subprocess.PIPE, text=True) as studio:
        try:
            assert studio.stdout is not None
            pids = [int(pid) for pid in studio.stdout.readline().split()]
            assert len(pids) == 2
            assert studio.stdout.readline() == "busy\n"
            assert all(map(_lives, pids))
        finally:
            os.kill(studio.pid, signal.SIGKILL)
        end = time.monotonic() + 30
        while any(map(_lives, pids)) and time.monotonic() < end:
            time.sleep(0.02)
        assert not any(map(_lives, pids))


def test_a_worker_outlives_the_thread_that_asked_for_it(host: WorkerPool) -> None:
    """The kernel ends a child with the thread that started it, and job threads come and go."""
    pids: list[int] = []
    asking = threading.Thread(target=lambda: pids.append(ask(host, "pid")))
    asking.start()
    asking.join(30)
    time.sleep(0.2)
    assert ask(host, "pid") == pids[0]


def test_a_studio_that_closes_in_order_leaves_no_workers(make_host: Callable[..., WorkerPool]) -> None:
    host = make_host()
    pid = ask(host, "pid")
    host.close()
    host.close()
    assert not _lives(pid)


def _lives(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
