"""Names and shapes of the weights that a LoRA may change in Wan's transformer, in every known naming scheme.

Schemes: diffusers and peft (`transformer.blocks.0.attn1.to_q.lora_A.weight`), upstream's own names as ComfyUI and lightx2v write
them (`diffusion_model.blocks.0.self_attn.q.lora_down.weight`, with `.diff`, `.diff_b` and `.diff_m` for full differences of a
weight, a bias and a modulation: LightX2V tools/extract/lora_extractor.py), and kohya's
(`lora_unet_blocks_0_self_attn_q.lora_down.weight`).
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

Shape = tuple[int, ...]
TABLE = "scale_shift_table"

_PREFIXES = ("base_model.model.", "model.diffusion_model.", "diffusion_model.", "transformer_2.", "transformer.")
_ENDINGS = {
    ".lora_A.weight": "down", ".lora_A.default.weight": "down", ".lora_down.weight": "down",
    ".lora_B.weight": "up", ".lora_B.default.weight": "up", ".lora_up.weight": "up",
    ".lora_B.bias": "bias", ".lora_B.default.bias": "bias", ".alpha": "alpha", ".diff_b": "bias", ".diff_m": "table",
    ".diff": "weight",
}  # fmt: skip
_UPSTREAM = (
    ("attn1.to_q", "self_attn.q"), ("attn1.to_k", "self_attn.k"), ("attn1.to_v", "self_attn.v"),
    ("attn1.to_out.0", "self_attn.o"), ("attn1.norm_q", "self_attn.norm_q"), ("attn1.norm_k", "self_attn.norm_k"),
    ("attn2.to_q", "cross_attn.q"), ("attn2.to_k", "cross_attn.k"), ("attn2.to_v", "cross_attn.v"),
    ("attn2.to_out.0", "cross_attn.o"), ("attn2.norm_q", "cross_attn.norm_q"), ("attn2.norm_k", "cross_attn.norm_k"),
    ("attn2.add_k_proj", "cross_attn.k_img"), ("attn2.add_v_proj", "cross_attn.v_img"),
    ("attn2.norm_added_k", "cross_attn.norm_k_img"), ("ffn.net.0.proj", "ffn.0"), ("ffn.net.2", "ffn.2"), ("norm2", "norm3"),
    ("condition_embedder.time_embedder.linear_1", "time_embedding.0"),
    ("condition_embedder.time_embedder.linear_2", "time_embedding.2"), ("condition_embedder.time_proj", "time_projection.1"),
    ("condition_embedder.text_embedder.linear_1", "text_embedding.0"),
    ("condition_embedder.text_embedder.linear_2", "text_embedding.2"),
    ("condition_embedder.image_embedder.ff.net.0.proj", "img_emb.proj.1"),
    ("condition_embedder.image_embedder.ff.net.2", "img_emb.proj.3"),
    ("condition_embedder.image_embedder.norm1", "img_emb.proj.0"), ("condition_embedder.image_embedder.norm2", "img_emb.proj.4"),
    ("proj_out", "head.head"),
    ("patch_embedding", "patch_embedding"),
)  # fmt: skip


def weights_of(config: Mapping[str, Any]) -> dict[str, Shape]:
    """Return the shapes of a WanTransformer3DModel's weights that a LoRA may change, by module, from its config.json.

    A name that ends with TABLE is a parameter: the modulation of a block, or of the head.
    """
    inner = int(config["num_attention_heads"]) * int(config["attention_head_dim"])
    patch: Sequence[int] = config.get("patch_size", (1, 2, 2))
    ffn, text, image = int(config["ffn_dim"]), int(config["text_dim"]), config.get("image_dim")
    top = "condition_embedder."
    weights: dict[str, Shape] = {
        "patch_embedding": (inner, int(config["in_channels"]), *patch),
        "proj_out": (int(config.get("out_channels") or config["in_channels"]) * math.prod(patch), inner),
        f"{top}time_embedder.linear_1": (inner, int(config["freq_dim"])), f"{top}time_embedder.linear_2": (inner, inner),
        f"{top}time_proj": (6 * inner, inner), f"{top}text_embedder.linear_1": (inner, text),
        f"{top}text_embedder.linear_2": (inner, inner),
    }  # fmt: skip
    if image:
        weights[f"{top}image_embedder.ff.net.0.proj"] = (int(image), int(image))
        weights[f"{top}image_embedder.ff.net.2"] = (inner, int(image))
        weights[f"{top}image_embedder.norm1"], weights[f"{top}image_embedder.norm2"] = (int(image),), (inner,)
    weights["scale_shift_table"] = (1, 2, inner)
    added = config.get("added_kv_proj_dim")
    for number in range(int(config["num_layers"])):
        block = f"blocks.{number}."
        for attention in ("attn1", "attn2"):
            weights.update({f"{block}{attention}.{name}": (inner, inner) for name in ("to_q", "to_k", "to_v", "to_out.0")})
            weights.update({f"{block}{attention}.{name}": (inner,) for name in ("norm_q", "norm_k")})
        if added:
            weights.update({f"{block}attn2.{name}": (inner, int(added)) for name in ("add_k_proj", "add_v_proj")})
            weights[f"{block}attn2.norm_added_k"] = (inner,)
        weights[f"{block}scale_shift_table"] = (1, 6, inner)
        weights[f"{block}ffn.net.0.proj"], weights[f"{block}ffn.net.2"] = (ffn, inner), (inner, ffn)
        if config.get("cross_attn_norm", True):
            weights[f"{block}norm2"] = (inner,)
    return weights


def spellings(modules: Sequence[str]) -> dict[str, str]:
    """Return a map from every spelling of a module's name, without prefix, to the name."""
    theirs = dict(_UPSTREAM)
    found: dict[str, str] = {}
    for module in modules:
        parts = module.split(".", 2)
        block, rest = (f"{parts[0]}.{parts[1]}.", parts[2]) if parts[0] == "blocks" else ("", module)
        upstream = (block.removesuffix(".") or "head") if rest == TABLE else block + theirs[rest]
        for spelling in (module, upstream):
            found[spelling] = module
            found["lora_unet_" + spelling.replace(".", "_")] = module
    return found


def of_image(key: str) -> bool:
    """Return whether a tensor, in any scheme, changes the layers for an image encoder."""
    return re.search(r"(?:k|v|norm_k)_img(?![a-z])|img_emb(?![a-z])|add_[kv]_proj|norm_added_k|image_embedder", key) is not None


def split_key(key: str) -> tuple[str, str]:
    """Return a tensor's name as (module without prefix, role); the role is "" if it is not a LoRA's tensor."""
    for ending, role in _ENDINGS.items():
        if key.endswith(ending):
            base = key.removesuffix(ending)
            for prefix in _PREFIXES:
                base = base.removeprefix(prefix)
            return base, role
    return key, ""
