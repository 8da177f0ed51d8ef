"""What the published checkpoints hold: name, kind and shape of each tensor, and where that was read.

A manifest is a text file packed with xz: comment lines with its source, then `kind shape name` for each tensor, such as
`F32 5120x4096 text_embedding.0.weight`. A checkpoint of torch that holds dictionaries in dictionaries has their names before
a "/": `params_ema/conv_first.weight`. `python -m tests.engines.manifests.write` and its siblings tell how each was made.
"""

from __future__ import annotations

import lzma
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).with_name("data")
KINDS = {
    "F64": "float64", "F32": "float32", "F16": "float16", "BF16": "bfloat16", "I64": "int64", "I32": "int32", "BOOL": "bool",
}  # fmt: skip
BYTES = {"F64": 8, "F32": 4, "F16": 2, "BF16": 2, "I64": 8, "I32": 4, "BOOL": 1}


@dataclass(frozen=True)
class Tensor:
    """One tensor of a checkpoint; `kind` as safetensors spells it."""

    name: str
    kind: str
    shape: tuple[int, ...]

    @property
    def size(self) -> int:
        """In bytes."""
        return BYTES[self.kind] * math.prod(self.shape)

    def empty(self) -> Any:
        """A tensor of this kind and shape that holds nothing."""
        import torch

        return torch.empty(self.shape, dtype=getattr(torch, KINDS[self.kind]), device="meta")


@dataclass(frozen=True)
class Manifest:
    source: str
    tensors: tuple[Tensor, ...]

    @property
    def size(self) -> int:
        """Of all tensors, in bytes."""
        return sum(tensor.size for tensor in self.tensors)

    def renamed(self, old: str, new: str) -> Manifest:
        """The same with another name in the place of one."""
        return replace(self, tensors=tuple(replace(one, name=new) if one.name == old else one for one in self.tensors))

    def empty(self, rename: tuple[str, str] = ("", "")) -> Iterator[tuple[str, Any]]:
        """The checkpoint as engines read it, without contents.

        Args:
            rename: a name of it, and the wrong one that stands in its place.
        """
        for tensor in self.tensors:
            yield (rename[1] if tensor.name == rename[0] else tensor.name), tensor.empty()


def read(name: str) -> Manifest:
    lines = lzma.decompress(_path(name).read_bytes()).decode().splitlines()
    source = "\n".join(line[2:] for line in lines if line.startswith("# "))
    return Manifest(source, tuple(_tensor(line) for line in lines if not line.startswith("# ")))


def write(name: str, source: str, tensors: Iterable[Tensor]) -> None:
    lines = [f"# {line}" for line in source.splitlines()]
    lines += [f"{one.kind} {'x'.join(map(str, one.shape)) or '-'} {one.name}" for one in tensors]
    _path(name).write_bytes(lzma.compress(("\n".join(lines) + "\n").encode(), preset=9))


def _path(name: str) -> Path:
    """The file of a manifest: where it stands, in the folder of its kind of engine; a new one is put beside the folders."""
    return next(FOLDER.rglob(f"{name}.txt.xz"), FOLDER / f"{name}.txt.xz")


def _tensor(line: str) -> Tensor:
    kind, shape, name = line.split(" ", 2)
    return Tensor(name, kind, () if shape == "-" else tuple(map(int, shape.split("x"))))
