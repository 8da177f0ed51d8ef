"""A spare worker process that imports the libraries of the next engine in advance.

Importing torch and the libraries on top of it takes three to twenty-five seconds, often longer than loading weights. While one
heavy job works, the process for the next one can do the imports: it holds only libraries, no weights and no GPU memory.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from engines.contract import Engine, EnginePaths
from engines.contract.errors import EngineNotReady
from media.errors import Cancelled, GreenroomError
from studio.callbacks import always_true, never_cancelled
from studio.workers.process.call import CallObserver, CallTimeouts
from studio.workers.process.exit_reason import ExitReason
from studio.workers.process.launch import LaunchPlan, plan_launch
from studio.workers.process.log import WorkerLog, WorkerLogs
from studio.workers.process.worker_process import Spawn, WorkerProcess, answer

log = logging.getLogger(__name__)

KEPT_SECONDS = 180.0
STEP_SECONDS = 0.1


@dataclass(eq=False)
class _PrewarmedWorker:
    launch: LaunchPlan
    modules: tuple[str, ...]
    process: WorkerProcess
    ready: threading.Event = field(default_factory=threading.Event)
    timer: threading.Timer | None = None
    unwanted: bool = False


class PrewarmedWorkers:
    """Owns at most one spare process. Any thread may call any method.

    Lock: `_lock` guards the reference to the spare and is a leaf: nothing is started, waited for or ended while it is held.

    Args:
        room: whether there is memory for a process that may not be needed.
        kept_seconds: a spare that was not used by then is ended.
    """

    def __init__(
        self,
        site: EnginePaths,
        logs: WorkerLogs,
        patience: CallTimeouts,
        spawn: Spawn,
        *,
        room: Callable[[], bool] = always_true,
        kept_seconds: float = KEPT_SECONDS,
    ) -> None:
        self._site, self._logs, self._patience, self._spawn = site, logs, patience, spawn
        self._room, self._kept_seconds = room, kept_seconds
        self._lock = threading.Lock()
        self._spare: _PrewarmedWorker | None = None
        self._closed = False

    @property
    def pid(self) -> int:
        """The process id of the spare, 0 if there is none."""
        spare = self._spare
        return 0 if spare is None else spare.process.pid

    @property
    def importing(self) -> bool:
        """Whether there is a spare that is still importing."""
        spare = self._spare
        return spare is not None and not spare.ready.is_set()

    def prepare(self, engine: type[Engine]) -> bool:
        """Start to import the engine's libraries in a new process; returns at once whether one was started. Engines that import
        nothing large, are not installed, or have a spare already need none."""
        if not engine.imports or not self._room():
            return False
        try:
            launch = plan_launch(engine.card, self._site)
        except EngineNotReady:
            return False
        process = WorkerProcess(launch, self._patience, self._logs.open(engine.card.id), self._gone, self._spawn)
        spare = _PrewarmedWorker(launch, engine.imports, process)
        with self._lock:
            old = self._spare
            if self._closed or (old is not None and _fits(old, launch) and set(spare.modules) <= set(old.modules)):
                return False
            self._spare = spare
        if old is not None:
            self._end(old)
        threading.Thread(target=self._bring_up, args=(spare,), name="spare-worker", daemon=True).start()
        return True

    def take(
        self,
        launch: LaunchPlan,
        log: WorkerLog,
        on_exit: Callable[[WorkerProcess], None],
        cancelled: Callable[[], bool] = never_cancelled,
    ) -> WorkerProcess | None:
        """Return the spare as a worker of the caller, under its name and log, or None if none fits. Waits for unfinished imports,
        which takes no longer than starting them again.

        Raises:
            Cancelled: `cancelled` returned true during the wait.
        """
        with self._lock:
            spare = self._spare
            if spare is None or not _fits(spare, launch):
                return None
            self._spare = None
        if spare.timer is not None:
            spare.timer.cancel()
        while not spare.ready.wait(STEP_SECONDS):
            if cancelled():
                self._end(spare)
                raise Cancelled
        return spare.process if self._answers(spare) and spare.process.adopt(launch.title, log, on_exit) else None

    def close(self) -> None:
        """End the spare; no other is started."""
        with self._lock:
            self._closed, spare, self._spare = True, self._spare, None
        if spare is not None:
            self._end(spare)

    def drop(self) -> None:
        """End the spare, because its memory is needed."""
        with self._lock:
            spare, self._spare = self._spare, None
        if spare is not None:
            self._end(spare)

    def _bring_up(self, spare: _PrewarmedWorker) -> None:
        began = time.monotonic()
        try:
            spare.process.start(self._watch())
            if spare.unwanted:  # before there was a process to end
                self._end(spare)
                return
            answer(spare.process, "prepare", {"modules": list(spare.modules)}, self._watch())
            log.info("A spare worker has imported %s in %.1f s", ", ".join(spare.modules), time.monotonic() - began)
        except GreenroomError as error:
            log.info("No spare worker: %s", error)
            self._end(spare)
        finally:
            spare.ready.set()
        with self._lock:
            if self._spare is spare:
                spare.timer = threading.Timer(self._kept_seconds, self._expire, (spare,))
                spare.timer.daemon = True
                spare.timer.start()

    def _answers(self, spare: _PrewarmedWorker) -> bool:
        """Return whether the process is alive: a killed process with threads ends some time before the kernel reports it."""
        try:
            answer(spare.process, "prepare", {"modules": []}, self._watch())
        except GreenroomError:
            self._end(spare)
            return False
        return True

    def _watch(self) -> CallObserver:
        longest = self._patience.start
        return CallObserver(longest, longest, lambda: self._closed)

    def _expire(self, spare: _PrewarmedWorker) -> None:
        with self._lock:
            if self._spare is not spare:
                return
            self._spare = None
        self._end(spare)

    def _gone(self, process: WorkerProcess) -> None:
        with self._lock:
            if self._spare is not None and self._spare.process is process:
                self._spare = None

    @staticmethod
    def _end(spare: _PrewarmedWorker) -> None:
        spare.unwanted = True
        if spare.timer is not None:
            spare.timer.cancel()
        spare.process.kill(ExitReason.of("worker.not-needed", unasked=False))


def _fits(spare: _PrewarmedWorker, launch: LaunchPlan) -> bool:
    """Return whether the spare was started in the same way: Python, variables, niceness and OOM score."""
    mine = spare.launch
    return (mine.python, mine.environment, mine.nice, mine.oom_score_adj) == (
        launch.python, launch.environment, launch.nice, launch.oom_score_adj,
    )  # fmt: skip
