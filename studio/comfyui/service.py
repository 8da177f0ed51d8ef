"""The one ComfyUI server of a studio: remote, beside it, or its own process."""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from engines.contract import Readiness
from media.messages.message import Message
from studio.callbacks import no_op
from studio.comfyui.client.client import ComfyUIClient
from studio.comfyui.client.inventory import ServerInventory
from studio.comfyui.client.read_inventory import read_inventory
from studio.comfyui.errors import SAY_WHERE, ComfyUIMissing
from studio.comfyui.residency import ServerResidency
from studio.comfyui.server.managed import ManagedServer
from studio.comfyui.server.state import ServerState
from studio.settings import ComfyUISettings
from studio.workers.model import SilentObserver, UnloadReport, WorkerObserver
from studio.workers.process.log import WorkerLogs
from studio.workers.process.metering import MemoryMeter

log = logging.getLogger(__name__)

KEEPER_SECONDS, INVENTORY_SECONDS = 1.0, 60.0


class ComfyUIService:
    """Made by the studio whether or not a server is configured. Nothing is requested or started before it is needed.

    One thread, from `open` to `close`, starts the studio's own server (which lives no longer than that thread), measures the
    server's memory and frees it if it was not used for a while. Any other thread may call any method.

    Attributes:
        residency: the server's users, its memory, and when it is freed.

    Args:
        idle_seconds: the server's models are unloaded after this time without a job; 0 = never.
        observer: records the memory of the studio's own server.
    """

    def __init__(
        self,
        settings: ComfyUISettings,
        logs: Path,
        *,
        idle_seconds: float = 300.0,
        meter: MemoryMeter | None = None,
        observer: WorkerObserver | None = None,
    ) -> None:
        self.settings = settings
        self._logs, self._meter = WorkerLogs(logs), meter or MemoryMeter()
        self._observer = observer = observer or SilentObserver()
        self._orders: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._fixed = ComfyUIClient(settings.url) if settings.url else None
        self._server = ManagedServer(settings, self._logs, self._meter, observer, self._orders)
        self.residency = ServerResidency(settings, self._server, self._fixed, self._orders, self._meter, observer, idle_seconds)
        self._inventory: tuple[float, ServerInventory] | None = None
        self._changing, self._wanted = threading.Lock(), settings
        self._leaving, self._closed = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._keep, name="comfyui-keeper", daemon=True)

    def open(self) -> None:
        with self._changing:
            if self.configured and self._thread.ident is None:
                self._thread.start()

    def adopt(self, settings: ComfyUISettings, idle_seconds: float) -> None:
        """Use another server, or the same in another way, from now on; a job that is at work ends on the one that it began on.

        The studio's own process is ended when another server takes its place.
        """
        self.residency.keep_for(idle_seconds)
        with self._changing:
            self._wanted = settings
        self._change()

    def _change(self) -> None:
        """Take the wanted settings over, unless a job is at work: the keeper tries again."""
        with self._changing:
            settings, before = self._wanted, self.settings
            if settings == before or self._closed.is_set():
                return
            fixed = ComfyUIClient(settings.url) if settings.url else None
            server = ManagedServer(settings, self._logs, self._meter, self._observer, self._orders)
            if not self.residency.replace(settings, server, fixed):
                if fixed is not None:
                    fixed.close()
                return
            left, left_client = self._server, self._fixed
            self.settings, self._server, self._fixed, self._inventory = settings, server, fixed, None
        left.close()
        if left_client is not None:
            left_client.close()
        log.info("ComfyUI: other settings are in use.")
        self.open()

    def leave(self) -> None:
        """Prepare for closing: jobs that are given up from now on stay on a server that outlives the studio."""
        self._leaving.set()

    def close(self) -> None:
        """End the studio's own server; one that it only connects to keeps running."""
        self._leaving.set()
        self._closed.set()
        if self._thread.is_alive():
            self._thread.join(10)
        self._server.close()
        if self._fixed is not None:
            self._fixed.close()
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
        return self.residency.local

    @property
    def leaving(self) -> bool:
        return self._leaving.is_set()

    def readiness(self) -> Readiness:
        """Return its state as far as is known without a request, cheap enough for every repaint of a page."""
        if not self.configured:
            return Readiness(False, Message.of("comfyui.no-server"), SAY_WHERE)
        if self.settings.url:
            return Readiness(True, Message.of("comfyui.at-address", url=self.settings.url))
        try:
            self._server.installation()
        except ComfyUIMissing as error:
            return Readiness(False, error.message, error.hint)
        if self._server.alive:
            return Readiness(True, Message.of("comfyui.runs" if self._server.ready else "comfyui.starting"))
        died = self._server.last_death
        return Readiness(
            True, Message.of("comfyui.died-and-restarts", why=died) if died else Message.of("comfyui.starts-when-needed")
        )

    # Using it

    def client(self, waiting: Callable[[str], None] = no_op, check: Callable[[], None] = lambda: None) -> ComfyUIClient:
        """Return a client of a server that answers; the studio's own is started first, which takes about ten seconds.

        Args:
            waiting: called with the progress of the start.
            check: called several times a second; may raise Cancelled.

        Raises:
            ComfyUIMissing, ComfyUIUnreachable, UnexpectedAnswer.
        """
        if self._fixed is not None:
            self._fixed.stats()
            return self._fixed
        if not self.own:
            raise ComfyUIMissing("comfyui.not-set")
        return self._server.until_ready(waiting, lambda: self._check(check))

    def inventory(self, newest: bool = False) -> ServerInventory:
        """Return the server's inventory, from the last minute or fetched now.

        Raises:
            The errors of `client`.
        """
        known = self._inventory
        if not newest and known is not None and time.monotonic() - known[0] < INVENTORY_SECONDS:
            return known[1]
        found = read_inventory(self.client())
        self._inventory = (time.monotonic(), found)
        return found

    def known_inventory(self) -> ServerInventory | None:
        """Return the inventory of the last fetch; None before the first."""
        return None if self._inventory is None else self._inventory[1]

    def dead(self) -> str:
        """Why the server's process has ended, "" while it runs or that is unknown."""
        return self._server.dead() if self.own else ""

    def unload(self) -> UnloadReport:
        """Unload all models at the user's request; the server continues to run.

        The freed memory is that of its process, or the GPU memory by its own report.

        Raises:
            ComfyUIMissing: there is no server, or the studio's own does not run.
            EngineError: a job is running there.
            ComfyUIUnreachable, UnexpectedAnswer.
        """
        client = self.residency.living_client()
        if client is None:
            readiness = self.readiness()
            if not readiness.ready:
                raise ComfyUIMissing("comfyui.not-ready", why=readiness.why)
            raise ComfyUIMissing("comfyui.holds-nothing")
        return self.residency.unload(client)

    def standing(self) -> ServerState:
        """Return its state, without a request."""
        worker = next(iter(self.residency.snapshot()), None)
        answers = self.residency.living_client() is not None
        return ServerState(self.readiness(), worker, self.residency.peak_gib, self.settings.url, self.local, answers)

    # Inside

    def _check(self, check: Callable[[], None]) -> None:
        if self._closed.is_set():
            raise ComfyUIMissing("studio.closing")
        check()

    def _keep(self) -> None:
        while not self._closed.is_set():
            with suppress(queue.Empty):
                self._orders.get(timeout=KEEPER_SECONDS)()
            try:
                self._change()
                self.residency.look()
            # The thread must outlive whatever one look ran into: the studio's own server ends with it.
            except Exception:
                log.exception("A look at ComfyUI failed")
        self._server.end()  # here, because the kernel ends it with this thread: that would look like a kill from outside
