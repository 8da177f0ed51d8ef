"""A studio server in a process of its own, for tests that kill it: a real studio over a data folder with the `Pieces` job.

The processes are forked from one that has imported everything (multiprocessing's fork server), which saves a second or
more at each start and changes nothing in what a kill does.
"""

from __future__ import annotations

import multiprocessing
import os
import pkgutil
import signal
import sys
from collections.abc import Callable, Sequence
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import capabilities
from studio.errors import StorageError
from studio.jobs.capability import JobContext
from studio.services import Services
from studio.settings import load_settings
from tests.studio.jobs.pieces import Pieces

READY = "ready"
_processes = multiprocessing.get_context("forkserver")
_processes.set_forkserver_preload(
    ["tests.studio.jobs.server", "scipy.signal", "scipy.ndimage", "studio.doctor", "media.audio.silence", "pynvml"]
    + [module.name for module in pkgutil.walk_packages(capabilities.__path__, "capabilities.")]
)


class Server:
    """One server: submits `specs` unless its folder has jobs already, waits for the end of all, then closes.

    Args:
        life: what its process does; `serve` or a function of the same arguments.
    """

    def __init__(self, data: Path, specs: Sequence[dict[str, Any]] = (), life: Callable[..., None] | None = None) -> None:
        self._told, theirs = _processes.Pipe(duplex=False)
        self.process = _processes.Process(target=life or serve, args=(theirs, str(data), list(specs)))
        self.process.start()
        theirs.close()

    def hear(self, seconds: float = 60) -> Any:
        """The next thing the server tells: READY, then the jobs as they ended, oldest first; or the words of a refusal.
        None when it died instead."""
        assert self._told.poll(seconds), "the server says nothing"
        try:
            return self._told.recv()
        except EOFError:
            return None

    def kill(self) -> None:
        self.process.kill()
        self.process.join()

    def end(self) -> int | None:
        """Ask it to end, as a service manager does; its exit code."""
        self.process.terminate()
        self.process.join(20)
        return self.process.exitcode


def run_to_the_end(data: Path, specs: Sequence[dict[str, Any]] = ()) -> list[dict[str, Any]]:
    server = Server(data, specs)
    assert server.hear() == READY
    ended = server.hear(120)
    server.process.join()
    assert server.process.exitcode == 0
    return ended


def serve(tell: Connection, data: str, specs: list[dict[str, Any]]) -> None:
    settings = load_settings(data={"folder": data}, lanes={"cpu_jobs": 1})
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(0))
    try:
        studio = Services.open(settings, lambda studio: [Pieces(studio.segments, Path(data) / "made", die_of_it(studio))])
    except StorageError as error:
        tell.send(str(error))
        return
    try:
        tell.send(READY)
        if not studio.jobs.list():
            for spec in specs:
                studio.jobs.submit("pieces", spec)
        jobs = [studio.jobs.wait(job.id) for job in reversed(studio.jobs.list())]
        tell.send([job.as_dict() | {"title": job.title} for job in jobs])
    finally:
        studio.close()


def die_of_it(studio: Services) -> Callable[[JobContext, int], None]:
    """The job called "deadly" crashes the server while its second piece is made."""

    def before_piece(context: JobContext, number: int) -> None:
        if number == 1 and studio.jobs.get(context.job_id).title == "deadly":
            os.abort()

    return before_piece
