"""From one engine to the next: unloading A and loading B, with a spare worker that has imported B's libraries, and without.

    python -m bench.studio.engine_swap [ROUNDS]

A and B are workers of the shared model environment that import what the real engines import (torch and transformers, torch and
diffusers) and put a block of memory in place of weights, so that the imports are real and no download is needed. Where that
environment is not installed, engines of the studio's own environment with its largest libraries stand in, which is said. The
two ways take turns, so that caches of the disk are the same for both.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

from bench.figures import Figure, tell
from bench.studio.importing_engines import CARD, ImportingA, ImportingB, StudioA, StudioB
from engines.catalog import Catalog
from engines.contract import EnginePaths, SpeechRequest
from studio.settings import HOME, WorkerSettings
from studio.workers.pool import WorkerPool
from studio.workers.process.launch import environment_readiness


def main(rounds: int = 5) -> int:
    environments = Path(os.environ.get("MODEL_ENVIRONMENTS") or HOME / "data" / "environments")
    site = EnginePaths(assets=HOME / "assets", cache=Path(tempfile.gettempdir()), environments=environments)
    shared = environment_readiness(CARD, site).ready
    first, second = (ImportingA, ImportingB) if shared else (StudioA, StudioB)
    print("Libraries of the shared model environment." if shared else "The model environment is not installed: own libraries.")
    with tempfile.TemporaryDirectory() as folder:
        names = [f"{engine.__module__}:{engine.__qualname__}" for engine in (first, second)]
        catalog = Catalog(names)
        host = WorkerPool(WorkerSettings(), site, catalog, logs=Path(folder))
        try:
            plain, spared = [], []
            swap(host, catalog, first.card.id, second.card.id, spare=False)  # fills the disk's cache for both
            for _ in range(rounds):
                plain.append(swap(host, catalog, first.card.id, second.card.id, spare=False))
                spared.append(swap(host, catalog, first.card.id, second.card.id, spare=True))
        finally:
            host.close()
    tell(Figure("Engine A to B, plain", "s", plain))
    tell(Figure("Engine A to B, with a spare worker", "s", spared, reference=statistics.median(plain), reference_name="plain"))
    return 0


def swap(host: WorkerPool, catalog: Catalog, first: str, second: str, *, spare: bool) -> float:
    """Seconds from the end of A's work to B's first answer; the spare's imports are done while A works."""
    request = SpeechRequest("x")
    with host.lease(catalog.get(first), catalog.get(first).Options()) as working:
        working.synthesize(request)
        if spare:
            host.prepare(second)
            wait_until_ready(host)
    began = time.perf_counter()
    host.unload(first)
    with host.lease(catalog.get(second), catalog.get(second).Options()) as working:
        working.synthesize(request)
        seconds = time.perf_counter() - began
    host.unload(second)
    return seconds


def wait_until_ready(host: WorkerPool) -> None:
    """As long as A works on, the spare has all the time it needs."""
    while host.spare_is_importing:
        time.sleep(0.05)


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:2])))
