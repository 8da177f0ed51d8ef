"""How much memory comes back when an engine is unloaded: load, speak, unload, twenty times over.

    python -m bench.studio.memory_return [ENGINE] [--cycles N]

Prints for each cycle what the worker held and what came back, then the drift: how much less memory is available after
the last cycle than before the first. A design that frees by ending the process has none but the machine's own noise.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from pathlib import Path

from bench.figures import Figure, tell
from engines.catalog import Catalog
from engines.contract import Engine, EngineKind, SpeechRequest, SpeechTraits
from studio.paths import DataPaths
from studio.services import engine_paths
from studio.settings import Settings, load_settings
from studio.workers.model import UnloadReport
from studio.workers.pool import WorkerPool
from studio.workers.pool_options import PoolOptions
from studio.workers.process.metering import available_gib

SENTENCE = "The quick brown fox jumps over the lazy dog, and nobody minds."
SETTLE_SECONDS = 1.0


def main() -> int:
    """Run the bench from the command line; 1 when an unload did not give its memory back."""
    parser = argparse.ArgumentParser(description="Measure the memory that comes back over load and unload cycles.")
    parser.add_argument("engine", nargs="?", default="espeak", help="id of the engine (default: espeak)")
    parser.add_argument("--cycles", type=int, default=20)
    options = parser.parse_args()
    return 0 if run(options.engine, options.cycles) else 1


def run(engine_id: str, cycles: int) -> bool:
    """Print a line for each cycle and the sum; whether every unload freed what it should."""
    settings = load_settings()
    catalog = Catalog(settings.engines.extra)
    engine = catalog.get(engine_id)
    with tempfile.TemporaryDirectory() as logs:
        host = _host(settings, catalog, Path(logs))
        try:
            _cycle(host, engine)  # the first one fills the page cache
            before = _settled()
            reports = [_reported(number, host, engine) for number in range(1, cycles + 1)]
            drift = before - _settled()
        finally:
            host.close()
    held, returned = ([getattr(report, name) for report in reports] for name in ("held_gib", "returned_gib"))
    good = sum(report.within_tolerance for report in reports)
    tell(
        Figure(
            f"Memory back after unloading {engine.card.title}", "GiB", returned, statistics.median(held), "held",
            f"all {cycles} within tolerance", f"{good} of {cycles} were; drift over all of them {drift:+.3f} GiB",
        )
    )  # fmt: skip
    print(f"{engine.card.title}: {cycles} cycles, median held {statistics.median(held):.3f} GiB,", end=" ")
    print(f"median returned {statistics.median(returned):.3f} GiB, {good} within tolerance, drift {drift:+.3f} GiB")
    return good == cycles


def _host(settings: Settings, catalog: Catalog, logs: Path) -> WorkerPool:
    site = engine_paths(settings, DataPaths(settings.data_folder))
    return WorkerPool(
        settings.workers, site, catalog, logs=logs, options=PoolOptions(tolerance_gib=settings.memory.return_tolerance_gib)
    )


def _reported(number: int, host: WorkerPool, engine: type[Engine]) -> UnloadReport:
    begun = time.monotonic()
    report = _cycle(host, engine)
    seconds = time.monotonic() - begun
    print(f"{number:3d}  held {report.held_gib:7.3f} GiB  returned {report.returned_gib:+7.3f} GiB  {seconds:5.2f} s", end="")
    print("" if report.within_tolerance else "  NOT within tolerance")
    return report


def _cycle(host: WorkerPool, engine: type[Engine]) -> UnloadReport:
    """Load, use where the engine speaks, unload."""
    with host.lease(engine, engine.Options()) as leased:
        if engine.card.capability is EngineKind.SPEECH and not engine.card.traits_of(SpeechTraits).needs_transcript:
            leased.synthesize(SpeechRequest(SENTENCE))
    return host.unload(engine.card.id)


def _settled() -> float:
    time.sleep(SETTLE_SECONDS)
    return available_gib()


if __name__ == "__main__":
    sys.exit(main())
