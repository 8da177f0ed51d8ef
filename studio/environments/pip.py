"""Runs pip as a program: its output becomes progress, and its failures become messages.

pip is used because it reads the user's own configuration of package sources: mirrors, proxies, certificates, and folders of
wheels, such as a CPU build of torch; other settings are ignored (studio.environments.pip_settings). Its cache keeps every
finished download, so an interrupted installation does not repeat them.
"""

from __future__ import annotations

import json
import os
import platform
import re
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from engines.worker.error_messages import redact_error
from studio.environments.model import InstallFailed, Trouble
from studio.environments.pip_settings import UnreadableError, without_configuration
from studio.subprocesses import run_streaming

_KEPT_OUT = frozenset({"PYTHONHOME", "PYTHONPATH", "PYTHONSTARTUP", "VIRTUAL_ENV"})
_SECRET = re.compile(r"HF_TOKEN|HUGGING", re.IGNORECASE)
LINES_KEPT = 200

Say = Callable[[float, str], None]

_FAILURES: tuple[tuple[Trouble, str, str, bool], ...] = (
    (Trouble.DISK_FULL, r"no space left|errno 28|disk quota", "environment.disk-full", True),
    (
        Trouble.NETWORK,
        r"name resolution|name or service not known|getaddrinfo|network is unreachable|no route to host|connection refused"
        r"|connection error|newconnectionerror|max retries|timed out|proxyerror|connection broken|connection reset",
        "environment.no-network",
        True,
    ),
    (Trouble.OTHER_PACKAGE, r"do not match the hashes|hashes from the requirements", "environment.package-differs", True),
    (Trouble.NOT_WRITABLE, r"permission denied|read-only file system", "environment.folder-read-only", False),
)
"""A kind of failure, how pip words it, the code of its message, and whether trying again can help."""


class Pip:
    """Runs this Python's pip on one environment.

    Args:
        cancelled: called several times a second; if it returns true, the program is ended and Cancelled raised.
        log: file to which pip's output is appended.
        pass_fds: descriptors that pip inherits (the lock of the environment).
    """

    def __init__(self, cancelled: Callable[[], bool], log: Path, pass_fds: Sequence[int] = ()) -> None:
        self._cancelled, self._log, self._pass_fds = cancelled, log, tuple(pass_fds)

    def offered(self, requirement: str) -> str:
        """Return the version that would be installed for "name==1.2" here, with its local part ("1.2+cpu").

        Raises:
            InstallFailed: no network, or no build for this machine.
        """
        with tempfile.TemporaryDirectory() as folder:
            report = Path(folder) / "report.json"
            wanted = ["install", "--dry-run", "--ignore-installed", "--no-deps", "--report", str(report), requirement]
            self._run([sys.executable, "-m", "pip", *wanted], lambda line: None)
            told: dict[str, Any] = json.loads(report.read_text("utf-8"))
        return str(told["install"][0]["metadata"]["version"])

    def install(self, python: Path, arguments: Sequence[str], expected: int, say: Say) -> None:
        """Install into the environment of `python`.

        Args:
            expected: about how many packages; `say` gets 0..1 of this call.

        Raises:
            InstallFailed, Cancelled.
        """
        steps = PipSteps(expected, say)
        base = [sys.executable, "-m", "pip", "--python", str(python), "install", "--progress-bar", "off"]
        site = next(iter(sorted((python.parent.parent / "lib").glob("python3*/site-packages"))), None)
        self._run([*base, "--no-warn-script-location", *arguments], steps.line, lambda: steps.look(site))

    def _run(self, command: list[str], on_line: Callable[[str], None], on_pause: Callable[[], None] = lambda: None) -> None:
        heard: list[str] = []

        with self._log.open("a", encoding="utf-8") as log:

            def hear(line: str) -> None:
                log.write(line + "\n")
                heard.append(line)
                del heard[:-LINES_KEPT]
                on_line(line)

            status = run_streaming(
                command, environment=pip_environment(), on_line=hear, cancelled=self._cancelled, on_pause=on_pause,
                pass_fds=self._pass_fds,
            )  # fmt: skip
        if status != 0:
            raise explained(heard, status)


class PipSteps:
    """Progress from pip's output: collecting takes most of the time, unpacking is counted on the disk."""

    COLLECTED = 0.75

    def __init__(self, expected: int, say: Say) -> None:
        self._expected, self._say = max(1, expected), say
        self._collected, self._unpacking, self._before = 0, 0, 0
        self._fraction, self._note = 0.0, "Looking for packages"

    def line(self, line: str) -> None:
        if line.startswith("Collecting "):
            self._collected += 1
            name = re.split(r"[=<>!~\[;@ (]", line.removeprefix("Collecting "), maxsplit=1)[0]
            self._reach(self.COLLECTED * min(1.0, self._collected / self._expected))
            self._note = f"{name}: package {self._collected} of about {max(self._collected, self._expected)}"
        elif found := re.match(r"\s+Downloading (\S+) \(([\d.]+ [kMG]B)\)", line):
            self._note = f"Downloading {found[1].rsplit('/', 1)[-1].split('-')[0]} ({found[2]})"
        elif line.startswith("Building wheel"):
            self._note = "Building a package"
        elif line.startswith("Installing collected packages:"):
            self._unpacking = line.count(",") + 1
            self._note = f"Unpacking {self._unpacking} packages"
            self._reach(self.COLLECTED)
        self._say(self._fraction, self._note)

    def look(self, site: Path | None) -> None:
        """pip prints nothing while it unpacks, so what is there is counted."""
        there = 0 if site is None else sum(entry.name.endswith(".dist-info") for entry in os.scandir(site))
        if not self._unpacking:
            self._before = there
            return
        done = min(1.0, max(0, there - self._before) / self._unpacking)
        self._reach(self.COLLECTED + (1 - self.COLLECTED) * done)
        self._say(self._fraction, self._note)

    def _reach(self, fraction: float) -> None:
        """Progress never decreases: what is counted on the disk may be ahead of pip's output."""
        self._fraction = max(self._fraction, fraction)


def plain_environment() -> dict[str, str]:
    """Return the user's environment variables without secrets and without those that redirect Python."""
    return {
        name: value
        for name, value in os.environ.items()
        if name not in _KEPT_OUT and not name.startswith("GREENROOM_") and not _SECRET.search(name)
    }


def pip_environment() -> dict[str, str]:
    """Return the same with the package sources of the user's pip configuration, and none of its other settings.

    Raises:
        InstallFailed: the configuration cannot be read.
    """
    try:
        kept = without_configuration(plain_environment())
    except UnreadableError as error:
        raise InstallFailed(
            "environment.pip-configuration", trouble=Trouble.PIP_CONFIGURATION, problem=redact_error(str(error))
        ) from None
    return {"PIP_RETRIES": "2"} | kept | {"PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_NO_INPUT": "1", "PYTHONUNBUFFERED": "1",
                   "PIP_NO_COLOR": "1", "LC_ALL": "C.UTF-8"}  # fmt: skip


def explained(lines: Sequence[str], status: int) -> InstallFailed:
    """Return the error for a failure of pip."""
    text = "\n".join(lines).lower()
    for trouble, pattern, code, retryable in _FAILURES:
        if re.search(pattern, text):
            return InstallFailed(code, retryable=retryable, trouble=trouble)
    missing = re.search(r"no matching distribution found for (\S+)", text)
    if missing:
        return InstallFailed(
            "environment.no-build",
            trouble=Trouble.NO_BUILD,
            package=missing[1],
            machine=platform.machine(),
            major=sys.version_info.major,
            minor=sys.version_info.minor,
        )
    if status < 0:
        return InstallFailed("environment.installer-ended", retryable=True, trouble=Trouble.ENDED, signal=-status)
    last = next((line for line in reversed(lines) if line.lower().startswith("error")), "")
    return InstallFailed("environment.package-not-installed", said=redact_error(last.removeprefix("ERROR:")))
