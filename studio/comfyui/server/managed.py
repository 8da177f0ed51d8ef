"""The ComfyUI process that a studio runs itself: started when it is needed, its end explained."""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable
from contextlib import suppress

from media.messages.message import Message
from studio.comfyui.client.client import ComfyUIClient
from studio.comfyui.errors import ComfyUIMissing, ComfyUIUnreachable
from studio.comfyui.memory_request import COMFYUI_ID
from studio.comfyui.server.process import ComfyUIProcess, Installation
from studio.errors import GreenroomError
from studio.settings import ComfyUISettings
from studio.workers.model import UnloadReport, WorkerObserver
from studio.workers.process.log import WorkerLogs
from studio.workers.process.metering import MemoryMeter

log = logging.getLogger(__name__)

STEP_SECONDS = 0.25


class ManagedServer:
    """At most one process at a time. Any thread may call anything; the process itself is started in the thread that runs
    `orders`, because it lives no longer than the thread that started it.

    `_lock` guards which process it is; nothing is awaited and no request is sent while it is held.

    Args:
        orders: takes what is to be done in the thread that lives as long as the server.
        observer: keeps the memory's books.
    """

    def __init__(
        self,
        settings: ComfyUISettings,
        logs: WorkerLogs,
        meter: MemoryMeter,
        observer: WorkerObserver,
        orders: queue.SimpleQueue[Callable[[], None]],
    ) -> None:
        self._settings, self._logs, self._meter, self._observer, self._orders = settings, logs, meter, observer, orders
        self._lock = threading.RLock()
        self._process: ComfyUIProcess | None = None
        self._client: ComfyUIClient | None = None
        self._ready = False
        self._before_gib = self.held_gib = 0.0
        self.last_death = ""

    @property
    def alive(self) -> bool:
        process = self._process
        return process is not None and process.alive

    @property
    def ready(self) -> bool:
        return self._ready and self.alive

    @property
    def pid(self) -> int:
        process = self._process
        return process.pid if process is not None and process.alive else 0

    @property
    def started(self) -> float:
        """Seconds since the epoch."""
        process = self._process
        return 0.0 if process is None else process.started

    @property
    def client(self) -> ComfyUIClient | None:
        """Of a server that has answered."""
        return self._client if self.ready else None

    def installation(self) -> Installation:
        """
        Raises:
            ComfyUIMissing: there is none.
        """
        assert self._settings.path is not None
        return Installation.find(self._settings.path, self._settings.python)

    def dead(self) -> str:
        """Why the process has ended, "" while it lives or was never started."""
        process = self._process
        if process is None or process.alive:
            return ""
        return process.why or Message.of("comfyui.ended").reason()

    def until_ready(self, waiting: Callable[[str], None], check: Callable[[], None]) -> ComfyUIClient:
        """Start it unless it runs, and wait until it answers: ten seconds or so, minutes with many custom nodes.

        Raises:
            ComfyUIMissing: it cannot be started, or ended, or did not answer in time. What `waiting` and `check` raise.
        """
        process, client = self._running(check)
        while process.alive:
            with suppress(ComfyUIUnreachable):
                client.stats()
                self._is_ready(process)
                return client
            seconds = time.time() - process.started
            if seconds > self._settings.start_seconds:
                process.end()
                raise ComfyUIMissing("comfyui.start-too-slow", seconds=seconds)
            waiting(f"Starting ComfyUI, {seconds:.0f} s")
            check()
            time.sleep(STEP_SECONDS)
        raise ComfyUIMissing("comfyui.ended-at-start", why=process.why)

    def end(self, why: str = "") -> None:
        """End the process and wait for that; `why` is the reason given to a job that it works on."""
        process = self._process
        if process is not None:
            process.end(why)

    def close(self) -> None:
        self.end()
        if self._client is not None:
            self._client.close()

    def _running(self, check: Callable[[], None]) -> tuple[ComfyUIProcess, ComfyUIClient]:
        made: queue.SimpleQueue[tuple[ComfyUIProcess, ComfyUIClient] | GreenroomError] = queue.SimpleQueue()
        self._orders.put(lambda: made.put(self._start()))
        while True:
            check()
            with suppress(queue.Empty):
                found = made.get(timeout=STEP_SECONDS)
                if isinstance(found, GreenroomError):
                    raise found
                return found

    def _start(self) -> tuple[ComfyUIProcess, ComfyUIClient] | GreenroomError:
        with self._lock:
            if self._process is not None and self._client is not None and self._process.alive:
                return self._process, self._client
            try:
                found, log_file = self.installation(), self._logs.open(COMFYUI_ID)
                settings = self._settings
                process = ComfyUIProcess(found, settings.arguments, settings.max_upload_mb, log_file, self._on_exit)
                self._before_gib = self._meter.available()
                process.start()
            except GreenroomError as error:
                return error
            if self._client is not None:
                self._client.close()
            self._process, self._client, self._ready = process, ComfyUIClient(process.url), False
            return process, self._client

    def _is_ready(self, process: ComfyUIProcess) -> None:
        with self._lock:
            first, self._ready = not self._ready, True
        if first:
            self.held_gib = self._meter.quick(process.pid)
            self._observer.on_loaded(COMFYUI_ID, process.pid, self.held_gib, time.time() - process.started)

    def _on_exit(self, process: ComfyUIProcess) -> None:
        """In the process's watching thread."""
        with self._lock:
            if process is not self._process:
                return
            was_ready, self._ready, self.last_death = self._ready, False, process.why
            held, self.held_gib = self.held_gib, 0.0
        if process.why:
            log.warning("%s", process.why)
        if was_ready:
            enough = self._before_gib - self._meter.tolerance_gib
            after = self._meter.settled(enough, 1.0)
            if process.why:
                self._observer.on_died(COMFYUI_ID, process.pid, process.why)
            report = UnloadReport(COMFYUI_ID, 1, held, held, self._before_gib, after, after >= enough)
            self._observer.on_returned(COMFYUI_ID, process.pid, report)
