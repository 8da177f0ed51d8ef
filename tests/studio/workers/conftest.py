from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from engines.contract import Engine, EnginePaths, SpeechRequest
from engines.contract.errors import EngineError
from media.errors import NotFound
from studio.settings import WorkerSettings
from studio.workers.model import UnloadReport
from studio.workers.pool import WorkerPool
from studio.workers.pool_options import PoolOptions
from tests.studio.workers.probe_engine import FarProbe, HeavyProbe, Probe

QUICK = WorkerSettings(start_seconds=30, cancel_grace_seconds=0.5, heartbeat_seconds=2)


class Shelf:
    """A catalog of the engines given."""

    def __init__(self, *engines: type[Engine]) -> None:
        self._engines = {engine.card.id: engine for engine in engines}

    def get(self, engine_id: str) -> type[Engine]:
        if engine_id not in self._engines:
            raise NotFound("engine.unknown", engine=engine_id, near=[], known=[])
        return self._engines[engine_id]

    def all(self) -> list[type[Engine]]:
        return list(self._engines.values())


class Books:
    """A WorkerObserver that writes everything down."""

    def __init__(self) -> None:
        self.lines: list[tuple[Any, ...]] = []

    def on_loaded(self, engine_id: str, pid: int, resident_gib: float, seconds: float) -> None:
        self.lines.append(("loaded", engine_id, pid, resident_gib))

    def on_peak(self, engine_id: str, pid: int, peak_gib: float, variant: str = "") -> None:
        self.lines.append(("peak", engine_id, pid, peak_gib))

    def on_returned(self, engine_id: str, pid: int, report: UnloadReport) -> None:
        self.lines.append(("returned", engine_id, pid, report))

    def on_died(self, engine_id: str, pid: int, reason: str) -> None:
        self.lines.append(("died", engine_id, pid, reason))

    def kinds(self) -> list[str]:
        return [line[0] for line in self.lines]

    def last(self, kind: str) -> tuple[Any, ...]:
        return next(line for line in reversed(self.lines) if line[0] == kind)


@pytest.fixture
def site(tmp_path: Path) -> EnginePaths:
    return EnginePaths(assets=tmp_path / "assets", cache=tmp_path / "cache", environments=tmp_path / "environments")


@pytest.fixture
def books() -> Books:
    return Books()


@pytest.fixture
def make_host(site: EnginePaths, books: Books, tmp_path: Path) -> Iterator[Callable[..., WorkerPool]]:
    hosts: list[WorkerPool] = []

    def make(settings: WorkerSettings = QUICK, **wishes: Any) -> WorkerPool:
        shelf = Shelf(Probe, HeavyProbe, FarProbe)
        hosts.append(WorkerPool(settings, site, shelf, logs=tmp_path / "logs", options=PoolOptions(observer=books, **wishes)))
        return hosts[-1]

    yield make
    for host in hosts:
        host.close()


@pytest.fixture
def host(make_host: Callable[..., WorkerPool]) -> WorkerPool:
    return make_host()


@pytest.fixture(scope="module")
def lasting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WorkerPool]:
    """One host for the tests that leave its worker well."""
    folder = tmp_path_factory.mktemp("lasting")
    site = EnginePaths(assets=folder, cache=folder, environments=folder)
    host = WorkerPool(QUICK, site, Shelf(Probe, HeavyProbe), logs=folder / "logs")
    yield host
    host.close()


def ask(host: WorkerPool, text: str, engine: type[Engine] = Probe, **wishes: Any) -> Any:
    """One call in a lease of its own."""
    with host.lease(engine, engine.Options(), **wishes) as speech:
        return speech.synthesize(SpeechRequest(text))


def refusal(host: WorkerPool, text: str, engine: type[Engine] = Probe, **wishes: Any) -> EngineError:
    with pytest.raises(EngineError) as caught:
        ask(host, text, engine, **wishes)
    return caught.value
