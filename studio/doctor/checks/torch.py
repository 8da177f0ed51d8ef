"""Checks of each installed model environment: torch operations that models need, run by its own Python in a child process."""

from __future__ import annotations

import json
import os
import queue
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from studio.doctor.context import DoctorContext
from studio.doctor.report import CheckResult, CheckStatus
from studio.environments import EnvironmentManager
from studio.environments.environments import python_of
from studio.environments.variables import environment_variables
from studio.settings import HOME

GROUP = "Model environments"
PROGRAM = "engines.probes.torch_ops"
SILENCE_SECONDS = 240.0
"""The longest that one operation may take; compiling on two slow cores takes a minute."""

_REPAIRS = {
    "no kernel image": "This torch has no kernels for this GPU: install the environment again (./launch.sh install {name}).",
    "libnvrtc": "A CUDA library is missing: install the environment again (./launch.sh install {name}).",
    "out of memory": "Something else fills the GPU's memory; end it and try again.",
    "python.h": "Install the headers of Python (on Debian: apt-get install python3-dev); without them models run plain, slower.",
    "compiler": "Install a C compiler (on Debian: apt-get install gcc g++ python3-dev); without it models run plain, slower.",
    "driver": "Update the NVIDIA driver; this torch is built for CUDA 13.",
}
_INSTALL = "Install the environment again: ./launch.sh install {name}"


def torch_operations(context: DoctorContext) -> Iterator[CheckResult]:
    """Run every operation of engines.probes.torch_ops in every installed environment."""
    environments = EnvironmentManager(context.site.environments)
    for status in environments.statuses():
        if not status.ready:
            yield CheckResult(GROUP, status.name, CheckStatus.SKIPPED, status.sentence, status.next_step)
            continue
        folder = context.site.environments / status.name
        python = python_of(folder)
        assert python is not None  # it is ready
        for line in operations(python, environment_variables(folder), context):
            yield _finding(status.name, line)


def operations(python: Path, variables: dict[str, str], context: DoctorContext) -> Iterator[dict[str, Any]]:
    """Yield the results of the program as they arrive, and one with outcome "failed" if it crashes or hangs."""
    process = subprocess.Popen(
        [python, "-m", PROGRAM], cwd=HOME, env=variables, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL, text=True, start_new_session=True,
    )  # fmt: skip
    lines: queue.Queue[str | None] = queue.Queue()
    threading.Thread(target=_pump, args=(process, lines), daemon=True).start()
    try:
        last, began = "importing torch", time.perf_counter()
        while (line := _next(lines, context)) is not None:
            parsed = json.loads(line)
            yield parsed
            last, began = f'after "{parsed["name"]}"', time.perf_counter()
        if process.wait(timeout=5) != 0:
            yield {"name": f"the step {last}", "outcome": "failed", "detail": _death(process.returncode),
                   "seconds": time.perf_counter() - began}  # fmt: skip
    except queue.Empty:
        yield {"name": f"the step {last}", "outcome": "failed", "detail": "it does not answer", "seconds": SILENCE_SECONDS}
    finally:
        _end(process)


def _pump(process: subprocess.Popen[str], lines: queue.Queue[str | None]) -> None:
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith("{"):
            lines.put(line)
    lines.put(None)


def _next(lines: queue.Queue[str | None], context: DoctorContext) -> str | None:
    """Return the next line, None at the end. Checks for cancellation every half second."""
    give_up = time.monotonic() + SILENCE_SECONDS
    while True:
        context.check()
        try:
            return lines.get(timeout=0.5)
        except queue.Empty:
            if time.monotonic() >= give_up:
                raise


def _end(process: subprocess.Popen[str]) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _death(code: int) -> str:
    return f"it was ended by {signal.Signals(-code).name}" if code < 0 else f"it ended with exit code {code}"


def _finding(name: str, line: dict[str, Any]) -> CheckResult:
    outcome, detail = CheckStatus(line["outcome"]), str(line["detail"])
    repair = ""
    if outcome is CheckStatus.FAILED:
        found = next((text for mark, text in _REPAIRS.items() if mark in detail.lower()), _INSTALL)
        repair = found.format(name=name)
        detail = f"{detail[:1].upper()}{detail[1:]}." if detail else "It failed."
    return CheckResult(GROUP, f"{name}: {line['name']}", outcome, detail or "As calculated.", repair, float(line["seconds"]))
