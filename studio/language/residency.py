"""Accounting of a local language server's memory at the gate: by the server's own report, with eviction on request.

Ollama reports the memory of each model (`/api/ps`) and unloads one on a request with `keep_alive: 0`. For llama.cpp, vLLM and LM
Studio the process is measured; they keep their model until they exit, so that the gate cannot free their memory.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from engines.contract import Device, Tier
from studio.access.local_listeners import listening_process
from studio.language.address import Place, place_of
from studio.language.connection import ServerAddress, asked
from studio.language.errors import LanguageError
from studio.language.server import ServerKind
from studio.memory.estimate import HolderEstimate
from studio.units import GIB
from studio.workers.model import WorkerState, WorkerStatus
from studio.workers.process.metering import MemoryMeter

SERVER_ID = "language-server"
SERVER_ESTIMATE = HolderEstimate(
    SERVER_ID,
    "The language server",
    Tier.MEDIUM,
    Device.CUDA,
    memory_gib=6,
    reload_seconds=10,
    remedy="Choose a smaller language model, or run the server on another machine.",
)
ASK_SECONDS = 2.0
KEPT_SECONDS = 300.0
"""How long Ollama keeps a model that nobody uses, when nobody said otherwise."""


@dataclass
class _Held:
    gib: float = 0.0
    since: float = 0.0
    pid: int = 0
    can_let_go: bool = False


class LanguageServerResidency:
    """The memory of the chosen server. Any thread may call any method; one lock, which is not held during requests."""

    def __init__(self, meter: MemoryMeter) -> None:
        self._meter = meter
        self._lock = threading.Lock()
        self._server: ServerAddress | None = None
        self._kind, self._model = ServerKind.OTHER, ""
        self._uses, self._idle_since, self._opened = 0, time.monotonic(), time.time()
        self._held = _Held()

    def choose(self, server: ServerAddress | None, kind: ServerKind, model: str) -> None:
        """Set the server in use, None for none."""
        with self._lock:
            self._server, self._kind, self._model = server, kind, model
            self._held = _Held()

    @property
    def held_gib(self) -> float:
        """The last measurement in GiB; 0 if it is unknown."""
        with self._lock:
            return self._held.gib

    @contextmanager
    def use(self) -> Iterator[None]:
        """Mark the server as busy within the context; its memory is measured at the end."""
        with self._lock:
            self._uses += 1
        try:
            yield
        finally:
            self.look()
            with self._lock:
                self._uses, self._idle_since = self._uses - 1, time.monotonic()

    def look(self) -> None:
        """Measure the server's memory if it is on this machine."""
        with self._lock:
            server, kind, model = self._server, self._kind, self._model
        if server is None or place_of(server.url) is not Place.MACHINE:
            return
        pid = listening_process(server.url) or 0
        reported = self._reported(server, model) if kind in (ServerKind.OLLAMA, ServerKind.OTHER) else None
        held = self._meter.quick(pid) if reported is None and pid else reported or 0.0
        with self._lock:
            if server == self._server:
                self._held = _Held(held, time.monotonic(), pid, can_let_go=reported is not None)

    def snapshot(self) -> list[WorkerStatus]:
        """Return the server as a memory holder for the gate; [] if its memory is unknown, or was released."""
        with self._lock:
            held, idle = self._held, 0.0 if self._uses else time.monotonic() - self._idle_since
            if held.gib < 0.05 or (held.can_let_go and idle > KEPT_SECONDS):
                return []
            busy = self._uses > 0 or not held.can_let_go
            state = WorkerState.BUSY if busy else WorkerState.WARM
            return [WorkerStatus(SERVER_ID, held.pid, state, held.gib, idle, KEPT_SECONDS, Tier.MEDIUM, self._opened)]

    def evict(self) -> bool:
        """Unload an unused server's models and return whether it did. The next request loads them again."""
        with self._lock:
            server, busy, can = self._server, self._uses > 0, self._held.can_let_go
        if server is None or busy or not can:
            return False
        with suppress(LanguageError):
            for name in self._loaded(server):
                asked(server, f"{server.root}/api/generate", {"model": name, "keep_alive": 0}, ASK_SECONDS * 5)
            self.look()
            return True
        return False

    def end(self, holder: str, reason: str) -> bool:
        """Do the same when memory runs out, even if the server is in use."""
        with self._lock:
            server = self._server
        if server is None:
            return False
        with suppress(LanguageError):
            for name in self._loaded(server):
                asked(server, f"{server.root}/api/generate", {"model": name, "keep_alive": 0}, ASK_SECONDS)
        return True

    def _reported(self, server: ServerAddress, model: str) -> float | None:
        """Return Ollama's report of its models' memory in GiB; None for other servers."""
        try:
            told = asked(server, f"{server.root}/api/ps", seconds=ASK_SECONDS)
            return sum(max(0, int(one["size"])) for one in told["models"]) / GIB
        except (LanguageError, KeyError, TypeError, ValueError):
            return None

    def _loaded(self, server: ServerAddress) -> list[str]:
        told = asked(server, f"{server.root}/api/ps", seconds=ASK_SECONDS)
        models = told.get("models") if isinstance(told, dict) else None
        return [str(one["name"]) for one in models or () if isinstance(one, dict) and "name" in one]
