"""Wan on tiny checkpoints, in workers of the shared model environment, with the network cut."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from engines.contract import EnginePaths
from studio.settings import HOME, WorkerSettings
from studio.workers.pool import WorkerPool
from tests.engines.conftest import ASSETS
from tests.engines.speech.torch_engines.conftest import environments, model_python  # noqa: F401 - fixtures
from tests.engines.speech.torch_engines.remote import CATALOG


def in_models(python: Path, module: str, *arguments: object) -> str:
    """What a module of the tests prints when it runs in the model environment."""
    done = subprocess.run(
        [str(python), "-m", module, *map(str, arguments)],
        cwd=HOME,
        env={**os.environ, "PYTHONPATH": str(HOME), "OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


@pytest.fixture(scope="session")
def wan_weights(model_python: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:  # noqa: F811
    root = tmp_path_factory.mktemp("wan-weights")
    in_models(model_python, "tests.engines.video.wan.build", root)
    return root


@pytest.fixture(scope="session")
def wan_site(wan_weights: Path, environments: Path, tmp_path_factory: pytest.TempPathFactory) -> EnginePaths:  # noqa: F811
    return EnginePaths(ASSETS, tmp_path_factory.mktemp("cache"), (wan_weights,), environments)


@pytest.fixture(scope="session")
def wan_host(wan_site: EnginePaths, tmp_path_factory: pytest.TempPathFactory) -> Iterator[WorkerPool]:
    settings = WorkerSettings(start_seconds=300, cancel_grace_seconds=10, heartbeat_seconds=60)
    host = WorkerPool(settings, wan_site, CATALOG, logs=tmp_path_factory.mktemp("logs"))
    yield host
    host.close()
