"""The memory of a ComfyUI server: its users, its measured size, when it is freed, and its way through the memory gate."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace

import psutil

from engines.contract import Tier
from studio.access.local_listeners import is_local, listening_process
from studio.comfyui.client.client import ComfyUIClient
from studio.comfyui.memory_request import (
    BESIDE_A_CARD_GIB,
    COMFYUI_ESTIMATE,
    COMFYUI_ID,
    LEAST_GIB,
    USUAL_GIB,
    MemoryGate,
    MemoryRequest,
)
from studio.comfyui.server.managed import ManagedServer
from studio.errors import EngineError, GreenroomError
from studio.memory.model import Resident
from studio.settings import ComfyUISettings
from studio.units import GIB
from studio.workers.model import UnloadReport, WorkerObserver, WorkerState, WorkerStatus
from studio.workers.process.metering import MemoryMeter

SETTLE_SECONDS, SETTLE_STEP_SECONDS, ASKING_SECONDS = 6.0, 0.2, 1.0


class ServerResidency:
    """The memory of one server, as the memory manager and jobs see it. Any thread may call anything.

    `_lock` guards the use count and what was measured; no request is sent and no process is awaited while it is held.

    Args:
        server: the studio's own server, running or not. fixed: a client of one that others run, None without one.
        orders: takes what is to be done in the thread that lives as long as the studio's own server.
        observer: keeps the memory's books of the studio's own server.
        idle_seconds: after so long without a job the server's models are unloaded; 0 = never.
    """

    def __init__(
        self,
        settings: ComfyUISettings,
        server: ManagedServer,
        fixed: ComfyUIClient | None,
        orders: queue.SimpleQueue[Callable[[], None]],
        meter: MemoryMeter,
        observer: WorkerObserver,
        idle_seconds: float,
    ) -> None:
        self._orders, self._meter, self._observer, self._idle_seconds = orders, meter, observer, idle_seconds
        self._lock = threading.RLock()
        self._of(settings, server, fixed)
        self._uses, self._idle_since, self._dirty = 0, time.monotonic(), False
        self._held_gib, self._peak_gib, self._pid = 0.0, 0.0, 0
        self._asked_at, self._reported_gib = float("-inf"), 0.0
        self._opened = time.time()
        self._doom = self._last_template = ""

    def _of(self, settings: ComfyUISettings, server: ManagedServer, fixed: ComfyUIClient | None) -> None:
        self._settings, self._server, self._fixed = settings, server, fixed
        self._own = not settings.url and settings.path is not None
        self.local = self._own or is_local(settings.url)

    def replace(self, settings: ComfyUISettings, server: ManagedServer, fixed: ComfyUIClient | None) -> bool:
        """Count another server's memory from now on; False, and nothing is changed, while a job uses this one."""
        with self._lock:
            if self._uses:
                return False
            self._of(settings, server, fixed)
            self._dirty, self._held_gib, self._peak_gib, self._pid = False, 0.0, 0.0, 0
            self._asked_at, self._reported_gib, self._doom, self._last_template = float("-inf"), 0.0, "", ""
            return True

    def keep_for(self, idle_seconds: float) -> None:
        """Unload an unused server's models after this time from now on; 0 = never."""
        self._idle_seconds = idle_seconds

    @property
    def peak_gib(self) -> float:
        """The most that was held in the last job."""
        with self._lock:
            return self._peak_gib

    def living_client(self) -> ComfyUIClient | None:
        """Return a client of a server that answers, as far as is known without a request; None without one."""
        return self._fixed or self._server.client

    @contextmanager
    def use(self) -> Iterator[None]:
        """While it lasts the server counts as busy: it is neither freed nor ended for others."""
        with self._lock:
            self._uses, self._dirty, self._doom, self._peak_gib = self._uses + 1, True, "", 0.0
        try:
            yield
        finally:
            if self._own and (pid := self._server.pid):
                self._measure()
                self._observer.on_peak(COMFYUI_ID, pid, self._peak_gib)
            with self._lock:
                self._uses, self._idle_since = self._uses - 1, time.monotonic()

    def free(self) -> bool:
        """Have a server that nobody uses unload its models; whether it was asked to. Returns when memory has come back, or a
        few seconds later."""
        client = self.living_client()
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

    def unload(self, client: ComfyUIClient) -> UnloadReport:
        """Unload the models and measure what came back, see ComfyUIService.unload."""
        with self._lock:
            busy = self._uses > 0
        if busy or client.queue().running:
            raise EngineError("comfyui.at-work")
        before = self._meter.available()
        held = self._unload_models(client)
        with self._lock:
            self._dirty = self._dirty and self._uses > 0
            returned = max(0.0, held - self._held_gib)
        return UnloadReport(COMFYUI_ID, 1, held, returned, before, self._meter.available(), within_tolerance=True)

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
            waiting: called with why it waits; raises Cancelled when the job is to stop.

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
        """Free memory of the server's device, as it reports it; None where it does not answer or is not running."""
        client = self.living_client()
        with suppress(GreenroomError):
            devices = client.stats().devices if client is not None else ()
            return devices[0].vram_free / GIB if devices and devices[0].vram_free else None
        return None

    # What the memory manager calls

    def snapshot(self) -> list[WorkerStatus]:
        """Return the server as a holder of this machine's memory: the studio's own while it runs, another one while it may still
        hold what the studio's jobs have loaded.
        """
        with self._lock:
            pid = self._server.pid if self._own else self._pid
            if not self.local or not (pid if self._own else self._dirty and (pid or self._held_gib)):
                return []
            state = WorkerState.BUSY if self._uses else WorkerState.WARM
            if self._own and not self._server.ready:
                state = WorkerState.LOADING
            idle = 0.0 if self._uses else time.monotonic() - self._idle_since
            started = self._server.started if self._own else self._opened
            held, limit = self._held_gib, self._idle_seconds
        return [WorkerStatus(COMFYUI_ID, pid, state, held, idle, limit, Tier.HEAVY, started)]

    def evict(self) -> bool:
        """Free the memory of an unused server: end the studio's own, or have another one unload its models."""
        with self._lock:
            if self._uses:
                return False
        if self._own:
            self._server.end()
            return True
        return self.free()

    def end(self, holder: str, reason: str) -> None:
        """Memory runs out: the running job ends with `reason`, and the studio's own server with it."""
        self._doom = reason
        if self._own:
            self._orders.put(lambda: self._server.end(reason))

    def doomed(self) -> str:
        """Why the job on the server must end now, "" while it need not: memory is running out."""
        return self._doom

    def look(self) -> None:
        """Measure, and free what has not been used for a while: called once a second."""
        with self._lock:
            idle = self._dirty and not self._uses and time.monotonic() - self._idle_since > self._idle_seconds
        if self.local and (self._server.alive or self._dirty):
            self._measure()
        if idle and self._idle_seconds > 0:
            self.free()

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
        reported = self.free_gib()
        return max(LEAST_GIB, min(USUAL_GIB[tier], spare / GIB, USUAL_GIB[tier] if reported is None else reported))

    def _measure(self) -> float:
        """What the server's process holds now, in GiB, noted for `snapshot`; 0 where it is not this machine's."""
        pid = self._server.pid if self._own else self._pid
        if not self._own and self.local and not (pid and psutil.pid_exists(pid)):
            pid = listening_process(self._settings.url) or 0
        held = self._meter.quick(pid) if pid else self._reported_by_the_server()
        with self._lock:
            self._pid, self._held_gib = pid, held
            self._peak_gib = max(self._peak_gib, held)
        if self._own:
            self._server.held_gib = held
        return held

    def _reported_by_the_server(self) -> float:
        """Of one in a container, whose process cannot be seen: the graphics memory that it says it holds. Asked now and then."""
        if self._own or not self.local or self._fixed is None:
            return 0.0
        if time.monotonic() - self._asked_at > ASKING_SECONDS:
            self._asked_at = time.monotonic()
            with suppress(GreenroomError):
                self._reported_gib = sum(one.torch_vram for one in self._fixed.stats().devices if one.type == "cuda") / GIB
        return self._reported_gib
