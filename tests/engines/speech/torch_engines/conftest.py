"""The speech engines on tiny checkpoints, in workers of the shared model environment, with the network cut."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from engines.contract import EnginePaths
from studio.settings import HOME, WorkerSettings
from studio.workers.pool import WorkerPool
from studio.workers.pool_options import PoolOptions
from tests.engines.conftest import ASSETS
from tests.engines.speech.torch_engines.remote import CATALOG
from tests.model_environments import environment_python, without_network

ENVIRONMENT = "models"


@pytest.fixture(scope="session")
def model_python() -> Path:
    """The Python of the shared model environment."""
    return environment_python(ENVIRONMENT)


@pytest.fixture(scope="session")
def checkpoints(model_python: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Tiny random checkpoints of all engines, written by one process."""
    root = tmp_path_factory.mktemp("weights")
    command = [str(model_python), "-m", "tests.engines.speech.torch_engines.checkpoints.build", str(root)]
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
    return without_network(ENVIRONMENT, model_python, tmp_path_factory.mktemp("environments"))


@pytest.fixture(scope="session")
def model_site(checkpoints: Path, environments: Path, tmp_path_factory: pytest.TempPathFactory) -> EnginePaths:
    return EnginePaths(ASSETS, tmp_path_factory.mktemp("cache"), (checkpoints,), environments)


@pytest.fixture(scope="session")
def model_host(model_site: EnginePaths, tmp_path_factory: pytest.TempPathFactory) -> Iterator[WorkerPool]:
    settings = WorkerSettings(start_seconds=300, heartbeat_seconds=60)
    host = WorkerPool(settings, model_site, CATALOG, logs=tmp_path_factory.mktemp("logs"), options=PoolOptions(light_workers=1))
    yield host
    host.close()
