"""Writes tiny random checkpoints of Wan's true architectures: `python -m tests.engines.video.wan.build ROOT`.

Runs with the Python of the shared model environment. ROOT becomes what a download would have made of it, with the real
repositories' and files' names, only small; beside it `modules.json`, the weights of each transformer as torch has them.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

WORDS = 300
DIT = {
    "patch_size": (1, 2, 2), "num_attention_heads": 2, "attention_head_dim": 12, "text_dim": 32, "freq_dim": 256, "ffn_dim": 32,
    "num_layers": 2, "cross_attn_norm": True, "qk_norm": "rms_norm_across_heads", "rope_max_seq_len": 32,
}  # fmt: skip
WITH_IMAGE = {"in_channels": 36, "out_channels": 16, **DIT}


def main(root: Path) -> None:
    os.environ["HF_HUB_OFFLINE"] = "1"
    import torch
    from diffusers import WanTransformer3DModel

    from engines.common.weights import repo_folder_name
    from engines.video.wan import models

    def place(part: Any) -> Path:
        return root / repo_folder_name(part.repo) / part.folder

    torch.manual_seed(0)
    write_text(place(models.TOKENIZER), place(models.TEXT_ENCODER))
    vae(z_dim=16).save_pretrained(place(models.VAE_21))
    _vae_22().save_pretrained(place(models.VAE_22))
    _write_image_encoder(*(place(part) for part in models.IMAGE_ENCODER))
    second = {**DIT, "ffn_dim": 48}  # so that a file for one expert can be told from one for the other
    kinds = (
        (models.T2V_13B, [{"in_channels": 16, "out_channels": 16, **DIT}]),
        (models.I2V_14B, [{**WITH_IMAGE, "image_dim": 4, "added_kv_proj_dim": 24}]),
        (models.TI2V_5B, [{"in_channels": 48, "out_channels": 48, **DIT}]),
        (models.T2V_A14B, [{"in_channels": 16, "out_channels": 16, **wish} for wish in (DIT, second)]),
        (models.I2V_A14B, [{**WITH_IMAGE}, {**WITH_IMAGE, "ffn_dim": 48}]),
    )
    shapes: dict[str, dict[str, list[int]]] = {}
    for model, experts in kinds:
        for part, config in zip(model.transformers, experts, strict=True):
            transformer = WanTransformer3DModel(**config)
            _unsettle(transformer)
            save(transformer, place(part), part)
            shapes[f"{part.repo}/{part.folder}"] = {name: list(weight.shape) for name, weight in transformer.named_parameters()}
    fast = models.TI2V_5B.distilled.transformer  # type: ignore[union-attr]
    save(WanTransformer3DModel(in_channels=48, out_channels=48, **DIT), place(fast), fast)
    (root / "modules.json").write_text(json.dumps(shapes))


def _unsettle(transformer: Any) -> None:
    """Fresh biases and time projections are zero or tiny, so that time and text would hardly show in the result."""
    import torch

    with torch.no_grad():
        for name, weight in transformer.named_parameters():
            if weight.ndim > 1:
                weight.mul_(3.0)
            elif name.endswith("bias"):
                weight.add_(0.1 * torch.randn_like(weight))


def save(model: Any, folder: Path, part: Any) -> None:
    """In as many shards as the real one has; what does not fill one gets a shard without tensors of its own."""
    from safetensors.torch import save_file

    folder.mkdir(parents=True, exist_ok=True)
    model.save_config(folder)
    state = {name: weight.contiguous() for name, weight in model.state_dict().items()}
    shards = [name for name, _ in part.files if name.endswith(".safetensors")]
    names = sorted(state)
    for number, shard in enumerate(shards):
        save_file({name: state[name] for name in names[number :: len(shards)]}, folder / shard, {"format": "pt"})
    index = {"metadata": {}, "weight_map": {name: shards[place % len(shards)] for place, name in enumerate(names)}}
    for name, _ in part.files:
        if name.endswith(".index.json"):
            (folder / name).write_text(json.dumps(index))


def vae(z_dim: int) -> Any:
    from diffusers import AutoencoderKLWan

    return AutoencoderKLWan(
        base_dim=3, z_dim=z_dim, dim_mult=[1, 1, 1, 1], num_res_blocks=1, temperal_downsample=[False, True, True]
    )


def _vae_22() -> Any:
    """The residual autoencoder of TI2V: 48 channels, 2 × 2 patches."""
    from diffusers import AutoencoderKLWan

    return AutoencoderKLWan(
        base_dim=4, decoder_base_dim=4, z_dim=48, dim_mult=[1, 1, 1, 1], num_res_blocks=1,
        temperal_downsample=[False, True, True], latents_mean=[0.0] * 48, latents_std=[1.0] * 48, is_residual=True,
        in_channels=12, out_channels=12, patch_size=2, scale_factor_spatial=16,
    )  # fmt: skip


def write_text(tokenizer_folder: Path, encoder_folder: Path, width: int = 32) -> None:
    """A tokenizer of letters, and two layers of the text encoder."""
    from tokenizers import Tokenizer, decoders, pre_tokenizers
    from tokenizers.models import BPE
    from transformers import PreTrainedTokenizerFast, UMT5Config, UMT5EncoderModel

    from engines.video.wan.models import TEXT_ENCODER

    special = ["<pad>", "</s>", "<unk>"]
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {word: number for number, word in enumerate([*special, *letters])}
    tokenizer = Tokenizer(BPE(vocabulary, [], unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token="<pad>", eos_token="</s>", unk_token="<unk>", model_max_length=512
    ).save_pretrained(tokenizer_folder)
    (tokenizer_folder / "special_tokens_map.json").write_text(json.dumps({"pad_token": "<pad>", "eos_token": "</s>"}))
    config = UMT5Config(
        vocab_size=WORDS, d_model=width, d_kv=8, d_ff=64, num_layers=2, num_heads=4, feed_forward_proj="gated-gelu"
    )
    encoder = UMT5EncoderModel(config)
    encoder.encoder.embed_tokens = encoder.shared
    encoder_folder.mkdir(parents=True, exist_ok=True)
    config.save_pretrained(encoder_folder)
    state = {name: weight for name, weight in encoder.state_dict().items() if name != "encoder.embed_tokens.weight"}

    class Saved:
        """As `save` takes it."""

        @staticmethod
        def save_config(folder: Path) -> None:
            config.save_pretrained(folder)

        @staticmethod
        def state_dict() -> dict[str, Any]:
            return state

    save(Saved, encoder_folder, TEXT_ENCODER)


def _write_image_encoder(encoder: Path, processor: Path) -> None:
    from safetensors.torch import save_file
    from transformers import CLIPImageProcessor, CLIPVisionConfig, CLIPVisionModel

    config = CLIPVisionConfig(
        hidden_size=4, projection_dim=4, num_hidden_layers=2, num_attention_heads=2, image_size=32, intermediate_size=16,
        patch_size=1,
    )  # fmt: skip
    config.save_pretrained(encoder)
    # The published file has the names of transformers 4: its index lists vision_model.embeddings.class_embedding and so on.
    state = {f"vision_model.{name}": weight.contiguous() for name, weight in CLIPVisionModel(config).state_dict().items()}
    save_file(state, encoder / "model.safetensors", {"format": "pt"})
    CLIPImageProcessor(crop_size=32, size=32).save_pretrained(processor)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
