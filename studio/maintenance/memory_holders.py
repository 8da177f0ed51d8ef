"""What holds memory of this machine: workers, ComfyUI and the language server, as the memory manager sees them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from studio.comfyui.memory_request import COMFYUI_ID
from studio.comfyui.service import ComfyUIService
from studio.language.residency import SERVER_ID, LanguageServerResidency
from studio.workers.model import WorkerStatus
from studio.workers.pool import WorkerPool


class _Server(Protocol):
    """A server beside the studio that holds memory, such as ComfyUI."""

    def snapshot(self) -> Sequence[WorkerStatus]: ...
    def evict(self) -> object: ...
    def end(self, holder: str, reason: str) -> object: ...


class MemoryHolders:
    """The workers, ComfyUI and the language server, by their ids."""

    def __init__(self, host: WorkerPool, comfyui: ComfyUIService, language: LanguageServerResidency) -> None:
        self._host = host
        self._others: dict[str, _Server] = {COMFYUI_ID: comfyui.residency, SERVER_ID: language}

    def snapshot(self) -> list[WorkerStatus]:
        return [*self._host.snapshot(), *(status for other in self._others.values() for status in other.snapshot())]

    def unload(self, holder: str) -> object:
        return self._others[holder].evict() if holder in self._others else self._host.evict(holder)

    def end(self, holder: str, reason: str) -> object:
        if holder in self._others:
            return self._others[holder].end(holder, reason)
        return self._host.end_worker(holder, reason)
