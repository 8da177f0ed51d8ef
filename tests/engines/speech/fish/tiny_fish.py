"""Writes a tiny random checkpoint in the layout of OpenAudio S1-mini, with Fish Speech's own classes. Runs in its environment.

python -m tests.engines.speech.fish.tiny_fish FOLDER
"""

from __future__ import annotations

import base64
import json
import sys
from pathlib import Path
from typing import Any

_ARGS: dict[str, Any] = {
    "_target_": "fish_speech.models.dac.modded_dac.ModelArgs", "n_local_heads": -1, "rope_base": 10000, "norm_eps": 1e-5,
    "dropout_rate": 0.1, "attn_dropout_rate": 0.1, "channels_first": True,
}  # fmt: skip
_TRANSFORMER = {
    "_target_": "fish_speech.models.dac.modded_dac.WindowLimitedTransformer", "causal": True, "window_size": 32,
    "input_dim": 128,
    "config": {"block_size": 1024, "n_layer": 1, "n_head": 4, "dim": 128, "intermediate_size": 128, "head_dim": 32, **_ARGS},
}  # fmt: skip
CODEC = {
    "_target_": "fish_speech.models.dac.modded_dac.DAC", "sample_rate": 44100, "encoder_dim": 8,
    "encoder_rates": [2, 4, 8, 8], "decoder_dim": 64, "decoder_rates": [8, 8, 4, 2],
    "encoder_transformer_layers": [0, 0, 0, 1], "decoder_transformer_layers": [1, 0, 0, 0],
    "transformer_general_config": {"_partial_": True, "block_size": 4096, "head_dim": 16, **_ARGS},
    "quantizer": {
        "_target_": "fish_speech.models.dac.rvq.DownsampleResidualVectorQuantize", "input_dim": 128, "n_codebooks": 3,
        "codebook_size": 64, "codebook_dim": 4, "quantizer_dropout": 0.5, "downsample_factor": [2, 2],
        "semantic_codebook_size": 1024, "post_module": _TRANSFORMER, "pre_module": _TRANSFORMER,
    },
}  # fmt: skip


def build(folder: Path) -> None:
    """The five files of the card and the codec's configuration."""
    import torch
    from fish_speech.models.text2semantic.llama import DualARModelArgs, DualARTransformer
    from fish_speech.tokenizer import ALL_SPECIAL_TOKENS, FishTokenizer
    from hydra.utils import instantiate
    from omegaconf import OmegaConf

    folder.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(0)
    configuration = OmegaConf.create(CODEC)
    OmegaConf.save(configuration, folder / "codec.yaml")
    torch.save(instantiate(configuration).state_dict(), folder / "codec.pth")
    bytes_as_tokens = (f"{base64.b64encode(bytes([value])).decode()} {value}" for value in range(256))
    (folder / "tokenizer.tiktoken").write_text("\n".join(bytes_as_tokens) + "\n", "utf-8")
    (folder / "special_tokens.json").write_text(json.dumps(ALL_SPECIAL_TOKENS), "utf-8")
    tokenizer = FishTokenizer.from_pretrained(str(folder))
    shape = DualARModelArgs(
        vocab_size=tokenizer.vocab_size + tokenizer.num_special_tokens, n_layer=2, n_head=4, dim=64, intermediate_size=128,
        n_local_heads=2, head_dim=16, max_seq_len=4096, codebook_size=1024, num_codebooks=4, n_fast_layer=1,
        tie_word_embeddings=True,
    )  # fmt: skip
    shape.save(str(folder / "config.json"))
    torch.save(DualARTransformer(shape, tokenizer).state_dict(), folder / "model.pth")


if __name__ == "__main__":
    build(Path(sys.argv[1]))
