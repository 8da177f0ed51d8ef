"""A tiny random checkpoint of VoxCPM2, in the files and names that its makers publish. Runs in the model environment."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

WIDTH = 64
LM = {
    "bos_token_id": 1, "eos_token_id": 2, "hidden_size": WIDTH, "intermediate_size": 128, "max_position_embeddings": 1024,
    "num_attention_heads": 4, "num_hidden_layers": 2, "num_key_value_heads": 2, "rms_norm_eps": 1e-5, "vocab_size": 1024,
    "use_mup": False, "scale_emb": 12.0, "dim_model_base": 256, "scale_depth": 1.4, "rope_theta": 10000.0, "kv_channels": 16,
    "rope_scaling": {
        "type": "longrope", "long_factor": [1.0] * 8, "short_factor": [1.0] * 8, "original_max_position_embeddings": 1024,
    },
}  # fmt: skip
SMALL = {"hidden_dim": WIDTH, "ffn_dim": 128, "num_heads": 4, "num_layers": 1, "kv_channels": 16}
FLOW = {"sigma_min": 1e-6, "solver": "euler", "t_scheduler": "log-norm", "inference_cfg_rate": 2.0}
CONFIG = {
    "architecture": "voxcpm2", "lm_config": LM, "patch_size": 2, "feat_dim": 16, "residual_lm_num_layers": 1,
    "scalar_quantization_latent_dim": 16, "scalar_quantization_scale": 9, "encoder_config": SMALL,
    "dit_config": {**SMALL, "cfm_config": FLOW},
    "audio_vae_config": {
        "encoder_dim": 8, "encoder_rates": [2, 5, 8, 8], "latent_dim": 16, "decoder_dim": 64,
        "decoder_rates": [8, 6, 5, 2, 2, 2], "sample_rate": 16000, "out_sample_rate": 48000,
    },
    "max_length": 1024, "device": "cpu", "dtype": "float32",
}  # fmt: skip
FIRST_FREE = 105
"""Ids 101 to 104 are the audio control tokens, fixed in the model."""

PHRASES = [
    "This is a plain sentence.",
    "Something else entirely.",
    "Hello there.",
    "The house stood on a hill and was empty.",
] * 4


def build(root: Path, described: Mapping[str, Any] = CONFIG) -> None:
    """
    Args:
        described: the whole configuration, in place of the tiny one; the weights are of its dtype.
    """
    import torch
    from safetensors.torch import save_file
    from transformers import LlamaTokenizerFast
    from voxcpm.model.voxcpm2 import VoxCPM2Model, VoxCPMConfig
    from voxcpm.modules.audiovae import AudioVAEV2

    folder = root / "openbmb--VoxCPM2"
    folder.mkdir(parents=True)
    (folder / "config.json").write_text(json.dumps(described), "utf-8")
    write_tokenizer(folder)
    torch.manual_seed(0)
    config = VoxCPMConfig.model_validate({**described, "device": "cpu"})
    vae = AudioVAEV2(config=config.audio_vae_config)
    torch.set_default_dtype(getattr(torch, config.dtype))
    model = VoxCPM2Model(config, LlamaTokenizerFast.from_pretrained(str(folder)), vae, device="cpu")
    torch.set_default_dtype(torch.float32)
    torch.nn.init.zeros_(model.stop_head.weight)  # speaks until it is stopped
    state = {
        name: tensor.contiguous().clone() for name, tensor in model.state_dict().items() if not name.startswith("audio_vae.")
    }
    save_file(state, folder / "model.safetensors")
    torch.save({"state_dict": vae.state_dict()}, folder / "audiovae.pth")


def write_tokenizer(folder: Path) -> None:
    """Byte-level BPE whose merges make the words of PHRASES, so that short texts have few tokens."""
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, trainers

    learned = Tokenizer(models.BPE())
    learned.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    learned.train_from_iterator(PHRASES, trainers.BpeTrainer(vocab_size=600, initial_alphabet=alphabet, show_progress=False))
    merges: list[Any] = json.loads(learned.to_str())["model"]["merges"]
    vocabulary = {"<unk>": 0, "<s>": 1, "</s>": 2} | {f"<|r{number}|>": number for number in range(3, FIRST_FREE)}
    for token in [*alphabet, *("".join(merge) for merge in merges)]:
        vocabulary.setdefault(token, len(vocabulary))
    made = Tokenizer(models.BPE(vocab=vocabulary, merges=[tuple(merge) for merge in merges], unk_token="<unk>"))
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    made.add_special_tokens([AddedToken(token, special=True) for token in ("<unk>", "<s>", "</s>")])
    made.save(str(folder / "tokenizer.json"))
    described = {
        "tokenizer_class": "LlamaTokenizerFast",
        "bos_token": "<s>",
        "eos_token": "</s>",
        "unk_token": "<unk>",
        "legacy": True,
    }
    (folder / "tokenizer_config.json").write_text(json.dumps(described), "utf-8")
