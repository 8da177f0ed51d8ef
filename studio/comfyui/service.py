"""The one ComfyUI server of a studio: remote, beside it, or its own process; who uses it, what it holds, when it is freed."""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import psutil

from engines.contract import Readiness, Tier
from studio.callbacks import no_op
from studio.comfyui.client.client import ComfyUIClient
from studio.comfyui.client.inventory import ServerInventory
from studio.comfyui.client.read_inventory import read_inventory
from studio.comfyui.errors import SAY_WHERE, ComfyUIMissing
from studio.comfyui.memory_request import (
    BESIDE_A_CARD_GIB,
    COMFYUI_ESTIMATE,
    COMFYUI_ID,
    LEAST_GIB,
    USUAL_GIB,
    MemoryGate,
    MemoryRequest,
)
from studio.comfyui.prompt_handle import is_local, listening_process
from studio.comfyui.server.managed import ManagedServer
from studio.comfyui.server.state import ServerState
from studio.errors import EngineError, GreenroomError
from studio.memory.model import Resident
from studio.settings import ComfyUISettings
from studio.units import GIB
from studio.workers.model import SilentObserver, UnloadReport, WorkerObserver, WorkerState, WorkerStatus
from studio.workers.process.log import WorkerLogs
from studio.workers.process.metering import MemoryMeter

log = logging.getLogger(__name__)

KEEPER_SECONDS, SETTLE_SECONDS, SETTLE_STEP_SECONDS = 1.0, 6.0, 0.2
INVENTORY_SECONDS, ASKING_SECONDS = 60.0, 1.0


class ComfyUIService:
    """Made by the studio whether or not a server is set. Nothing is asked or started before somebody needs it.

    One thread, from `open` to `close`, starts the studio's own server (which lives no longer than that thread), measures what
    the server holds and frees it when it has not been used for a while. Any other thread may call anything. `_lock` guards the
    use count and what was measured; no server is asked and no process waited for while it is held.

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
        meter: MemoryMeter | None = None,
        observer: WorkerObserver | None = None,
    ) -> None:
        self.settings = settings
        self._logs, self._idle_seconds = WorkerLogs(logs), idle_seconds
        self._meter, self._observer = meter or MemoryMeter(), observer or SilentObserver()
        self._lock = threading.RLock()
        self._orders: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._fixed = ComfyUIClient(settings.url) if settings.url else None
        self._server = ManagedServer(settings, self._logs, self._meter, self._observer, self._orders)
        self._uses, self._idle_since, self._dirty = 0, time.monotonic(), False
        self._held_gib, self._peak_gib, self._pid = 0.0, 0.0, 0
        self._asked_at, self._told_gib = float("-inf"), 0.0
        self._local = self.own or is_local(settings.url)
        self._opened = time.time()
        self._doom = self._last_template = ""
        self._inventory: tuple[float, ServerInventory] | None = None
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
        return self._local

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
            self._server.installation()
        except ComfyUIMissing as error:
            return Readiness(False, error.reason, error.hint)
        if self._server.alive:
            return Readiness(True, "ComfyUI runs." if self._server.ready else "ComfyUI is starting.")
        died = self._server.last_death
        return Readiness(True, f"{died} The next job starts it again." if died else "ComfyUI is started when it is needed.")

    # Using it

    def client(self, waiting: Callable[[str], None] = no_op, check: Callable[[], None] = lambda: None) -> ComfyUIClient:
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
        return self._server.until_ready(waiting, lambda: self._check(check))

    @contextmanager
    def use(self) -> Iterator[None]:
        """While it lasts the server counts as busy: it is neither freed nor ended for others."""
        with self._lock:
            self._uses, self._dirty, self._doom, self._peak_gib = self._uses + 1, True, "", 0.0
        try:
            yield
        finally:
            if self.own and (pid := self._server.pid):
                self._measure()
                self._observer.on_peak(COMFYUI_ID, pid, self._peak_gib)
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
        return self._server.dead() if self.own else ""

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
            self._unload_models(client)
        with self._lock:
            self._dirty = self._dirty and self._uses > 0
        return True

    def unload(self) -> UnloadReport:
        """The same as a person asks for it: the models go, the server stays. What came back is what its process, or by its own
        word its graphics memory, has lost.

        Raises:
            ComfyUIMissing: there is no server, or the studio's own does not run. EngineError: a job is at work there.
            ComfyUIUnreachable, UnexpectedAnswer.
        """
        client = self._living_client()
        if client is None:
            readiness = self.readiness()
            raise ComfyUIMissing("ComfyUI does not run, so it holds nothing." if readiness.ready else readiness.sentence)
        with self._lock:
            busy = self._uses > 0
        if busy or client.queue().running:
            raise EngineError("ComfyUI is at work.", "Wait for its job to end, or stop it.")
        before = self._meter.available()
        held = self._unload_models(client)
        with self._lock:
            self._dirty = self._dirty and self._uses > 0
            returned = max(0.0, held - self._held_gib)
        return UnloadReport(COMFYUI_ID, 1, held, returned, before, self._meter.available(), within_tolerance=True)

    def standing(self) -> ServerState:
        """How it stands, without asking anybody."""
        worker = next(iter(self.snapshot()), None)
        with self._lock:
            peak = self._peak_gib
        answers = self._living_client() is not None
        return ServerState(self.readiness(), worker, peak, self.settings.url, self.local, answers)

    @contextmanager
    def room(
        self, memory: MemoryGate, evict: Callable[[str], object], want: MemoryRequest, waiting: Callable[[str], None]
    ) -> Iterator[None]:
        """Pass the memory gate for a job, where the server's memory is this machine's; idle engines make way as for any other
        heavy load. Models that the last job left there are counted as had when it was of the same template, else unloaded.

        A job whose need is not known asks for what is free, by the gate and by the server's own word, so that no guess keeps it
        out; only with next to nothing free does it wait. Of a plug-in card it gets no more than other programs leave: what does
        not fit there the server keeps in the machine's memory.

        Args:
            evict: unloads an idle engine's workers.
            waiting: told why it waits; raises Cancelled when the job is to stop.

        Raises:
            MemoryRefused: with the numbers.
        """
        if not self.local:
            yield
            return
        if self._last_template not in ("", want.template):
            self.free()
        had = self._measure() if self._last_template == want.template and self._dirty else 0.0
        self._last_template = want.template

        def others() -> list[Resident]:
            return [one for one in memory.residents() if one.engine_id != COMFYUI_ID]

        estimate, held = replace(COMFYUI_ESTIMATE, title=want.title, tier=want.tier), others()
        idle = memory.spare(estimate, [one for one in held if not one.busy])
        needed = max(0.1, want.memory_gib - had if want.memory_gib else self._what_is_free(idle, want.tier))
        on_card = min(needed, max(LEAST_GIB, memory.spare(estimate, held) / GIB))
        host = BESIDE_A_CARD_GIB + needed - on_card
        estimate = replace(estimate, memory_gib=needed, plug_in_memory_gib=on_card, plug_in_host_gib=host)
        with memory.admission(estimate, want.template, others, evict, waiting):
            yield

    def free_gib(self) -> float | None:
        """What the server says is free on the device that it works with; None where it does not answer, or was not started."""
        client = self._living_client()
        with suppress(GreenroomError):
            devices = client.stats().devices if client is not None else ()
            return devices[0].vram_free / GIB if devices and devices[0].vram_free else None
        return None

    # For the memory's keeper, under the names that it asks for

    def snapshot(self) -> list[WorkerStatus]:
        """The server as a holder of this machine's memory: the studio's own while it lives, another one while it may still
        hold what the studio's jobs made it load."""
        with self._lock:
            pid = self._server.pid if self.own else self._pid
            if not self.local or not (pid if self.own else self._dirty and (pid or self._held_gib)):
                return []
            state = WorkerState.BUSY if self._uses else WorkerState.WARM
            if self.own and not self._server.ready:
                state = WorkerState.LOADING
            idle = 0.0 if self._uses else time.monotonic() - self._idle_since
            started = self._server.started if self.own else self._opened
            held, limit = self._held_gib, self._idle_seconds
        return [WorkerStatus(COMFYUI_ID, pid, state, held, idle, limit, Tier.HEAVY, started)]

    def evict(self) -> bool:
        """Give the memory of an unused server back: the studio's own is ended, another one is asked to unload its models."""
        with self._lock:
            if self._uses:
                return False
        if self.own:
            self._server.end()
            return True
        return self.free()

    def end(self, holder: str, reason: str) -> None:
        """Memory runs out: the running job ends with `reason`, and the studio's own server with it."""
        self._doom = reason
        if self.own:
            self._orders.put(lambda: self._server.end(reason))

    # Inside

    def _unload_models(self, client: ComfyUIClient) -> float:
        """Ask for it and wait for the memory; the GiB held before."""
        before = self._measure()
        client.free()
        self._asked_at = float("-inf")
        deadline = time.monotonic() + SETTLE_SECONDS
        while time.monotonic() < deadline and self._measure() > before - 0.1 and before > 1.0:
            time.sleep(SETTLE_STEP_SECONDS)
        return before

    def _what_is_free(self, spare: int, tier: Tier) -> float:
        """GiB to ask the gate for where the need is not known. `spare`: bytes that it would give."""
        told = self.free_gib()
        return max(LEAST_GIB, min(USUAL_GIB[tier], spare / GIB, USUAL_GIB[tier] if told is None else told))

    def _check(self, check: Callable[[], None]) -> None:
        if self._closed.is_set():
            raise ComfyUIMissing("The studio is closing.")
        check()

    def _living_client(self) -> ComfyUIClient | None:
        return self._fixed or self._server.client

    def _measure(self) -> float:
        """What the server's process holds now, in GiB, noted for `snapshot`; 0 where it is not this machine's."""
        pid = self._server.pid if self.own else self._pid
        if not self.own and self.local and not (pid and psutil.pid_exists(pid)):
            pid = listening_process(self.settings.url) or 0
        held = self._meter.quick(pid) if pid else self._told_by_the_server()
        with self._lock:
            self._pid, self._held_gib = pid, held
            self._peak_gib = max(self._peak_gib, held)
        if self.own:
            self._server.held_gib = held
        return held

    def _told_by_the_server(self) -> float:
        """Of one in a container, whose process cannot be seen: the graphics memory that it says it holds. Asked now and then."""
        if self.own or not self.local or self._fixed is None:
            return 0.0
        if time.monotonic() - self._asked_at > ASKING_SECONDS:
            self._asked_at = time.monotonic()
            with suppress(GreenroomError):
                self._told_gib = sum(one.torch_vram for one in self._fixed.stats().devices if one.type == "cuda") / GIB
        return self._told_gib

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
            idle = self._dirty and not self._uses and time.monotonic() - self._idle_since > self._idle_seconds
        if self.local and (self._server.alive or self._dirty):
            self._measure()
        if idle and self._idle_seconds > 0:
            self.free()
