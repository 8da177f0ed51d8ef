"""How many attentions of F5-TTS are given a mask, for rows of equal and of unequal length. Runs in the model environment.

`python -m tests.engines.speech.torch_engines.f5_masks SCRATCH` prints the two counts, as JSON.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np

from engines.contract import EnginePaths
from engines.speech.f5.engine import F5TTS
from engines.speech.f5.model import Row
from engines.speech.f5.reference import RATE, Reference
from tests.engines.speech.torch_engines.checkpoints.build_f5 import build


class _Run:
    def progress(self, fraction: float, note: str = "") -> None: ...

    def check(self) -> None: ...


def main(root: Path) -> list[int]:
    build(root)
    engine = F5TTS(EnginePaths(root, root, (root,), root), F5TTS.Options(), _Run())
    engine.load()
    sound = np.random.default_rng(0).normal(0, 0.1, RATE).astype(np.float32)
    reference = Reference(sound, "It was so. ", 1.0, 0.1)
    return [
        _masked(engine._model, [Row(reference, "Hello.", frames, 1) for frames in lengths]) for lengths in ((40, 40), (40, 60))
    ]


def _masked(model: Any, rows: list[Row]) -> int:
    import torch
    from torch.nn import functional

    attention, seen = functional.scaled_dot_product_attention, []

    def watched(*args: Any, attn_mask: Any = None, **kwargs: Any) -> Any:
        seen.append(attn_mask)
        return attention(*args, attn_mask=attn_mask, **kwargs)

    with patch.object(functional, "scaled_dot_product_attention", watched), torch.inference_mode():
        model.speak(rows, 2, 2.0, -1.0)
    assert seen
    return sum(mask is not None for mask in seen)


if __name__ == "__main__":
    sys.stdout.write("\n" + json.dumps(main(Path(sys.argv[1]))) + "\n")
