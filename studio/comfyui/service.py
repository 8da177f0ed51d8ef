"""The one ComfyUI server of a studio: remote, beside it, or its own process; who uses it, what it holds, when it is freed."""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

from engines.contract import Capability, Card, Device, Licence, Readiness, Tier
from studio.comfyui.client import ComfyUIClient
from studio.comfyui.errors import SAY_WHERE, ComfyUIMissing, ComfyUIUnreachable
from studio.comfyui.inventory import ServerInventory
from studio.comfyui.process import ComfyUIProcess, Installation
from studio.comfyui.reading import read_inventory
from studio.comfyui.ticket import is_local, listening_process
from studio.errors import GreenroomError
from studio.settings import ComfyUISettings
from studio.workers.log import WorkerLogs
from studio.workers.measure import Meter
from studio.workers.model import Residency, SilentObserver, UnloadReport, WorkerObserver, WorkerStatus

log = logging.getLogger(__name__)

COMFYUI_ID = "comfyui"
KEEPER_SECONDS, READY_STEP_SECONDS, SETTLE_SECONDS = 1.0, 0.25, 6.0
INVENTORY_SECONDS = 60.0

COMFYUI_CARD = Card(
    id=COMFYUI_ID,
    title="ComfyUI",
    capability=Capability.SWAP,
    summary="A ComfyUI server that runs templates.",
    version="1",
    code_licence=Licence("GPL-3.0", "https://github.com/comfyanonymous/ComfyUI"),
    weights_licence=Licence("as the template's models"),
    tier=Tier.HEAVY,
    device=Device.CUDA,
    environment=COMFYUI_ID,
    memory_gib=24,
    reload_seconds=60,
    way_out="Choose a template with smaller weights, or run ComfyUI on another machine.",
)
"""What the memory gate knows of a server; a job's need is its template's."""


def unheard(sentence: str) -> None:
    """A wait that nobody is told of."""


class ComfyUI:
    """Made by the studio whether or not a server is set. Nothing is asked or started before somebody needs it.

    One thread, from `open` to `close`, starts the studio's own server (which lives no longer than that thread), measures what
    the server holds and frees it when it has not been used for a while. Any other thread may call anything. `_lock` guards the
    process and the use count; no server is asked and no process waited for while it is held.

    Args:
        idle_seconds: after so long without a job the server's models are unloaded; 0 = never.
        observer: keeps the memory's books of the studio's own server.
    """

    def __init__(
        self,
        settings: ComfyUISettings,
        logs: Path,
        *,
        idle_seconds: float = 300.0,
        meter: Meter | None = None,
        observer: WorkerObserver | None = None,
    ) -> None:
        self.settings = settings
        self._logs, self._idle_seconds = WorkerLogs(logs), idle_seconds
        self._meter, self._observer = meter or Meter(), observer or SilentObserver()
        self._lock = threading.RLock()
        self._fixed = ComfyUIClient(settings.url) if settings.url else None
        self._process: ComfyUIProcess | None = None
        self._process_client: ComfyUIClient | None = None
        self._ready = False
        self._uses, self._idle_since, self._dirty = 0, time.monotonic(), False
        self._held_gib, self._pid, self._before_gib = 0.0, 0, 0.0
        self._started = time.time()
        self._doom = self._last_death = ""
        self._inventory: tuple[float, ServerInventory] | None = None
        self._orders: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._leaving, self._closed = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._keep, name="comfyui-keeper", daemon=True)

    def open(self) -> None:
        if self.configured:
            self._thread.start()

    def leave(self) -> None:
        """The studio begins to close: jobs that are given up now stay on a server that outlives it."""
        self._leaving.set()

    def close(self) -> None:
        """End the studio's own server; one that was only connected to goes on."""
        self._leaving.set()
        self._closed.set()
        if self._thread.is_alive():
            self._thread.join(10)
        self._end_process()
        for client in (self._fixed, self._process_client):
            if client is not None:
                client.close()
        self._logs.close()

    # What is set

    @property
    def configured(self) -> bool:
        return bool(self.settings.url or self.settings.path)

    @property
    def own(self) -> bool:
        """Whether the server is a process of the studio's."""
        return not self.settings.url and self.settings.path is not None

    @property
    def local(self) -> bool:
        """Whether its memory is this machine's."""
        return self.own or is_local(self.settings.url)

    @property
    def leaving(self) -> bool:
        return self._leaving.is_set()

    def readiness(self) -> Readiness:
        """How it stands, as far as that is known without asking anybody: cheap enough for a page's every repaint."""
        if not self.configured:
            return Readiness(False, "No ComfyUI server is set.", SAY_WHERE)
        if self.settings.url:
            return Readiness(True, f"ComfyUI at {self.settings.url}.")
        try:
            self._installation()
        except ComfyUIMissing as error:
            return Readiness(False, error.reason, error.hint)
        with self._lock:
            if self._process is not None and self._process.alive:
                return Readiness(True, "ComfyUI runs." if self._ready else "ComfyUI is starting.")
        return Readiness(True, f"{self._last_death} The next job starts it again." if self._last_death else
                         "ComfyUI is started when it is needed.")  # fmt: skip

    # Using it

    def client(self, waiting: Callable[[str], None] = unheard, check: Callable[[], None] = lambda: None) -> ComfyUIClient:
        """A client of a server that answers; the studio's own is started first, which takes ten seconds or so.

        Args:
            waiting: told how the start goes. check: called several times a second; may raise Cancelled.

        Raises:
            ComfyUIMissing, ComfyUIUnreachable, UnexpectedAnswer.
        """
        if self._fixed is not None:
            self._fixed.stats()
            return self._fixed
        if not self.own:
            raise ComfyUIMissing("No ComfyUI server is set.", SAY_WHERE)
        process = self._running_process(check)
        return self._until_ready(process, waiting, check)

    @contextmanager
    def use(self) -> Iterator[None]:
        """While it lasts the server counts as busy: it is neither freed nor ended for others."""
        with self._lock:
            self._uses, self._dirty, self._doom = self._uses + 1, True, ""
        try:
            yield
        finally:
            with self._lock:
                self._uses, self._idle_since = self._uses - 1, time.monotonic()

    def inventory(self, newest: bool = False) -> ServerInventory:
        """What the server has; not older than a minute, or asked now.

        Raises: as `client`.
        """
        known = self._inventory
        if not newest and known is not None and time.monotonic() - known[0] < INVENTORY_SECONDS:
            return known[1]
        found = read_inventory(self.client())
        self._inventory = (time.monotonic(), found)
        return found

    def known_inventory(self) -> ServerInventory | None:
        """What the server had when it was last asked; None when it never was."""
        return None if self._inventory is None else self._inventory[1]

    def dead(self) -> str:
        """Why the server's process has ended, "" while it lives or nobody can know."""
        with self._lock:
            return self._process.why if self.own and self._process is not None and not self._process.alive else ""

    def doomed(self) -> str:
        """Why the job on the server must end now, "" while it need not: memory is running out."""
        return self._doom

    def free(self) -> bool:
        """Have a server that nobody uses unload its models; whether it was asked to. Returns when memory has come back, or a
        few seconds later."""
        client = self._living_client()
        with self._lock:
            if self._uses or client is None:
                return False
        with suppress(GreenroomError):
            if client.queue().running:
                return False  # somebody else's job needs them
            before = self._measure()
            client.free()
            deadline = time.monotonic() + SETTLE_SECONDS
            while time.monotonic() < deadline and self._measure() > before - 0.1 and before > 1.0:
                time.sleep(0.2)
        with self._lock:
            self._dirty = self._dirty and self._uses > 0
        return True

    # For the memory's keeper, under the names that it asks for

    def snapshot(self) -> list[WorkerStatus]:
        """The server as a holder of this machine's memory: the studio's own while it lives, another one while it may still
        hold what the studio's jobs made it load."""
        with self._lock:
            alive = self._process is not None and self._process.alive
            if not self.local or not (alive if self.own else self._dirty and self._pid):
                return []
            state = Residency.BUSY if self._uses else Residency.WARM
            if self.own and not self._ready:
                state = Residency.LOADING
            idle = 0.0 if self._uses else time.monotonic() - self._idle_since
            pid = self._process.pid if self._process is not None else self._pid
            return [
                WorkerStatus(COMFYUI_ID, pid, state, self._held_gib, idle, self._idle_seconds, Tier.HEAVY, self._started)
            ]  # fmt: skip

    def evict(self) -> bool:
        """Give the memory of an unused server back: the studio's own is ended, another one is asked to unload its models."""
        with self._lock:
            if self._uses:
                return False
        if self.own:
            self._end_process()
            return True
        return self.free()

    def end(self, holder: str, reason: str) -> None:
        """Memory runs out: the running job ends with `reason`, and the studio's own server with it."""
        self._doom = reason
        with self._lock:
            process = self._process
        if process is not None:
            self._orders.put(lambda: process.end(reason))

    # Inside

    def _installation(self) -> Installation:
        assert self.settings.path is not None
        return Installation.find(self.settings.path, self.settings.python)

    def _living_client(self) -> ComfyUIClient | None:
        with self._lock:
            return self._fixed or (self._process_client if self._ready else None)

    def _running_process(self, check: Callable[[], None]) -> ComfyUIProcess:
        with self._lock:
            if self._process is not None and self._process.alive:
                return self._process
        made: queue.SimpleQueue[ComfyUIProcess | GreenroomError] = queue.SimpleQueue()
        self._orders.put(lambda: made.put(self._start()))
        while not self._closed.is_set():
            check()
            with suppress(queue.Empty):
                found = made.get(timeout=READY_STEP_SECONDS)
                if isinstance(found, GreenroomError):
                    raise found
                return found
        raise ComfyUIMissing("The studio is closing.")

    def _start(self) -> ComfyUIProcess | GreenroomError:
        """In the keeper's thread."""
        with self._lock:
            if self._process is not None and self._process.alive:
                return self._process
            try:
                process = ComfyUIProcess(
                    self._installation(), self.settings.arguments, self.settings.max_upload_mb, self._logs.open(COMFYUI_ID),
                    self._on_exit,
                )  # fmt: skip
                self._before_gib = self._meter.available()
                process.start()
            except GreenroomError as error:
                return error
            if self._process_client is not None:
                self._process_client.close()
            self._process, self._process_client, self._ready = process, ComfyUIClient(process.url), False
            self._started, self._inventory = process.started, None
            return process

    def _until_ready(self, process: ComfyUIProcess, waiting: Callable[[str], None], check: Callable[[], None]) -> ComfyUIClient:
        client = self._process_client
        assert client is not None
        while process.alive:
            with suppress(ComfyUIUnreachable):
                client.stats()
                with self._lock:
                    first, self._ready = not self._ready, True
                if first:
                    self._observer.on_loaded(COMFYUI_ID, process.pid, self._measure(), time.time() - process.started)
                return client
            seconds = time.time() - process.started
            if seconds > self.settings.start_seconds:
                process.end()
                raise ComfyUIMissing(
                    f"ComfyUI was not ready after {seconds:.0f} seconds.",
                    "logs/comfyui.log in the data folder shows what it did; comfyui.start_seconds gives it longer.",
                )
            waiting(f"Starting ComfyUI, {seconds:.0f} s")
            check()
            time.sleep(READY_STEP_SECONDS)
        raise ComfyUIMissing(
            f"{process.why or 'ComfyUI was ended.'} It had not become ready.",
            "logs/comfyui.log in the data folder says why.",
        )

    def _on_exit(self, process: ComfyUIProcess) -> None:
        """In the process's watching thread."""
        with self._lock:
            held, was_ready = self._held_gib, self._ready and process is self._process
            if process is self._process:
                self._ready, self._held_gib, self._dirty, self._last_death = False, 0.0, False, process.why
        if process.why:
            log.warning("%s", process.why)
        if was_ready:
            after = self._meter.settled(self._before_gib - self._meter.tolerance_gib, 1.0)
            if process.why:
                self._observer.on_died(COMFYUI_ID, process.pid, process.why)
            fine = after >= self._before_gib - self._meter.tolerance_gib
            report = UnloadReport(COMFYUI_ID, 1, held, held, self._before_gib, after, fine)
            self._observer.on_returned(COMFYUI_ID, process.pid, report)

    def _end_process(self) -> None:
        with self._lock:
            process = self._process
        if process is not None:
            process.end()

    def _measure(self) -> float:
        """What the server's process holds now, in GiB, noted for `snapshot`; 0 where it is not this machine's."""
        with self._lock:
            process = self._process
        pid = process.pid if process is not None and process.alive else self._pid
        if not pid or not psutil.pid_exists(pid):
            pid = (listening_process(self.settings.url) or 0) if self.settings.url else 0
        held = self._meter.quick(pid) if pid else 0.0
        with self._lock:
            self._pid, self._held_gib = pid, held
        return held

    def _keep(self) -> None:
        while not self._closed.is_set():
            with suppress(queue.Empty):
                self._orders.get(timeout=KEEPER_SECONDS)()
            try:
                self._look()
            # The thread must outlive whatever one look ran into: the studio's own server ends with it.
            except Exception:
                log.exception("A look at ComfyUI failed")

    def _look(self) -> None:
        with self._lock:
            alive = self._process is not None and self._process.alive
            idle = self._dirty and not self._uses and time.monotonic() - self._idle_since > self._idle_seconds
        if self.local and (alive or self._dirty):
            self._measure()
        if idle and self._idle_seconds > 0:
            self.free()
