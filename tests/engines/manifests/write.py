"""Writes the manifests anew: `python -m tests.engines.manifests.write UPSTREAM`, in the model environment.

UPSTREAM is a folder with checkouts of the models' own repositories (named below), whose classes are built without memory in
their published configurations. What a repository published in another library's names is renamed as its converter does it.
"""

from __future__ import annotations

import sys
import types
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.engines.manifests.configurations import CLIP, UMT5, WAN, WHISPER
from tests.engines.manifests.manifest import Tensor, write

WAN_SOURCE = """Wan2.2 (github.com/Wan-Video/Wan2.2), wan/modules/model.py in the sizes of wan/configs, in the names of diffusers'
scripts/convert_wan_to_diffusers.py, by which the repositories of Wan-AI ending in -Diffusers were made."""

RENAMED = (
    ("time_embedding.0", "condition_embedder.time_embedder.linear_1"),
    ("time_embedding.2", "condition_embedder.time_embedder.linear_2"),
    ("text_embedding.0", "condition_embedder.text_embedder.linear_1"),
    ("text_embedding.2", "condition_embedder.text_embedder.linear_2"),
    ("time_projection.1", "condition_embedder.time_proj"), ("head.modulation", "scale_shift_table"), ("head.head", "proj_out"),
    ("modulation", "scale_shift_table"), ("ffn.0", "ffn.net.0.proj"), ("ffn.2", "ffn.net.2"), ("norm3", "norm2"),
    ("img_emb.proj.0", "condition_embedder.image_embedder.norm1"),
    ("img_emb.proj.1", "condition_embedder.image_embedder.ff.net.0.proj"),
    ("img_emb.proj.3", "condition_embedder.image_embedder.ff.net.2"),
    ("img_emb.proj.4", "condition_embedder.image_embedder.norm2"),
    ("self_attn.norm_q", "attn1.norm_q"), ("self_attn.norm_k", "attn1.norm_k"), ("self_attn.q", "attn1.to_q"),
    ("self_attn.k", "attn1.to_k"), ("self_attn.v", "attn1.to_v"), ("self_attn.o", "attn1.to_out.0"),
    ("cross_attn.norm_k_img", "attn2.norm_added_k"), ("cross_attn.k_img", "attn2.add_k_proj"),
    ("cross_attn.v_img", "attn2.add_v_proj"), ("cross_attn.norm_q", "attn2.norm_q"), ("cross_attn.norm_k", "attn2.norm_k"),
    ("cross_attn.q", "attn2.to_q"), ("cross_attn.k", "attn2.to_k"), ("cross_attn.v", "attn2.to_v"),
    ("cross_attn.o", "attn2.to_out.0"),
)  # fmt: skip


def main(upstream: Path) -> None:
    import torch

    wan_class = _wan_class(upstream / "Wan2.2")
    for name, config in WAN.items():
        with torch.device("meta"):
            model = wan_class(model_type="t2v", text_len=512, **_upstream_sizes(config))
        extra = _image_parts(config)
        write(name, WAN_SOURCE, [*_tensors(model, "F32", renamed), *extra])
    _write_text_encoder()
    _write_image_encoder()
    _write_whisper()


def _wan_class(folder: Path) -> Any:
    """Upstream's network alone: its package imports what is not here."""
    for name in ("wan", "wan.modules"):
        package = types.ModuleType(name)
        package.__path__ = [str(folder.joinpath(*name.split(".")))]
        sys.modules[name] = package
    from wan.modules.model import WanModel  # type: ignore[import-not-found]

    return WanModel


def _upstream_sizes(config: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "dim": config["num_attention_heads"] * config["attention_head_dim"], "num_heads": config["num_attention_heads"],
        "num_layers": config["num_layers"], "ffn_dim": config["ffn_dim"], "freq_dim": config["freq_dim"],
        "in_dim": config["in_channels"], "out_dim": config["out_channels"], "text_dim": config["text_dim"],
    }  # fmt: skip


def _image_parts(config: Mapping[str, Any]) -> list[Tensor]:
    """Of Wan 2.1's image-to-video model, whose class Wan 2.2 no longer has (Wan2.1 wan/modules/model.py, WanI2VCrossAttention
    and MLPProj); and a norm of the image's queries, which diffusers' class had when the file was written and never used."""
    image = config["image_dim"]
    if not image:
        return []
    inner = config["num_attention_heads"] * config["attention_head_dim"]
    found = [
        Tensor(renamed(f"img_emb.proj.{layer}.{part}"), "F32", shape)
        for layer, out, into in ((0, image, 0), (1, image, image), (3, inner, image), (4, inner, 0))
        for part, shape in (("weight", (out, into) if into else (out,)), ("bias", (out,)))
    ]
    for number in range(config["num_layers"]):
        attention = f"blocks.{number}.cross_attn"
        for name in ("k_img", "v_img"):
            found.append(Tensor(renamed(f"{attention}.{name}.weight"), "F32", (inner, inner)))
            found.append(Tensor(renamed(f"{attention}.{name}.bias"), "F32", (inner,)))
        found.append(Tensor(renamed(f"{attention}.norm_k_img.weight"), "F32", (inner,)))
        found.append(Tensor(f"blocks.{number}.attn2.norm_added_q.weight", "F32", (inner,)))
    return found


def renamed(name: str) -> str:
    for theirs, ours in RENAMED:
        if f".{theirs}." in f".{name}.":
            return f".{name}.".replace(f".{theirs}.", f".{ours}.")[1:-1]
    return name


def _tensors(model: Any, kind: str, rename: Any = lambda name: name) -> list[Tensor]:
    return [Tensor(rename(name), kind, tuple(value.shape)) for name, value in model.state_dict().items()]


def _write_text_encoder() -> None:
    import torch
    from transformers import UMT5Config, UMT5EncoderModel

    with torch.device("meta"):
        model = UMT5EncoderModel(UMT5Config(**UMT5))
    told = "UMT5EncoderModel of transformers in the size of google/umt5-xxl; the vocabulary stands once, as shared.weight."
    write("wan-text-encoder", told, [one for one in _tensors(model, "BF16") if one.name != "encoder.embed_tokens.weight"])


def _write_image_encoder() -> None:
    import torch
    from transformers import CLIPVisionConfig, CLIPVisionModel

    with torch.device("meta"):
        model = CLIPVisionModel(CLIPVisionConfig(**CLIP))
    told = """CLIPVisionModelWithProjection (ViT-H/14) in bfloat16 as transformers 4 saves it: diffusers'
convert_wan_to_diffusers.py takes that class. Each name begins with vision_model. (transformers 4.57
models/clip/modeling_clip.py: the class holds its transformer under that name), and the projection, which Wan does not use,
lies beside it."""
    prefix = "vision_model."
    projection = Tensor("visual_projection.weight", "BF16", (CLIP["projection_dim"], CLIP["hidden_size"]))
    write("wan-image-encoder", told, [projection, *_tensors(model, "BF16", lambda name: prefix + name.removeprefix(prefix))])


def _write_whisper() -> None:
    import torch
    from transformers import WhisperConfig, WhisperForConditionalGeneration

    for size, config in WHISPER.items():
        with torch.device("meta"):
            model = WhisperForConditionalGeneration(WhisperConfig(**config))
        told = "WhisperForConditionalGeneration as openai publishes it; proj_out is the vocabulary's own weight and not stored."
        kind = "F16" if size.startswith("large") else "F32"
        write(f"whisper-{size}", told, [one for one in _tensors(model, kind) if one.name != "proj_out.weight"])


if __name__ == "__main__":
    main(Path(sys.argv[1]))
