"""An engine in a worker that looks like one in this process, so that the contract's checks can be thrown at it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from engines.catalog import Catalog
from engines.contract import Engine, EngineOptions, EnginePaths, PresetVoice, Speech, SpeechRequest
from studio.workers.pool import WorkerPool
from tests.engines.contract_suite import TinyRun

CATALOG = Catalog()


class Remote:
    """One engine behind a worker host. `run.cancelled` asks the present or next call to stop."""

    def __init__(self, host: WorkerPool, engine: type[Engine], site: EnginePaths, options: EngineOptions | None = None) -> None:
        self._host, self.engine, self.site = host, engine, site
        self.card, self.options = engine.card, options or engine.Options()
        self.run = TinyRun()
        self.progress: list[tuple[float, str]] = []

    @classmethod
    def of(cls, host: WorkerPool, engine_id: str, site: EnginePaths, **options: Any) -> Remote:
        engine = CATALOG.get(engine_id)
        return cls(host, engine, site, engine.Options(**options))

    def preset_voices(self, site: EnginePaths) -> tuple[PresetVoice, ...]:
        return self.engine.preset_voices(site)

    @contextmanager
    def lease(self) -> Iterator[Any]:
        with self._host.lease(
            self.engine, self.options, cancelled=lambda: self.run.cancelled, on_progress=lambda *told: self.progress.append(told)
        ) as engine:
            yield engine

    def synthesize(self, request: SpeechRequest) -> Speech:
        with self.lease() as engine:
            return engine.synthesize(request)  # type: ignore[no-any-return]
