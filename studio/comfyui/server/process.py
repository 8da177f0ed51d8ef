"""A ComfyUI installation on this machine, run as a process of the studio's: loopback, a free port, ended with the studio."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from engines.contract import Tier
from media.refusals import refusal
from studio.comfyui.errors import ComfyUIMissing
from studio.comfyui.server import low_priority as stand_back
from studio.environments.variables import environment_variables
from studio.settings import HOME
from studio.workers.process.exit_reason import explain
from studio.workers.process.launch import NICE, OOM_SCORE_ADJ
from studio.workers.process.log import WorkerLog
from studio.workers.process.metering import oom_kills

TITLE = "ComfyUI"
ENDING_SECONDS, GONE_SECONDS = 3.0, 5.0
PYTHONS = ("venv/bin/python", ".venv/bin/python", "../python_embeded/python", "../venv/bin/python", "../.venv/bin/python")
"""Where installations keep their Python, seen from the folder of main.py."""


@dataclass(frozen=True)
class Installation:
    """The folder of ComfyUI and the Python that runs it."""

    folder: Path
    python: Path

    @classmethod
    def find(cls, folder: Path, python: Path | None) -> Installation:
        """
        Args:
            folder: relative to the studio's folder. python: relative to `folder`; None looks for it.

        Raises:
            ComfyUIMissing: the folder holds no ComfyUI, or no Python for it is found.
        """
        home = HOME / folder.expanduser()
        if not (home / "main.py").is_file() or not (home / "comfy").is_dir():
            raise ComfyUIMissing("comfyui.no-installation")
        if python is None:
            python = next((home / name for name in PYTHONS if os.access(home / name, os.X_OK)), None)
        elif not (python := python.expanduser()).is_absolute():
            python = home / python
        if python is None or not os.access(python, os.X_OK):
            raise ComfyUIMissing("comfyui.no-python")
        return cls(home.resolve(), python.absolute())  # not resolved: the python of a venv is a link to another one


class ComfyUIProcess:
    """One run of an installation. `start` must be called in a thread that outlives it: the kernel ends the process together
    with the thread that started it, so that it never outlives the studio. The rest is safe from any thread.

    Args:
        arguments: further ones for main.py. max_upload_mb: passed to the server.
        log: takes what it prints.
        on_exit: called once, in the watching thread, with this process when it is gone.
    """

    def __init__(
        self,
        installation: Installation,
        arguments: Sequence[str],
        max_upload_mb: int,
        log: WorkerLog,
        on_exit: Callable[[ComfyUIProcess], None],
    ) -> None:
        self.port = _free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.started = time.time()
        self.why = ""
        self._installation, self._log, self._on_exit = installation, log, on_exit
        self._arguments = [
            "--listen", "127.0.0.1", "--port", str(self.port), "--disable-auto-launch",
            "--max-upload-size", str(max_upload_mb), "--preview-method", "auto", *arguments,
        ]  # fmt: skip
        self._process: subprocess.Popen[bytes] | None = None
        self._asked, self._gone = False, threading.Event()

    @property
    def pid(self) -> int:
        return self._process.pid if self._process is not None else 0

    @property
    def alive(self) -> bool:
        return self._process is not None and not self._gone.is_set()

    @property
    def tail(self) -> str:
        """The last line that it printed."""
        return self._log.tail[-1] if self._log.tail else ""

    def start(self) -> None:
        """
        Raises:
            ComfyUIMissing: its Python cannot be run.
        """
        python, folder = self._installation.python, self._installation.folder
        before = [sys.executable, stand_back.__file__, str(os.getpid())]
        before += [str(NICE[Tier.HEAVY]), str(OOM_SCORE_ADJ[Tier.HEAVY])]
        variables = environment_variables(python.parent.parent)
        variables.pop("PYTHONPATH", None)  # the studio's folder has modules of names that ComfyUI uses too
        kills = oom_kills()
        try:
            self._process = subprocess.Popen(
                [*before, str(python), "main.py", *self._arguments], cwd=folder, env=variables, stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True,
            )  # fmt: skip
        except OSError as error:
            raise ComfyUIMissing("comfyui.not-started", cause=refusal(error)) from None
        self._log.pid = self._process.pid
        threading.Thread(target=self._watch, args=(kills,), name="comfyui-process", daemon=True).start()

    def end(self, why: str = "") -> None:
        """Ask it to end, then end its group; returns when it is gone.

        Args:
            why: a sentence for the job that it works on, where something else than itself ends it.
        """
        process = self._process
        if process is None:
            return
        self._asked = True
        self.why = self.why or why
        for number, seconds in ((signal.SIGTERM, ENDING_SECONDS), (signal.SIGKILL, GONE_SECONDS)):
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, number)
            if self._gone.wait(seconds):
                return

    def _watch(self, kills_before: int) -> None:
        process = self._process
        assert process is not None and process.stdout is not None
        with contextlib.suppress(OSError, ValueError):
            while data := os.read(process.stdout.fileno(), 1 << 16):
                self._log.write(data)
        code = process.wait()
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)  # what it had started itself
        if not self._asked:
            self.why = self.why or explain(TITLE, code, out_of_memory=oom_kills() > kills_before).reason.replace(
                "The worker of ComfyUI", "ComfyUI"
            )
        self._gone.set()
        self._on_exit(self)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
