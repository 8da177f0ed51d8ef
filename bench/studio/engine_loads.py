"""Loading and unloading every engine that is ready on this machine: seconds for each, and the memory that comes back.

    python -m bench.studio.engine_loads [ROUNDS]

Loading is from nothing to an engine that can work: its process, its libraries, its weights. It stands beside an empty process
of the same kind of Python that is started and ended in the same round.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench.figures import Figure, tell
from engines.catalog import Catalog
from engines.contract import Engine
from engines.contract.errors import EngineError, EngineNotReady
from studio.paths import DataPaths
from studio.services import engine_paths
from studio.settings import load_settings
from studio.workers.model import UnloadReport
from studio.workers.pool import WorkerPool
from studio.workers.pool_options import PoolOptions


def main(rounds: int = 3) -> int:
    settings = load_settings()
    catalog = Catalog(settings.engines.extra)
    site = engine_paths(settings, DataPaths(settings.data_folder))
    good = True
    with tempfile.TemporaryDirectory() as logs:
        host = WorkerPool(
            settings.workers,
            site,
            catalog,
            logs=Path(logs),
            options=PoolOptions(tolerance_gib=settings.memory.return_tolerance_gib),
        )
        try:
            for engine in catalog.all():
                if engine.readiness(site).ready:
                    good = measured(host, engine, rounds) and good
        finally:
            host.close()
    return 0 if good else 1


def measured(host: WorkerPool, engine: type[Engine], rounds: int) -> bool:
    """Tell the engine's figures; whether all it held came back each time. An engine that cannot load says so and is no failure
    of this bench."""
    title = engine.card.title
    try:
        cycle(host, engine)  # the first one fills the page cache
        runs = [cycle(host, engine) for _ in range(rounds)]
    except (EngineError, EngineNotReady) as error:
        print(f"{title}: not measured. {error}")
        return True
    loads, unloads, empties, reports = zip(*runs, strict=True)
    held, back = statistics.median(one.held_gib for one in reports), [one.within_tolerance for one in reports]
    note = f"holds {held:.2f} GiB, back within tolerance {sum(back)} of {rounds} times, in {statistics.median(unloads):.2g} s"
    tell(Figure(f"Load {title}", "s", loads, statistics.median(empties), "an empty process", "all memory comes back", note))
    return all(back)


def cycle(host: WorkerPool, engine: type[Engine]) -> tuple[float, float, float, UnloadReport]:
    """Seconds to load, to unload, and of an empty process; and what came back."""
    begun = time.monotonic()
    subprocess.run([sys.executable, "-c", "pass"], check=True)
    empty = time.monotonic()
    with host.lease(engine, engine.Options()):
        loaded = time.monotonic()
    released = time.monotonic()
    report = host.unload(engine.card.id)
    return loaded - empty, time.monotonic() - released, empty - begun, report


if __name__ == "__main__":
    sys.exit(main(*(int(argument) for argument in sys.argv[1:])))
