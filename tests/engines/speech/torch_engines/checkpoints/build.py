"""Writes tiny random checkpoints of the true architectures.

`python -m tests.engines.speech.torch_engines.checkpoints.build FOLDER ENGINE…` runs with the Python of the shared model
environment. Each checkpoint is what a download would have put there, only small, so that the
engines go through their libraries' real loading and inference.
"""

from __future__ import annotations

import importlib
import os
import sys
from pathlib import Path

BUILDERS = {
    "f5-tts": "build_f5:build",
    "voxcpm2": "build_voxcpm2:build",
    "kokoro-torch": "build_kokoro:build",
    "mms-tts": "build_native:build_mms",
    "speecht5": "build_native:build_speecht5",
    "dia": "build_native:build_dia",
    "vibevoice": "build_native:build_vibevoice",
}


def main(folder: Path, engines: list[str]) -> None:
    os.environ["HF_HUB_OFFLINE"] = "1"
    for engine in engines or list(BUILDERS):
        module, _, function = BUILDERS[engine].partition(":")
        getattr(importlib.import_module(f"tests.engines.speech.torch_engines.checkpoints.{module}"), function)(folder)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
