"""Verification of an environment: its own Python imports what its engines need."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path

from engines.worker.error_messages import redact_error
from studio.environments.model import InstallFailed
from studio.environments.variables import environment_variables
from studio.subprocesses import run_streaming

Say = Callable[[float, str], None]

_IMPORT = """
import importlib, json, sys
for name in json.load(sys.stdin):
    try:
        importlib.import_module(name)
    except BaseException as error:
        print("@" + json.dumps([name, f"{type(error).__name__}: {error}"]), flush=True)
        raise SystemExit(1)
    print("@" + json.dumps([name, ""]), flush=True)
"""


def verify(python: Path, imports: Sequence[str], cancelled: Callable[[], bool], say: Say) -> None:
    """Import every module in one process of the environment, the network switched off for the model libraries.

    Raises:
        InstallFailed: names the first one that fails, with its message.
        Cancelled.
    """
    failed: list[tuple[str, str]] = []
    done: list[str] = []

    def hear(line: str) -> None:
        if not line.startswith("@"):
            return
        name, problem = json.loads(line[1:])
        failed.extend([(name, problem)] if problem else [])
        done.append(name)
        following = imports[len(done)] if len(done) < len(imports) else name
        say(len(done) / len(imports), f"Checking: import {following}")

    say(0.0, f"Checking: import {imports[0]}")
    status = run_streaming(
        [str(python), "-c", _IMPORT],
        environment=environment_variables(python.parent.parent),
        on_line=hear,
        cancelled=cancelled,
        given=json.dumps(list(imports)).encode(),
    )
    if failed:
        name, problem = failed[0]
        raise InstallFailed("environment.import-failed", module=name, problem=redact_error(problem))
    if status != 0 or len(done) < len(imports):
        name = imports[min(len(done), len(imports) - 1)]
        how = "signal" if status < 0 else "exit"
        raise InstallFailed("environment.import-ended-python", module=name, how=how, status=abs(status))
