"""Wan 2.1 1.3B, as the studio runs it, against plain diffusers on the same random weights in one run.

    python -m bench.engines.video.wan [--steps N] [--small]

On a CUDA machine the network and the autoencoder are full-size, and the clip has 81 frames at 832 × 480; only the text encoder is
cut down to two layers of its true width, since it is not what is measured. Without a GPU, or with --small, everything is tiny:
that shows that the bench runs, and its figures mean nothing. Random weights cost what trained ones cost; only a cache of blocks
would skip other steps, and is off. Each side runs in a process of its own, in the shared model environment.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from studio.settings import HOME, load_settings

TARGET = 0.7
SIDES = ("plain", "studio")


def main() -> int:
    """Print a table; 0 also where there is nothing to measure with."""
    parser = argparse.ArgumentParser(description="Wan 2.1 1.3B against plain diffusers.")
    parser.add_argument("--steps", type=int, default=0, help="of both sides (default: 30, small: 4)")
    parser.add_argument("--small", action="store_true", help="tiny weights, to see that the bench runs")
    options = parser.parse_args()
    python = model_python()
    if python is None:
        print("The shared model environment is not installed (./launch.sh install models): nothing was measured.")
        return 0
    small = options.small or not _has_gpu(python)
    steps = options.steps or (4 if small else 30)
    if small:
        print("no CUDA device, or --small: tiny weights, to see that the bench runs; the figures mean nothing")
    with tempfile.TemporaryDirectory() as folder:
        _asked(python, "write", Path(folder), small, steps)
        told = {side: _measured(python, side, Path(folder), small, steps) for side in SIDES}
    _print(told, steps)
    ratio = told["studio"]["total"] / told["plain"]["total"]
    print(f"studio / plain, whole clip at equal steps: {ratio:.2f} (target {TARGET:g})")
    return 0 if small or ratio <= TARGET else 1


def model_python() -> Path | None:
    """The Python of the shared model environment: under $MODEL_ENVIRONMENTS, else of the data folder."""
    for root in (os.environ.get("MODEL_ENVIRONMENTS"), load_settings().data_folder / "environments"):
        if root and os.access(python := Path(root) / "models" / "bin" / "python", os.X_OK):
            return python
    return None


def _has_gpu(python: Path) -> bool:
    asked = "import torch, sys; sys.exit(not torch.cuda.is_available())"
    return subprocess.run([str(python), "-c", asked], check=False, capture_output=True).returncode == 0


def _measured(python: Path, side: str, folder: Path, small: bool, steps: int) -> dict[str, Any]:
    """The output of one side, and how long its process took to end afterwards."""
    told = json.loads(_asked(python, side, folder, small, steps).splitlines()[-1])
    return {**told, "unload": time.time() - told.pop("done")}


def _asked(python: Path, what: str, folder: Path, small: bool, steps: int) -> str:
    command = [str(python), "-m", "bench.engines.video.wan_sides", what, str(folder), str(int(small)), str(steps)]
    environment = {**os.environ, "PYTHONPATH": str(HOME), "HF_HUB_OFFLINE": "1"}
    done = subprocess.run(command, cwd=HOME, env=environment, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"The part {what!r} of the bench ended with code {done.returncode}.")
    return done.stdout


def _print(told: dict[str, dict[str, Any]], steps: int) -> None:
    columns = ("load", "step", "decode", "total", "unload", "peak")
    print(f"{'':8s}" + "".join(f"{name:>10s}" for name in columns) + f"   ({steps} steps; seconds, peak in GiB)")
    for side in SIDES:
        print(f"{side:8s}" + "".join(f"{told[side][name]:10.3f}" for name in columns) + f"   {told[side]['attention']}")


if __name__ == "__main__":
    sys.exit(main())
