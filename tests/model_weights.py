"""The models that tests speak and listen with: those in $MODEL_WEIGHTS, else the studio's own; tests skip without them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from studio.settings import HOME


def model_weights() -> tuple[Path, ...]:
    """The roots of weights, () where there is none. `./launch.sh models` fetches them."""
    root = Path(os.environ.get("MODEL_WEIGHTS") or HOME / "data" / "weights").absolute()
    return (root,) if root.is_dir() else ()


def whisper_base() -> Path:
    """The folder of Whisper base; the test is skipped where it is not here."""
    for root in model_weights():
        if (root / "Systran--faster-whisper-base" / "model.bin").is_file():
            return root / "Systran--faster-whisper-base"
    pytest.skip("Whisper base is not here. Run ./launch.sh models, or set MODEL_WEIGHTS.")
