"""A spare worker: imports done before they are needed, taken by the engine that needs them, ended when nobody does."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from engines.contract import EnginePaths, SpeechRequest
from studio.workers.pool import WorkerPool
from studio.workers.pool_options import PoolOptions
from studio.workers.prewarm import PrewarmedWorkers
from tests.studio.workers.conftest import QUICK, Books, Shelf
from tests.studio.workers.probe_engine import HeavyProbe, Probe

LARGE = "scipy.ndimage"


class Importing(Probe):
    imports = (LARGE, "a_module_that_is_not_there")
    card = Probe.card.__class__(**{**vars(Probe.card), "id": "importing"})


class Elsewhere(HeavyProbe):
    """Of another tier: its process stands elsewhere in the kernel's list of victims."""

    imports = (LARGE,)
    card = HeavyProbe.card.__class__(**{**vars(HeavyProbe.card), "id": "elsewhere"})


@pytest.fixture
def hosts(site: EnginePaths, books: Books, tmp_path: Path) -> Iterator[list[WorkerPool]]:
    opened: list[WorkerPool] = []
    yield opened
    for host in opened:
        host.close()


def open_host(hosts: list[WorkerPool], site: EnginePaths, books: Books, tmp_path: Path, **more: Any) -> WorkerPool:
    host = WorkerPool(
        QUICK, site, Shelf(Importing, Elsewhere, Probe), logs=tmp_path / "logs", options=PoolOptions(observer=books, **more)
    )
    hosts.append(host)
    return host


def spare_of(host: WorkerPool) -> PrewarmedWorkers:
    return host._starter.spares


def wait_for_spare(host: WorkerPool, seconds: float = 60) -> int:
    give_up = time.monotonic() + seconds
    while time.monotonic() < give_up:
        spare = spare_of(host)._spare
        if spare is not None and spare.ready.is_set() and spare.process.pid:
            return spare.process.pid
        time.sleep(0.02)
    raise AssertionError("no spare came up")


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().split(") ")[1][0] != "Z"
    except FileNotFoundError:
        return False


def gone(pid: int, seconds: float = 30) -> bool:
    give_up = time.monotonic() + seconds
    while alive(pid) and time.monotonic() < give_up:
        time.sleep(0.02)
    return not alive(pid)


def loaded_modules(host: WorkerPool, engine: type[Probe]) -> tuple[int, bool]:
    """The worker's process id, and whether the large module was there before anyone asked for it."""
    with host.lease(engine, engine.Options()) as probe:
        pid, there = probe.synthesize(SpeechRequest(f"loaded {LARGE}")).split()
        return int(pid), there == "True"


def test_the_next_engine_takes_the_spare_with_its_imports_done(hosts, site, books, tmp_path) -> None:
    host = open_host(hosts, site, books, tmp_path)
    assert host.prepare("importing")
    assert not host.prepare("importing"), "one is there already"
    spare = wait_for_spare(host)
    assert loaded_modules(host, Importing) == (spare, True)
    assert spare_of(host).pid == 0
    assert books.kinds()[0] == "loaded" and books.lines[0][2] == spare
    assert not host.prepare("importing"), "it has a worker"
    assert host.unload("importing").workers == 1 and gone(spare)


def test_without_a_spare_nothing_is_imported_beforehand(hosts, site, books, tmp_path) -> None:
    host = open_host(hosts, site, books, tmp_path)
    assert not host.prepare("probe"), "it imports nothing large"
    assert loaded_modules(host, Importing)[1] is False


def test_a_spare_that_is_still_importing_is_waited_for(hosts, site, books, tmp_path) -> None:
    host = open_host(hosts, site, books, tmp_path)
    host.prepare("importing")
    pid, there = loaded_modules(host, Importing)
    assert there and alive(pid)


def test_one_of_another_tier_is_not_taken(hosts, site, books, tmp_path) -> None:
    host = open_host(hosts, site, books, tmp_path)
    host.prepare("importing")
    spare = wait_for_spare(host)
    assert loaded_modules(host, Elsewhere)[0] != spare
    assert host.prepare("elsewhere") is False, "it has a worker"
    assert alive(spare)


def test_a_killed_spare_is_replaced_by_a_fresh_worker(hosts, site, books, tmp_path) -> None:
    host = open_host(hosts, site, books, tmp_path)
    host.prepare("importing")
    spare = wait_for_spare(host)
    os.kill(spare, 9)
    assert gone(spare)
    assert loaded_modules(host, Importing)[0] != spare
    assert "died" not in books.kinds()


def test_one_that_nobody_takes_is_ended(hosts, site, books, tmp_path) -> None:
    host = open_host(hosts, site, books, tmp_path)
    spare_of(host)._kept_seconds = 0.2
    host.prepare("importing")
    spare = wait_for_spare(host)
    assert gone(spare) and spare_of(host).pid == 0
    assert books.kinds() == []


def test_closing_ends_it_ready_or_not(hosts, site, books, tmp_path) -> None:
    ready = open_host(hosts, site, books, tmp_path)
    ready.prepare("importing")
    spare = wait_for_spare(ready)
    ready.close()
    assert gone(spare)
    early = open_host(hosts, site, books, tmp_path)
    early.prepare("importing")
    early.close()
    time.sleep(0.5)
    assert spare_of(early).pid == 0 or gone(spare_of(early).pid)
    assert not early.prepare("importing")


def test_none_is_made_where_memory_is_short(hosts, site, books, tmp_path) -> None:
    host = open_host(hosts, site, books, tmp_path, room_for_spares=lambda: False)
    assert not host.prepare("importing")
