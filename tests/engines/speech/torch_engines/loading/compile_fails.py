"""VoxCPM2 where torch.compile fails at its first call, as it does without a compiler; prints what came of it, as JSON.

`python -m tests.engines.speech.torch_engines.loading.compile_fails CHECKPOINTS`, in the model environment.
On a machine without a GPU the library never compiles, so its way of compiling is replaced by one that
fails as Triton does, at the first call.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from engines.contract import EnginePaths, SpeakingVoice, SpeechRequest
from engines.speech.voxcpm2 import engine as voxcpm2
from engines.speech.voxcpm2.model import _tokenizer

TEXTS = ("Hello there.", " Hello  there.", "The house stood on a hill.", "Zahlen: 12,5", "你好 world")


class Told:
    def __init__(self) -> None:
        self.notes: list[str] = []

    def progress(self, fraction: float, note: str = "") -> None:
        self.notes.append(note)

    def check(self) -> None: ...


def main(checkpoints: Path) -> dict[str, Any]:
    from tokenizers import Tokenizer
    from voxcpm.model.voxcpm2 import VoxCPM2Model

    calls: list[str] = []

    def failing(model: Any, disable: bool = False) -> Any:
        def broken(*_: Any, **__: Any) -> Any:
            calls.append("compiled")
            raise RuntimeError("Failed to find C compiler. Please specify via CC environment variable.")

        if not disable:
            model.base_lm.forward_step = broken
        return model

    site = EnginePaths(Path("assets"), checkpoints, (checkpoints,))
    request = SpeechRequest("Hello there.", SpeakingVoice(), seed=3)
    plain, fallen = (voxcpm2.VoxCPM2(site, voxcpm2.VoxCPM2Options(steps=4), Told()) for _ in range(2))
    drawn = _drawn_while(plain.load)
    VoxCPM2Model.optimize = failing
    voxcpm2.obstacle_to_compiling = lambda device: ""
    fallen.load()
    folder = checkpoints / "openbmb--VoxCPM2"
    ours, theirs = _tokenizer(folder), Tokenizer.from_file(str(folder / "tokenizer.json"))
    return {
        "drawn": [drawn, _drawn_while(lambda: __import__("torch").nn.Linear(3, 2))], "calls": calls, "notes": fallen.run.notes,
        "same": bool(plain.synthesize(request).audio == fallen.synthesize(request).audio),
        "tokens": [ours.tokenize(text) == theirs.encode(text, add_special_tokens=False).tokens for text in TEXTS],
    }  # fmt: skip


def _drawn_while(work: Any) -> int:
    """How many random numbers were written into memory meanwhile."""
    import torch
    from torch.utils._python_dispatch import TorchDispatchMode

    class Counting(TorchDispatchMode):
        drawn = 0

        def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            made = func(*args, **(kwargs or {}))
            if torch.Tag.nondeterministic_seeded in func.tags and isinstance(made, torch.Tensor) and made.device.type != "meta":
                Counting.drawn += made.numel()
            return made

    with Counting():
        work()
    return Counting.drawn


if __name__ == "__main__":
    sys.stdout.write("\n" + json.dumps(main(Path(sys.argv[1]))) + "\n")
