"""LoRA files for Wan, before anything is loaded: which there are, what they hold, and whether that fits the chosen expert.

A file's header tells the name and shape of every tensor, so a file for another model is refused, by name, from a few kilobytes.
Known spellings: diffusers and peft (`transformer.blocks.0.attn1.to_q.lora_A.weight`), upstream's own names as ComfyUI and
lightx2v write them (`diffusion_model.blocks.0.self_attn.q.lora_down.weight`, with `.diff` and `.diff_b` for whole differences),
and kohya's (`lora_unet_blocks_0_self_attn_q.lora_down.weight`).
"""

from __future__ import annotations

import json
import math
import re
import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from engines.contract import EnginePaths
from media.errors import InvalidInput

Target = Literal["high", "low", "both"]
Shape = tuple[int, ...]
TARGETS: tuple[Target, ...] = ("high", "low", "both")
FOLDER = "loras"
LARGEST_HEADER = 64_000_000
LONGEST_NAME = 255
"""Bytes: file systems keep no longer one."""

HIGHEST_WEIGHT = 4.0
SHOWN = 3

_SAYS_HIGH, _SAYS_LOW = re.compile(r"high[-_ ]?noise", re.IGNORECASE), re.compile(r"low[-_ ]?noise", re.IGNORECASE)
_PREFIXES = ("base_model.model.", "model.diffusion_model.", "diffusion_model.", "transformer_2.", "transformer.")
_ENDINGS = {
    ".lora_A.weight": "down", ".lora_A.default.weight": "down", ".lora_down.weight": "down",
    ".lora_B.weight": "up", ".lora_B.default.weight": "up", ".lora_up.weight": "up",
    ".lora_B.bias": "bias", ".lora_B.default.bias": "bias", ".alpha": "alpha", ".diff_b": "bias", ".diff": "weight",
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
    ("condition_embedder.image_embedder.ff.net.2", "img_emb.proj.3"), ("proj_out", "head.head"),
    ("patch_embedding", "patch_embedding"),
)  # fmt: skip


@dataclass(frozen=True)
class LoraRequest:
    """One line of the option: a file's name, how strongly it counts, and which expert it is for."""

    name: str
    weight: float = 1.0
    target: Target = "both"


@dataclass(frozen=True)
class LoraFile:
    """A file that has been looked into: for each module of the transformer, which tensors change it.

    Args:
        modules: module name to {"down" | "up" | "alpha" | "bias" | "weight": the tensor's name in the file}.
    """

    wish: LoraRequest
    path: Path
    modules: Mapping[str, Mapping[str, str]]


def read_wishes(text: str, *, two_experts: bool) -> tuple[LoraRequest, ...]:
    """The lines of the option.

    Raises:
        InvalidInput: a line that is not "file, weight, target", naming it.
    """
    return tuple(_wish(line, two_experts) for line in text.splitlines() if line.strip())


def _wish(line: str, two_experts: bool) -> LoraRequest:
    words = [word.strip() for word in line.split(",")]
    if len(words) > 3 or not words[0]:
        raise InvalidInput("lora.line-unreadable", line=line.strip()[:80])
    name = words[0] if words[0].endswith(".safetensors") else f"{words[0]}.safetensors"
    if Path(name).name != name or name.startswith(".") or len(name.encode("utf-8", "replace")) > LONGEST_NAME:
        raise InvalidInput("lora.not-a-file-name", given=words[0][:80])
    try:
        weight = float(words[1]) if len(words) > 1 and words[1] else 1.0
    except ValueError:
        raise InvalidInput("lora.weight-no-number", given=words[1][:20], lora=name) from None
    if not (math.isfinite(weight) and abs(weight) <= HIGHEST_WEIGHT):
        raise InvalidInput("lora.weight-out-of-range", lora=name, highest=HIGHEST_WEIGHT)
    target = words[2].lower() if len(words) > 2 else "both"
    if target not in TARGETS:
        raise InvalidInput("lora.target-unknown", target=words[2][:20], lora=name)
    if target != "both" and not two_experts:
        raise InvalidInput("lora.one-transformer", lora=name, target=target)
    return LoraRequest(name, weight, target)  # type: ignore[arg-type]


def find_lora(site: EnginePaths, name: str) -> Path:
    """Where a LoRA lies.

    Raises:
        InvalidInput: nowhere; the hint names those that are here.
    """
    for root in site.weights:
        path = root / FOLDER / name
        if path.is_file():
            return path
    here = sorted({file.name for root in site.weights for file in (root / FOLDER).glob("*.safetensors")})
    raise InvalidInput("lora.unknown", lora=name, here=here[:12])


def inspect_lora(wish: LoraRequest, path: Path, experts: Sequence[Mapping[str, Shape]]) -> LoraFile:
    """The file's tensors by the module that they change, all of which every targeted expert has in that shape.

    Args:
        experts: for each transformer, the high-noise one first, its modules' weights by name (see `weights_of`).

    Raises:
        InvalidInput: no LoRA, one for another expert or another model; the mismatch is named.
    """
    shapes = read_header(path)
    _refuse_other_expert(wish, shapes)
    chosen = {"high": experts[:1], "low": experts[1:], "both": experts}[wish.target]
    names = ("high-noise expert", "low-noise expert") if len(experts) == 2 else ("transformer",)
    told = {"high": names[:1], "low": names[1:], "both": names}[wish.target]
    modules: dict[str, dict[str, str]] = {}
    for who, weights in zip(told, chosen, strict=True):
        modules = _matched(wish.name, shapes, weights, f"the {who}")
    return LoraFile(wish, path, modules)


def _matched(name: str, shapes: Mapping[str, Shape], weights: Mapping[str, Shape], who: str) -> dict[str, dict[str, str]]:
    aliases = _aliases(tuple(weights))
    modules: dict[str, dict[str, str]] = {}
    unknown: list[str] = []
    for key in shapes:
        base, role = _split(key)
        module = aliases.get(base) if role else None
        if module is None:
            unknown.append(key)
        else:
            modules.setdefault(module, {})[role] = key
    if not any({"down", "up", "weight"} & roles.keys() for roles in modules.values()):
        raise InvalidInput("lora.changes-nothing", lora=name, tensors=len(shapes), model=who)
    if unknown:
        raise InvalidInput("lora.changes-unknown", lora=name, model=who, unknown=len(unknown), examples=_few(unknown))
    wrong = [text for module, roles in modules.items() for text in _misfits(module, roles, shapes, weights[module])]
    if wrong:
        raise InvalidInput("lora.shapes-differ", lora=name, model=who, wrong=_few(wrong))
    return modules


def _misfits(module: str, roles: Mapping[str, str], shapes: Mapping[str, Shape], weight: Shape) -> Iterator[str]:
    if ("down" in roles) != ("up" in roles):
        yield f"{module} has only half of its pair"
        return
    if "down" in roles:
        down, up = shapes[roles["down"]], shapes[roles["up"]]
        if len(down) != 2 or len(up) != 2 or len(weight) != 2 or down[0] != up[1] or (up[0], down[1]) != weight:
            yield f"{module} is {_size(weight)} and the file's is {_size((up[0], down[-1]))}"
    if "weight" in roles and shapes[roles["weight"]] != weight:
        yield f"{module} is {_size(weight)} and the file's is {_size(shapes[roles['weight']])}"
    if "bias" in roles and shapes[roles["bias"]] != weight[:1]:
        yield f"the bias of {module} is {weight[0]} and the file's is {_size(shapes[roles['bias']])}"


def _refuse_other_expert(wish: LoraRequest, shapes: Mapping[str, Shape]) -> None:
    """A name, or the prefix of its tensors, may say for which expert a file was made."""
    second = all(key.startswith("transformer_2.") for key in shapes)
    says = "low" if second or _SAYS_LOW.search(wish.name) else "high" if _SAYS_HIGH.search(wish.name) else ""
    if says and wish.target not in (says, "both"):
        raise InvalidInput("lora.other-expert", lora=wish.name, expert=says, target=wish.target)


def read_header(path: Path) -> dict[str, Shape]:
    """Names and shapes of the tensors of a safetensors file, without reading them.

    Raises:
        InvalidInput: it is none.
    """
    refusal = InvalidInput("lora.not-safetensors", file=path.name)
    try:
        with path.open("rb") as file:
            (length,) = struct.unpack("<Q", file.read(8))
            if not 2 <= length <= min(LARGEST_HEADER, path.stat().st_size - 8):
                raise refusal
            header: dict[str, Any] = json.loads(file.read(length))
        size = path.stat().st_size - 8 - length
        found = {name: entry for name, entry in header.items() if name != "__metadata__"}
        if max((entry["data_offsets"][1] for entry in found.values()), default=0) > size:
            raise InvalidInput("lora.not-whole", file=path.name)
        return {name: tuple(entry["shape"]) for name, entry in found.items()}
    except (OSError, ValueError, struct.error, KeyError, TypeError, AttributeError, IndexError):
        raise refusal from None


def weights_of(config: Mapping[str, Any]) -> dict[str, Shape]:
    """The weights of a WanTransformer3DModel that a LoRA may change, by module, from its config.json."""
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
    added = config.get("added_kv_proj_dim")
    for number in range(int(config["num_layers"])):
        block = f"blocks.{number}."
        for attention in ("attn1", "attn2"):
            weights.update({f"{block}{attention}.{name}": (inner, inner) for name in ("to_q", "to_k", "to_v", "to_out.0")})
            weights.update({f"{block}{attention}.{name}": (inner,) for name in ("norm_q", "norm_k")})
        if added:
            weights.update({f"{block}attn2.{name}": (inner, int(added)) for name in ("add_k_proj", "add_v_proj")})
            weights[f"{block}attn2.norm_added_k"] = (inner,)
        weights[f"{block}ffn.net.0.proj"], weights[f"{block}ffn.net.2"] = (ffn, inner), (inner, ffn)
        if config.get("cross_attn_norm", True):
            weights[f"{block}norm2"] = (inner,)
    return weights


def _aliases(modules: Sequence[str]) -> dict[str, str]:
    """Every spelling of a module's name, without prefix, to the name itself."""
    theirs = dict(_UPSTREAM)
    found: dict[str, str] = {}
    for module in modules:
        parts = module.split(".", 2)
        block, rest = (f"{parts[0]}.{parts[1]}.", parts[2]) if parts[0] == "blocks" else ("", module)
        upstream = block + theirs[rest]
        for spelling in (module, upstream):
            found[spelling] = module
            found["lora_unet_" + spelling.replace(".", "_")] = module
    return found


def _split(key: str) -> tuple[str, str]:
    """A tensor's name as (module without prefix, role); the role is "" when it is none of a LoRA's."""
    for ending, role in _ENDINGS.items():
        if key.endswith(ending):
            base = key.removesuffix(ending)
            for prefix in _PREFIXES:
                base = base.removeprefix(prefix)
            return base, role
    return key, ""


def _few(items: Sequence[str]) -> str:
    more = f" and {len(items) - SHOWN} more" if len(items) > SHOWN else ""
    return ", ".join(items[:SHOWN]) + more


def _size(shape: Shape) -> str:
    return " × ".join(map(str, shape)) or "one number"
