"""The face engines on tiny checkpoints, in workers of the shared model environment, with the network cut."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import pytest
import soundfile

from engines.contract import EnginePaths
from media.video.images import read_image, write_picture
from media.video.read import Picture
from media.video.write import VideoWriter
from studio.settings import HOME, WorkerSettings
from studio.workers.pool import WorkerPool
from tests.engines.conftest import ASSETS
from tests.engines.faces.torch_engines.tiny import TinyCatalog
from tests.engines.speech.torch_engines.conftest import environments, model_python

__all__ = ["environments", "model_python"]

SETTINGS = WorkerSettings(start_seconds=300, cancel_grace_seconds=0.5, heartbeat_seconds=60)
FPS = (25, 1)


def run_in_models(python: Path, *arguments: str) -> str:
    """What a program of the model environment prints."""
    variables = {**os.environ, "PYTHONPATH": str(HOME), "OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1"}
    done = subprocess.run([str(python), *arguments], cwd=HOME, env=variables, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


@pytest.fixture(scope="session")
def checkpoints(model_python: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("face-weights")
    run_in_models(model_python, "-m", "tests.engines.faces.torch_engines.build", str(root))
    return root


@pytest.fixture(scope="session")
def face_site(checkpoints: Path, environments: Path, tmp_path_factory: pytest.TempPathFactory) -> EnginePaths:
    return EnginePaths(ASSETS, tmp_path_factory.mktemp("face-cache"), (checkpoints,), environments)


@pytest.fixture(scope="session")
def face_host(face_site: EnginePaths, tmp_path_factory: pytest.TempPathFactory) -> Iterator[WorkerPool]:
    host = WorkerPool(SETTINGS, face_site, TinyCatalog(), logs=tmp_path_factory.mktemp("face-logs"))
    yield host
    host.close()


@pytest.fixture
def spoilt_host(face_site: EnginePaths, tmp_path: Path) -> Iterator[tuple[WorkerPool, Path]]:
    """A host whose weights are the folder beside it, empty yet."""
    weights = tmp_path / "weights"
    weights.mkdir()
    host = WorkerPool(SETTINGS, replace(face_site, weights=(weights,)), TinyCatalog(), logs=tmp_path / "logs")
    yield host, weights
    host.close()


@pytest.fixture(scope="session")
def portrait(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A face in a small picture."""
    whole = read_image(ASSETS / "portraits" / "astronaut.png")
    path = tmp_path_factory.mktemp("portrait") / "portrait.png"
    write_picture(path, cv2.resize(whole[:400, 30:430], (256, 256), interpolation=cv2.INTER_AREA))
    return path


@pytest.fixture(scope="session")
def performance(portrait: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A video of 20 pictures in which the same face turns and moves."""
    return write_video(tmp_path_factory.mktemp("performance") / "performance.mp4", [moved(portrait, at) for at in range(20)])


@pytest.fixture(scope="session")
def lost(portrait: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A video of 30 pictures whose face is hidden from the 10th to the 21st."""
    pictures = [moved(portrait, 0) for _ in range(30)]
    for hidden in pictures[10:21]:
        hidden[:] = 90
    return write_video(tmp_path_factory.mktemp("lost") / "lost.mp4", pictures)


@pytest.fixture(scope="session")
def sounds(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Speech, and a noise that comes and goes."""
    other = tmp_path_factory.mktemp("sounds") / "noise.wav"
    noise = np.random.default_rng(0).normal(size=32_000) * np.repeat([0.0, 0.3] * 4, 4_000)
    soundfile.write(other, noise.astype(np.float32), 16_000)
    return ASSETS / "voices" / "LJ001-0002.wav", other


def moved(portrait: Path, at: int) -> Picture:
    place = cv2.getRotationMatrix2D((128, 70), 5 * np.sin(at / 4), 1 + 0.004 * at)
    place[:, 2] += (at / 2, at / 4)
    return cv2.warpAffine(read_image(portrait), place, (256, 256), borderMode=cv2.BORDER_REPLICATE)


def write_video(path: Path, pictures: list[Picture]) -> Path:
    height, width = pictures[0].shape[:2]
    with VideoWriter(path, (width, height), Fraction(*FPS), 95) as writer:
        for picture in pictures:
            writer.write(picture)
    return path
