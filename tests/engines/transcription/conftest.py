"""Recognisers for the tests: random Whisper weights written once, the model environment where there is one, real speech."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from engines.catalog import Catalog
from engines.contract import EnginePaths
from media.audio.audio import Audio
from media.audio.decode import decode_audio
from studio.environments.environments import python_of
from studio.settings import WorkerSettings
from studio.workers.pool import WorkerPool
from tests.engines.transcription.whisper_checkpoint import write_faster_whisper
from tests.model_environments import environment_python, model_environments, without_network
from tests.repository.sources import ROOT

SPOKEN = ROOT / "assets" / "voices" / "LJ001-0008.wav"
"""1.8 s: "has never been surpassed."."""


@pytest.fixture(scope="session")
def spoken() -> Audio:
    return decode_audio(SPOKEN)


@pytest.fixture(scope="session")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A weights root with a tiny faster-whisper in it."""
    root = tmp_path_factory.mktemp("weights")
    write_faster_whisper(root, "tiny")
    return root


@pytest.fixture(scope="session")
def looping_weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same, but it says one word for ever."""
    root = tmp_path_factory.mktemp("looping-weights")
    write_faster_whisper(root, "tiny", width=32, layers=1, heads=1, loops=True)
    return root


@pytest.fixture(scope="session")
def environments(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The model environments, their Python without any network; the usual folder where the shared one is not installed."""
    usual = model_environments()
    python = python_of(usual / "models")
    return usual if python is None else without_network("models", python, tmp_path_factory.mktemp("environments"))


@pytest.fixture(scope="session")
def listening_site(weights: Path, environments: Path, tmp_path_factory: pytest.TempPathFactory) -> EnginePaths:
    return EnginePaths(ROOT / "assets", tmp_path_factory.mktemp("cache"), (weights,), environments)


@pytest.fixture(scope="session")
def hf_weights(weights: Path) -> Path:
    """Weights as transformers keeps them beside the others, written by the model environment's own Python."""
    python = environment_python("models")
    folder = weights / "openai--whisper-tiny"
    if not folder.is_dir():
        told = {**os.environ, "HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1", "PYTHONPATH": str(ROOT)}
        command = [str(python), "-m", "tests.engines.transcription.whisper_hf_checkpoint", str(folder)]
        done = subprocess.run(command, cwd=ROOT, env=told, capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == 0, done.stderr[-2000:]
    return weights


@pytest.fixture(scope="session")
def host(listening_site: EnginePaths, tmp_path_factory: pytest.TempPathFactory) -> Iterator[WorkerPool]:
    host = WorkerPool(WorkerSettings(), listening_site, Catalog(), logs=tmp_path_factory.mktemp("logs"))
    yield host
    host.close()
