"""Run in the model environment: load a file of weights with little memory to spare, and tell the peak.

`python -m tests.speech_models.load_within FILE MIB_ALLOWED once|twice`. "once" is engines.loading; "twice" holds all
tensors before it copies them, as loading a state dict does. Says "loaded PEAK_MIB" or "refused".
"""

from __future__ import annotations

import resource
import sys
from pathlib import Path
from typing import Any

from engines.loading import fill, read_tensors


def main(path: Path, allowed: int, way: str) -> None:
    import torch

    names = [name for name, _ in read_tensors(path)]
    held = _status("VmData")
    resource.setrlimit(resource.RLIMIT_DATA, (held + (allowed << 20), resource.RLIM_INFINITY))
    before = _status("VmRSS")
    try:
        model: Any = torch.nn.Module()
        shapes = {name: tensor.shape for name, tensor in read_tensors(path)}
        for name in names:
            model.register_parameter(name, torch.nn.Parameter(torch.zeros(shapes[name])))
        tensors = read_tensors(path)
        fill(model, list(tensors) if way == "twice" else tensors, "the model")
    except (MemoryError, RuntimeError):
        sys.stdout.write("refused\n")
        return
    assert all(float(parameter[0, 0]) == number for number, parameter in enumerate(model.parameters()))
    sys.stdout.write(f"loaded {(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 - before) >> 20}\n")


def _status(field: str) -> int:
    lines = Path("/proc/self/status").read_text("ascii", "replace").splitlines()
    return next(int(line.split()[1]) << 10 for line in lines if line.startswith(field))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3])
