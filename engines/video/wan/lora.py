"""LoRA files for Wan, checked before loading: which are installed, what they hold, and whether they fit the chosen expert.

A file's header holds the name and shape of every tensor, so a file for another model is refused, by name, after reading a few
kilobytes.
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
from engines.video.wan.lora_names import Shape, of_image, spellings, split_key
from media.errors import InvalidInput

Target = Literal["high", "low", "both"]
TARGETS: tuple[Target, ...] = ("high", "low", "both")
FOLDER = "loras"
LARGEST_HEADER = 64_000_000
LONGEST_NAME = 255
"""Bytes: file systems keep no longer one."""

HIGHEST_WEIGHT = 4.0
SHOWN = 3

_SAYS_HIGH, _SAYS_LOW = re.compile(r"high[-_ ]?noise", re.IGNORECASE), re.compile(r"low[-_ ]?noise", re.IGNORECASE)


@dataclass(frozen=True)
class LoraRequest:
    """One line of the option: a file's name, its weight, and the expert that it applies to."""

    name: str
    weight: float = 1.0
    target: Target = "both"


@dataclass(frozen=True)
class LoraFile:
    """An inspected file: for each module of the transformer, the tensors that change it.

    Args:
        modules: module name to {"down" | "up" | "alpha" | "bias" | "weight" | "table": the tensor's name in the file}.
        left_out: number of tensors for an image encoder's layers that this transformer does not have.
    """

    wish: LoraRequest
    path: Path
    modules: Mapping[str, Mapping[str, str]]
    left_out: int = 0


def read_wishes(text: str, *, two_experts: bool) -> tuple[LoraRequest, ...]:
    """Parse the lines of the option.

    Raises:
        InvalidInput: a line is not of the form "file, weight, target"; the error quotes it.
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
    """Return the path of a LoRA file.

    Raises:
        InvalidInput: there is no such file; the hint names the installed ones.
    """
    for root in site.weights:
        path = root / FOLDER / name
        if path.is_file():
            return path
    here = sorted({file.name for root in site.weights for file in (root / FOLDER).glob("*.safetensors")})
    raise InvalidInput("lora.unknown", lora=name, here=here[:12])


def inspect_lora(wish: LoraRequest, path: Path, experts: Sequence[Mapping[str, Shape]]) -> LoraFile:
    """Return the file's tensors by the module that they change, checked against the shapes of every targeted expert.

    Args:
        experts: for each transformer, high-noise first, the shapes of its weights by name (see `weights_of`).

    Raises:
        InvalidInput: the file is no LoRA, or belongs to another expert or model; the error names the mismatch.
    """
    shapes = read_header(path)
    _refuse_other_expert(wish, shapes)
    chosen = {"high": experts[:1], "low": experts[1:], "both": experts}[wish.target]
    names = ("high-noise expert", "low-noise expert") if len(experts) == 2 else ("transformer",)
    told = {"high": names[:1], "low": names[1:], "both": names}[wish.target]
    modules: dict[str, dict[str, str]] = {}
    left_out = 0
    for who, weights in zip(told, chosen, strict=True):
        fitting = _without_image_parts(shapes, weights)
        modules, left_out = _matched(wish.name, fitting, weights, f"the {who}"), len(shapes) - len(fitting)
    return LoraFile(wish, path, modules, left_out)


def _without_image_parts(shapes: Mapping[str, Shape], weights: Mapping[str, Shape]) -> Mapping[str, Shape]:
    """Return the shapes without tensors for an image encoder's layers if the transformer has none.

    Files distilled from Wan 2.1's image-to-video weights have them, including those published for Wan 2.2 (LightX2V issue 1246).
    """
    if any(of_image(module) for module in weights):
        return shapes
    return {key: shape for key, shape in shapes.items() if not of_image(key)}


def _matched(name: str, shapes: Mapping[str, Shape], weights: Mapping[str, Shape], who: str) -> dict[str, dict[str, str]]:
    aliases = spellings(tuple(weights))
    modules: dict[str, dict[str, str]] = {}
    unknown: list[str] = []
    for key in shapes:
        base, role = split_key(key)
        module = aliases.get(base) if role else None
        if module is None:
            unknown.append(key)
        else:
            modules.setdefault(module, {})[role] = key
    if not any({"down", "up", "weight", "table"} & roles.keys() for roles in modules.values()):
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
    for role in ("weight", "table"):
        if role in roles and shapes[roles[role]] != weight:
            yield f"{module} is {_size(weight)} and the file's is {_size(shapes[roles[role]])}"
    if "bias" in roles and shapes[roles["bias"]] != weight[:1]:
        yield f"the bias of {module} is {weight[0]} and the file's is {_size(shapes[roles['bias']])}"


def _refuse_other_expert(wish: LoraRequest, shapes: Mapping[str, Shape]) -> None:
    """Refuse a file whose name or tensor prefix marks it as made for the other expert."""
    second = all(key.startswith("transformer_2.") for key in shapes)
    says = "low" if second or _SAYS_LOW.search(wish.name) else "high" if _SAYS_HIGH.search(wish.name) else ""
    if says and wish.target not in (says, "both"):
        raise InvalidInput("lora.other-expert", lora=wish.name, expert=says, target=wish.target)


def read_header(path: Path) -> dict[str, Shape]:
    """Return names and shapes of the tensors of a safetensors file without reading the tensors.

    Raises:
        InvalidInput: it is not a safetensors file.
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


def _few(items: Sequence[str]) -> str:
    more = f" and {len(items) - SHOWN} more" if len(items) > SHOWN else ""
    return ", ".join(items[:SHOWN]) + more


def _size(shape: Shape) -> str:
    return " × ".join(map(str, shape)) or "one number"
