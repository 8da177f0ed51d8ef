"""ComfyUI servers for tests: the stand-in in a process that can be killed, and the real one that COMFYUI_URL names."""

from __future__ import annotations

import multiprocessing
import os
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import httpx

from studio.comfyui.client.client import ComfyUIClient
from studio.comfyui.client.http import HttpTransport
from tests.servers import free_port, wait_until
from tests.studio.comfyui.stand_in import serve
from tests.studio.comfyui.stand_in_work import FAULTS

REAL = os.environ.get("COMFYUI_URL", "").rstrip("/")


_processes = multiprocessing.get_context("forkserver")


class StandInServer:
    """One stand-in on a folder and a port; `kill` and `start` make a restart, which forgets all but files. Its process is forked
    from one that has imported everything, as those of tests.studio.jobs.server are."""

    def __init__(self, base: Path, *, max_upload_mb: float = 100) -> None:
        self.base, self.port, self._max_upload_mb = base, free_port(), max_upload_mb
        self.url = f"http://127.0.0.1:{self.port}"
        self._http = httpx.Client(base_url=self.url, trust_env=False, timeout=30)
        self.process: BaseProcess | None = None
        self.start()

    def start(self) -> None:
        _processes.set_forkserver_preload(["tests.studio.jobs.server", "tests.studio.comfyui.stand_in"])
        self.process = _processes.Process(target=serve, args=(self.port, self.base, self._max_upload_mb), daemon=True)
        self.process.start()
        wait_until(self.answers)

    def answers(self) -> bool:
        try:
            return self._http.get("/system_stats").is_success
        except httpx.TransportError:
            return False

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.join()

    def faults(self, **changed: Any) -> None:
        self._http.post("/_stand_in", json=changed)

    def reset(self) -> None:
        self._http.post("/_stand_in", json=FAULTS)

    @property
    def told(self) -> dict[str, Any]:
        """What it counted: posts, uploads, freed, interrupts, caught, and runs: the id of every job it ever began."""
        return dict(self._http.get("/_stand_in").json())

    @property
    def runs(self) -> list[str]:
        log = self.base / "runs.log"
        return log.read_text().split() if log.exists() else []


def client_of(url: str, read_seconds: float = 60.0) -> ComfyUIClient:
    return ComfyUIClient(url, HttpTransport(url, read_seconds))
