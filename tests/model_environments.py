"""The model environments that tests use: those of $MODEL_ENVIRONMENTS, else the studio's own; tests skip without one."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from studio.environments import Environments
from studio.environments.environments import python_of
from studio.settings import HOME


def model_environments() -> Path:
    """The folder in which they lie."""
    return Path(os.environ.get("MODEL_ENVIRONMENTS") or HOME / "data" / "environments").absolute()


def environment_python(name: str) -> Path:
    """The Python of one that is whole; the test is skipped with the reason where it is not."""
    root = model_environments()
    status = Environments(root).status(name)
    python = python_of(root / name)
    if not status.ready or python is None:
        pytest.skip(f"{status.sentence} Run ./launch.sh install {name}, or set MODEL_ENVIRONMENTS.")
    return python
