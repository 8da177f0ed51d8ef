"""The model environments that tests use: those of $MODEL_ENVIRONMENTS, else the studio's own; tests skip without one."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from studio.environments import EnvironmentManager
from studio.environments.environments import python_of
from studio.settings import HOME


def model_environments() -> Path:
    """The folder in which they lie."""
    return Path(os.environ.get("MODEL_ENVIRONMENTS") or HOME / "data" / "environments").absolute()


def environment_python(name: str) -> Path:
    """The Python of one that is whole; the test is skipped with the reason where it is not."""
    root = model_environments()
    status = EnvironmentManager(root).status(name)
    python = python_of(root / name)
    if not status.ready or python is None:
        pytest.skip(f"{status.sentence} Run ./launch.sh install {name}, or set MODEL_ENVIRONMENTS.")
    return python


def without_network(name: str, python: Path, root: Path) -> Path:
    """A folder of environments, made at `root`, with that one in it: its Python runs without any network, where the system
    lets us take it away."""
    home = root / name
    (home / "bin").mkdir(parents=True)
    for entry in python.parents[1].iterdir():
        if entry.name != "bin":
            (home / entry.name).symlink_to(entry)
    script = home / "bin" / "python"
    command = " ".join([*_giving_up_the_network(), shlex.quote(str(python))])
    # One thread: several on tiny tensors wait for each other longer than they work.
    script.write_text(f'#!/bin/sh\nexport OMP_NUM_THREADS=1\nexec {command} "$@"\n', "utf-8")
    script.chmod(0o755)
    return root


def check_it_has_no_network(environments: Path, name: str = "models") -> None:
    """Skips where the system does not let a process give up its network."""
    program = "import socket; socket.create_connection(('192.0.2.1', 9), 2)"
    python = environments / name / "bin" / "python"
    if "unshare" not in python.read_text("utf-8"):
        pytest.skip("This system does not let a process give up its network.")
    done = subprocess.run([str(python), "-c", program], capture_output=True, text=True, check=False)
    assert "unreachable" in done.stderr, done.stderr


def _giving_up_the_network() -> list[str]:
    """The words before a command that give it a network of its own with nothing in it; [] where that is not allowed."""
    unshare = shutil.which("unshare")
    for wish in ([], ["--map-root-user"]):
        words = [str(unshare), "--net", *wish]
        if unshare and subprocess.run([*words, "true"], capture_output=True, check=False).returncode == 0:
            return words
    return []
