"""Small files that the tests need: safetensors written by hand, LoRA pairs, a start picture."""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from engines.video.wan.lora import FOLDER
from media.video.images import write_picture


def write_safetensors(path: Path, tensors: Mapping[str, np.ndarray]) -> Path:
    header, body = {}, b""
    for name, values in tensors.items():
        raw = np.ascontiguousarray(values, np.float32).tobytes()
        header[name] = {"dtype": "F32", "shape": list(values.shape), "data_offsets": [len(body), len(body) + len(raw)]}
        body += raw
    text = json.dumps(header).encode()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(struct.pack("<Q", len(text)) + text + body)
    return path


def pair(
    prefix: str, outputs: int, inputs: int, *, rank: int = 2, down: str = "lora_A.weight", up: str = "lora_B.weight"
) -> dict:
    chance = np.random.default_rng(len(prefix) + outputs)
    return {f"{prefix}.{down}": chance.normal(size=(rank, inputs)), f"{prefix}.{up}": chance.normal(size=(outputs, rank))}


def ffn_lora(hidden: int, inner: int = 24) -> dict:
    """Upstream's names, as lightx2v writes them: fits only an expert whose feed-forward is so wide."""
    spelled: dict[str, Any] = {"down": "lora_down.weight", "up": "lora_up.weight"}
    return {
        **pair("diffusion_model.blocks.0.ffn.0", hidden, inner, **spelled),
        **pair("diffusion_model.blocks.1.ffn.2", inner, hidden, **spelled),
        "diffusion_model.blocks.0.ffn.0.diff_b": np.full(hidden, 0.1),
        "diffusion_model.blocks.0.norm3.diff": np.full(inner, 0.05),
    }


def published_lora(hidden: int, inner: int = 24, image: int = 4) -> dict:
    """As LightX2V's extractor writes a distilled file: pairs for large matrices, whole differences for all that is small, and
    the image parts of Wan 2.1, which the files published for Wan 2.2 carry as well (LightX2V issue 1246)."""
    spelled: dict[str, Any] = {"down": "lora_down.weight", "up": "lora_up.weight"}
    return {
        **ffn_lora(hidden, inner),
        "diffusion_model.blocks.0.diff_m": np.full((1, 6, inner), 0.02),
        "diffusion_model.head.diff_m": np.full((1, 2, inner), 0.02),
        "diffusion_model.patch_embedding.diff_b": np.full(inner, 0.01),
        **pair("diffusion_model.blocks.0.cross_attn.k_img", inner, inner, **spelled),
        "diffusion_model.blocks.0.cross_attn.norm_k_img.diff": np.full(inner, 0.05),
        **pair("diffusion_model.img_emb.proj.1", image, image, **spelled),
        "diffusion_model.img_emb.proj.0.diff": np.full(image, 0.05),
        "diffusion_model.img_emb.proj.4.diff_b": np.full(inner, 0.05),
    }


def attention_lora(inner: int = 24) -> dict:
    """diffusers' names; fits every expert of that width."""
    return {**pair("transformer.blocks.0.attn1.to_q", inner, inner), **pair("transformer.blocks.1.attn2.to_out.0", inner, inner)}


def put_lora(root: Path, name: str, tensors: Mapping[str, np.ndarray]) -> None:
    write_safetensors(root / FOLDER / f"{name}.safetensors", tensors)


def start_picture(path: Path, shade: int = 0) -> Path:
    rows, columns = np.mgrid[0:90, 0:160]
    write_picture(path, np.stack([rows * 2 + shade, columns, rows + columns], axis=-1).clip(0, 255).astype(np.uint8))
    return path
