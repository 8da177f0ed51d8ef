"""Loading of Wan's networks from their folders, with every weight checked and none held twice. Imported in the worker only.

diffusers' own loading maps files into memory and only warns of missing tensors; so this module instantiates its classes and fills
them with engines.common.loading, tensor by tensor.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from engines.common.loading import fill, read_tensors
from engines.contract.errors import EngineError
from engines.video.wan.validation import read_config


def load_transformer(folder: Path, device: str) -> Any:
    """Return a WanTransformer3DModel in bfloat16, except the layers that diffusers keeps in float32.

    Raises:
        EngineError: weights are damaged, or belong to another model.
    """
    import torch
    from diffusers import WanTransformer3DModel
    from diffusers.models.transformers.transformer_wan import WanRotaryPosEmbed

    config = read_config(folder)
    with torch.device("meta"):
        model = WanTransformer3DModel.from_config(dict(config))
    model = _blank(model, device, torch.bfloat16, tuple(WanTransformer3DModel._keep_in_fp32_modules))
    own = model.config
    # Its tables are computed, not stored, and `to_empty` has left them blank.
    model.rope = WanRotaryPosEmbed(own.attention_head_dim, own.patch_size, own.rope_max_seq_len).to(device)
    fill(model, _tensors(folder, device), "Wan", rename=lambda name: None if "norm_added_q" in name else name)
    return model.eval().requires_grad_(False)


def load_vae(folder: Path, device: str, precision: str) -> Any:
    """Return an AutoencoderKLWan in float32, with a decoder in "float32" or "bfloat16".

    Start images are always encoded in float32; in decoding, bfloat16 is hardly distinguishable (FastVideo's page on GB10: MS-SSIM
    0.9999).
    """
    import torch
    from diffusers import AutoencoderKLWan

    with torch.device("meta"):
        model = AutoencoderKLWan.from_config(dict(read_config(folder)))
    model = _blank(model, device, torch.float32)
    fill(model, _tensors(folder, device), "Wan's autoencoder")
    model.decoder.to(getattr(torch, precision))
    model.post_quant_conv.to(getattr(torch, precision))
    return model.eval().requires_grad_(False)


def load_text_encoder(folder: Path, device: str) -> Any:
    """Return a UMT5EncoderModel in bfloat16."""
    import torch
    from transformers import UMT5Config, UMT5EncoderModel

    with torch.device("meta"):
        model = UMT5EncoderModel(UMT5Config.from_pretrained(str(folder), local_files_only=True))
    model = model.to(torch.bfloat16).to_empty(device=device)
    # Files hold the embedding under either name; configurations do not always say that the two are one.
    model.encoder.embed_tokens = model.shared
    one = ("shared.weight", "encoder.embed_tokens.weight")
    seen: set[str] = set()

    def rename(name: str) -> str:
        seen.add(name)
        return name

    fill(model, _tensors(folder, device), "Wan's text encoder", rename=rename, optional=one)
    if seen.isdisjoint(one):
        raise EngineError("wan.vocabulary-missing")
    return model.eval().requires_grad_(False)


def load_image_encoder(folder: Path, device: str) -> Any:
    """Return a CLIPVisionModel in float32, as upstream runs it.

    The published file was written by transformers 4, which put `vision_model.` before each name; version 5 has no such prefix. It
    holds the class with a projection, which Wan does not use.
    """
    from transformers import CLIPVisionConfig, CLIPVisionModel

    model = CLIPVisionModel(CLIPVisionConfig.from_pretrained(str(folder), local_files_only=True)).to(device)

    def rename(name: str) -> str | None:
        return None if name == "visual_projection.weight" else name.removeprefix("vision_model.")

    fill(model, _tensors(folder, device), "Wan's image encoder", rename=rename)
    return model.eval().requires_grad_(False)


def load_tokenizer(folder: Path) -> Any:
    """Return the tokenizer of a folder.

    Raises:
        EngineError: its files are damaged.
    """
    from transformers import AutoTokenizer

    try:
        return AutoTokenizer.from_pretrained(str(folder), local_files_only=True)
    except (OSError, ValueError) as error:
        raise EngineError("wan.tokenizer-damaged") from error


def load_image_processor(folder: Path) -> Any:
    from transformers import CLIPImageProcessor

    return CLIPImageProcessor.from_pretrained(str(folder), local_files_only=True)


def _blank(model: Any, device: str, kind: Any, precise: tuple[str, ...] = ()) -> Any:
    """Return a model with uninitialised storage on the device; parts named in `precise` are in float32."""
    import torch

    for name, weight in model.named_parameters():
        keep = any(word in name.split(".") for word in precise)
        weight.data = weight.data.to(torch.float32 if keep else kind)
    return model.to_empty(device=device)


def _tensors(folder: Path, device: str) -> Iterator[tuple[str, Any]]:
    for shard in sorted(folder.glob("*.safetensors")):
        yield from read_tensors(shard, device)
