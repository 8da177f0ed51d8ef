"""A language service over a stand-in server, with no engine ready."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from engines.catalog import Catalog
from engines.contract import EnginePaths
from studio.language.residency import LanguageServerResidency
from studio.language.service import LanguageService
from studio.preferences.local_settings import LocalSettings
from studio.settings import LanguageSettings, WorkerSettings
from studio.workers.pool import WorkerPool
from studio.workers.process.metering import MemoryMeter
from tests.studio.language.chat_server import ChatServer, chat_server

Make = Callable[..., LanguageService]


@pytest.fixture
def server() -> Iterator[ChatServer]:
    with chat_server() as running:
        yield running


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    """Makes a service over the data folder of the test; without weights unless roots are given."""
    pools: list[WorkerPool] = []

    def made(*weights: Path, **settings: object) -> LanguageService:
        site = EnginePaths(Path(__file__).resolve().parents[3] / "assets", tmp_path / "cache", weights)
        pools.append(WorkerPool(WorkerSettings(start_seconds=60), site, Catalog(), logs=tmp_path / "logs"))
        chosen = LanguageSettings.model_validate(settings)
        return LanguageService(
            chosen, LocalSettings(tmp_path), Catalog(), site, pools[-1], LanguageServerResidency(MemoryMeter())
        )

    yield made
    for pool in pools:
        pool.close()
