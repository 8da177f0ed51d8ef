"""The speech engines on tiny checkpoints, in workers of the shared model environment, with the network cut."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from engines.contract import Site
from studio.settings import HOME, WorkerSettings
from studio.workers.host import WorkerHost
from tests.engines.conftest import ASSETS
from tests.model_environments import environment_python
from tests.speech_models.remote import CATALOG

ENVIRONMENT = "models"


@pytest.fixture(scope="session")
def model_python() -> Path:
    """The Python of the shared model environment."""
    return environment_python(ENVIRONMENT)


@pytest.fixture(scope="session")
def checkpoints(model_python: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Tiny random checkpoints of all engines, written by one process."""
    root = tmp_path_factory.mktemp("weights")
    command = [str(model_python), "-m", "tests.speech_models.build", str(root)]
    done = subprocess.run(
        command,
        cwd=HOME,
        env={**os.environ, "PYTHONPATH": str(HOME), "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return root


@pytest.fixture(scope="session")
def environments(model_python: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of environments whose Python runs without any network, where the system lets us take it away."""
    root = tmp_path_factory.mktemp("environments")
    home = root / ENVIRONMENT
    (home / "bin").mkdir(parents=True)
    for entry in model_python.parents[1].iterdir():
        if entry.name != "bin":
            (home / entry.name).symlink_to(entry)
    script = home / "bin" / "python"
    command = " ".join([*_without_network(), shlex.quote(str(model_python))])
    # One thread: several on tiny tensors wait for each other longer than they work.
    script.write_text(f'#!/bin/sh\nexport OMP_NUM_THREADS=1\nexec {command} "$@"\n', "utf-8")
    script.chmod(0o755)
    return root


def _without_network() -> list[str]:
    """The words before a command that give it a network of its own with nothing in it; [] where that is not allowed."""
    unshare = shutil.which("unshare")
    for wish in ([], ["--map-root-user"]):
        words = [str(unshare), "--net", *wish]
        if unshare and subprocess.run([*words, "true"], capture_output=True, check=False).returncode == 0:
            return words
    return []


@pytest.fixture(scope="session")
def model_site(checkpoints: Path, environments: Path, tmp_path_factory: pytest.TempPathFactory) -> Site:
    return Site(ASSETS, tmp_path_factory.mktemp("cache"), (checkpoints,), environments)


@pytest.fixture(scope="session")
def model_host(model_site: Site, tmp_path_factory: pytest.TempPathFactory) -> Iterator[WorkerHost]:
    settings = WorkerSettings(start_seconds=300, heartbeat_seconds=60)
    host = WorkerHost(settings, model_site, CATALOG, logs=tmp_path_factory.mktemp("logs"), light_workers=1)
    yield host
    host.close()
