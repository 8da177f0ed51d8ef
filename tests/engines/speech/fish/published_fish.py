"""Fish Speech's published checkpoint by its names: writes the manifests, and loads them in full size and without contents.

In Fish Speech's environment: `python -m tests.engines.speech.fish.published_fish write`, or `... load SCRATCH`, which prints as
JSON what the engine's own code says to each file, and to the same with one name changed.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

from engines.contract import EnginePaths
from engines.contract.errors import EngineError
from engines.speech.fish.engine import FishSpeech, refuse_partial
from tests.engines.manifests.hollow import write_torch
from tests.engines.manifests.manifest import KINDS, Manifest, Tensor, read, write

S1_MINI: dict[str, Any] = {
    "vocab_size": 155_776, "n_layer": 28, "n_head": 16, "dim": 1024, "intermediate_size": 3072, "n_local_heads": 8,
    "head_dim": 128, "rope_base": 1_000_000, "norm_eps": 1e-6, "max_seq_len": 8192, "tie_word_embeddings": False,
    "attention_qk_norm": True, "codebook_size": 4096, "num_codebooks": 10, "n_fast_layer": 4, "fast_dim": 1024,
    "fast_n_head": 16, "fast_n_local_heads": 8, "fast_head_dim": 64, "fast_intermediate_size": 3072,
    "fast_attention_qk_norm": False,
}  # fmt: skip
MODEL_SOURCE = """DualARTransformer of fish-speech 0.1.0 (models/text2semantic/llama.py) in the sizes of S1-mini, in bfloat16:
those of Qwen3 0.6B, on which it is built (fish-speech issue 1081), with 28 and 4 layers (sglang-omni pull request 103) and ten
codebooks of 4,096. That the output has weights of its own and the fast heads are 64 wide follows from the length of the file,
which is 15 MB more than this: the package takes out what has audio_ in its name."""
CODEC_SOURCE = """DAC of fish-speech 0.1.0 in the sizes of configs/modded_dac_vq.yaml, in float32; its masks and tables of
rotations are part of the state, a seventh of the file."""
WRONG = "a_name_that_nothing_has"


def main(wish: str, scratch: Path | None = None) -> dict[str, dict[str, str]]:
    if scratch is None:
        kinds = {f"torch.{name}": kind for kind, name in KINDS.items()}
        model, codec = _model(), _codec()
        write("fish-model", MODEL_SOURCE, [Tensor(name, "BF16", tuple(one.shape)) for name, one in model.state_dict().items()])
        write("fish-codec", CODEC_SOURCE, [
            Tensor(name, kinds[str(one.dtype)], tuple(one.shape)) for name, one in codec.state_dict().items()
        ])  # fmt: skip
        return {}
    return {
        name: {"published": say(read(name), scratch), "one name wrong": say(wrong(read(name)), scratch)}
        for name, say in (("fish-model", _said_to_model), ("fish-codec", _said_to_codec))
    }


def wrong(manifest: Manifest) -> Manifest:
    """The same checkpoint with another name for one of its weights."""
    names = [one.name for one in manifest.tensors if one.name.endswith("weight")]
    return manifest.renamed(names[len(names) // 2], WRONG)


def _model() -> Any:
    import torch
    from fish_speech.models.text2semantic.llama import DualARModelArgs, DualARTransformer

    with torch.device("meta"):
        return DualARTransformer(DualARModelArgs(**S1_MINI), SimpleNamespace(semantic_id_to_token_id={}))


def _codec() -> Any:
    import fish_speech
    import torch
    from hydra.utils import instantiate
    from omegaconf import OmegaConf

    with torch.device("meta"):
        return instantiate(OmegaConf.load(Path(next(iter(fish_speech.__path__))) / "configs" / "modded_dac_vq.yaml"))


def _said_to_model(manifest: Manifest, scratch: Path) -> str:
    """The package's own loading, and the engine's check of what came of it."""
    import torch
    from fish_speech.models.text2semantic import llama

    write_torch(scratch / "model.pth", manifest)
    llama.DualARModelArgs(**S1_MINI).save(str(scratch / "config.json"))
    tokenizer = SimpleNamespace(semantic_id_to_token_id={})
    with torch.device("meta"), patch.object(llama.FishTokenizer, "from_pretrained", lambda path: tokenizer):
        model = llama.BaseTransformer.from_pretrained(str(scratch), load_weights=True)
    shapes = {one.name: one.shape for one in manifest.tensors}
    assert all(tuple(one.shape) == shapes.get(name, tuple(one.shape)) for name, one in model.named_parameters())
    try:
        refuse_partial(model, scratch / "model.pth")
    except EngineError as error:
        return f"{error.reason} {error.hint}"
    return ""


def _said_to_codec(manifest: Manifest, scratch: Path) -> str:
    import torch

    write_torch(scratch / "codec.pth", manifest)
    engine = FishSpeech(EnginePaths(scratch, scratch), FishSpeech.Options(), SimpleNamespace())  # type: ignore[arg-type]
    engine.device = "meta"
    try:
        with torch.device("meta"):
            engine._codec(scratch)
    except EngineError as error:
        return f"{error.reason} {error.hint}"
    return ""


if __name__ == "__main__":
    sys.stdout.write("\n" + json.dumps(main(sys.argv[1], *map(Path, sys.argv[2:]))) + "\n")
