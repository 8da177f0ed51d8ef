"""Run in the model environment: load a file of weights with little memory to spare, and tell the peak.

`python -m tests.engines.speech.torch_engines.loading.load_within FILE MIB_ALLOWED once|library|twice`. "once" is
engines.common.loading; "library" goes through transformers as the engines do that are native in it; "twice"
holds all tensors before it copies them, as loading a
state dict does. Says "loaded PEAK_MIB" or "refused"; the peak is VmHWM, since ru_maxrss begins with
that of the process that started this one.
"""

from __future__ import annotations

import resource
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from engines.common.loading import fill, read_tensors
from engines.speech.common.transformers_engine import TransformersSpeech

SIDE, TENSORS = 2048, 10
"""Of the file: that many tensors of so many rows and columns."""


def main(path: Path, allowed: int, way: str) -> None:

    if way == "library":
        _sort()  # what is imported counts for nothing
    names = [name for name, _ in read_tensors(path)]
    held = _status("VmData")
    resource.setrlimit(resource.RLIMIT_DATA, (held + (allowed << 20), resource.RLIM_INFINITY))
    before = _status("VmRSS")
    try:
        model = _through_transformers(path) if way == "library" else _filled(path, names, way)
    except (MemoryError, RuntimeError):
        sys.stdout.write("refused\n")
        return
    assert all(float(parameter[0, 0]) == number for number, parameter in enumerate(model.parameters()))
    sys.stdout.write(f"loaded {(_status('VmHWM') - before) >> 20}\n")


def _filled(path: Path, names: list[str], way: str) -> Any:
    import torch

    model: Any = torch.nn.Module()
    shapes = {name: tensor.shape for name, tensor in read_tensors(path)}
    for name in names:
        model.register_parameter(name, torch.nn.Parameter(torch.zeros(shapes[name])))
    tensors = read_tensors(path)
    fill(model, list(tensors) if way == "twice" else tensors, "the model")
    return model


def _through_transformers(path: Path) -> Any:
    import torch

    (path.parent / "config.json").write_text("{}", "utf-8")
    model, report = TransformersSpeech._read(SimpleNamespace(device="cpu"), _sort(), path.parent, torch.float32)  # type: ignore[arg-type]
    assert not report["missing_keys"]
    return model


def _sort() -> Any:
    """A class of transformers that has the file's tensors and nothing else."""
    import torch
    from transformers import PretrainedConfig, PreTrainedModel

    class Large(PreTrainedModel):  # type: ignore[misc]
        config_class = PretrainedConfig

        def __init__(self, config: Any) -> None:
            super().__init__(config)
            for number in range(TENSORS):
                self.register_parameter(f"part{number:02}", torch.nn.Parameter(torch.zeros(SIDE, SIDE)))
            self.post_init()

    return Large


def _status(field: str) -> int:
    lines = Path("/proc/self/status").read_text("ascii", "replace").splitlines()
    return next(int(line.split()[1]) << 10 for line in lines if line.startswith(field))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3])
