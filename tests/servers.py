"""Real servers for tests: app.py in a process of its own, on a free port and a data folder of its own."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from coverage import Coverage

from tests.repository.sources import ROOT

START_SECONDS = 240
APP = [sys.executable, str(ROOT / "app.py")]
"""The program that is a studio."""


def long_script(paragraphs: int = 400) -> str:
    """A script that takes minutes; no two sentences are alike, so nothing of it is rendered once for all."""
    return "\n\n".join(f"This is paragraph number {number}, and it goes on for a while." for number in range(paragraphs))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def under_coverage() -> Sequence[str]:
    """APP, run by coverage.py where the coverage of the tests is measured.

    What the server has run is written beside the tests' own data when it ends, and pytest-cov adds the two.
    """
    if Coverage.current() is None:
        return APP
    program, *arguments = APP
    options = (f"--rcfile={ROOT / 'pyproject.toml'}", f"--data-file={ROOT / '.coverage'}", "--parallel-mode")
    return (program, "-m", "coverage", "run", *options, *arguments)


USUAL = {"GREENROOM_ENVIRONMENTS__INSTALL_ON_GPU": "false", "GREENROOM_PAGE__FIRST_RUN": "false"}
"""Settings of every such studio: it installs nothing by itself, and a person has closed the card of the first run. One given
as "" is left as settings.yaml says."""

UNDECLARED = "which it does not declare"
"""What a studio prints of a call that ended with an error whose code its definition does not name."""


class RunningStudio:
    """One started studio.

    Args:
        data: its data folder; start another RunningStudio on the same one to see what outlives a server.
        arguments: further ones of the command line.
        measured: whether what it runs counts for the coverage, where that is measured; its start then takes two thirds longer.
        variables: further environment variables, such as GREENROOM_… settings.
    """

    def __init__(
        self, data: Path, *, port: int | None = None, arguments: Sequence[str] = (), measured: bool = False, **variables: str
    ) -> None:
        self.data = data
        self.port = port or free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        kept = {name: value for name, value in os.environ.items() if not name.startswith("GREENROOM_")}
        self.process = subprocess.Popen(
            [*(under_coverage() if measured else APP), "--port", str(self.port), "--data", str(data), *arguments],
            cwd=data.parent,
            env=kept | {name: value for name, value in (USUAL | variables).items() if value or name not in USUAL},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.lines: list[str] = []
        self._open = threading.Event()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        if not self._open.wait(START_SECONDS) or "is open at" not in self.output:
            self.stop()
            raise RuntimeError("The studio did not start:\n" + self.output)

    @property
    def output(self) -> str:
        """What the server has printed so far."""
        return "".join(self.lines)

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line)
            if "is open at" in line:
                self._open.set()
        self._open.set()

    def client(self, token: str = "") -> Any:
        """A fresh gradio_client of this server, with its token where it asks for one."""
        from gradio_client import Client

        return Client(self.url, verbose=False, headers={"Authorization": f"Bearer {token}"} if token else None)

    @property
    def log(self) -> str:
        """What its log holds so far."""
        return (self.data / "logs" / "greenroom.log").read_text("utf-8")

    def kill(self) -> None:
        """End the server as a power cut would."""
        self.process.kill()
        self.process.wait()

    def stop(self) -> int:
        """End the server as Ctrl-C does; gives its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self._reader.join(5)
        assert UNDECLARED not in self.output, f"A call's definition lacks the code of an error:\n{self.output}"
        return self.process.returncode


@contextmanager
def running_studio(
    data: Path, *, port: int | None = None, arguments: Sequence[str] = (), measured: bool = False, **variables: str
) -> Iterator[RunningStudio]:
    studio = RunningStudio(data, port=port, arguments=arguments, measured=measured, **variables)
    try:
        yield studio
    finally:
        studio.stop()


def wait_until(condition: Callable[[], object], seconds: float = 30, step: float = 0.05) -> None:
    """Return when `condition()` holds; fail when it does not within `seconds`."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(step)
