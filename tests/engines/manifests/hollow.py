"""Checkpoint files of full size without contents: names, kinds and shapes are there, the numbers are a hole in the file.

A safetensors file is a header and a hole; a file of torch is what `torch.save` writes when it is told to skip the data. The
engine's own code and the libraries open both as they open any other. safetensors has no device "meta": `without_contents`
gives its reader one, so that a file of gigabytes is loaded in no time.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

from tests.engines.manifests.manifest import Manifest, Tensor

Header = dict[str, Any]
ALIGNMENT = 8


def header_of(tensors: Sequence[Tensor], metadata: Mapping[str, str] | None = None) -> bytes:
    """The header that safetensors writes: widest kinds first, then by name; padded with spaces."""
    header: Header = {} if metadata is None else {"__metadata__": dict(metadata)}
    at = 0
    for one in sorted(tensors, key=lambda one: (-Tensor("", one.kind, ()).size, one.name)):
        header[one.name] = {"dtype": one.kind, "shape": list(one.shape), "data_offsets": [at, at + one.size]}
        at += one.size
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
    return text.ljust(-(-len(text) // ALIGNMENT) * ALIGNMENT)


def write_safetensors(path: Path, manifest: Manifest, metadata: Mapping[str, str] | None = None) -> None:
    header = header_of(manifest.tensors, metadata)
    with path.open("wb") as file:
        file.write(struct.pack("<Q", len(header)) + header)
        file.truncate(8 + len(header) + manifest.size)


def write_torch(path: Path, manifest: Manifest) -> None:
    import torch
    from torch._subclasses.fake_tensor import FakeTensorMode

    state: dict[str, Any] = {}
    with FakeTensorMode():
        for one in manifest.tensors:
            *outer, name = one.name.split("/")
            place = state
            for part in outer:
                place = place.setdefault(part, {})
            place[name] = torch.empty(one.shape, dtype=one.empty().dtype)
    with torch.serialization.skip_data(materialize_fake_tensors=True):
        torch.save(state, path)


@contextmanager
def without_contents() -> Iterator[None]:
    """safetensors' reader, for our own code, gives tensors of the file's header on the device "meta"."""
    with patch("safetensors.safe_open", _Hollow):
        yield


class _Hollow:
    """What is asked of `safetensors.safe_open` by engines.common.loading."""

    def __init__(self, path: str, **_: Any) -> None:
        with Path(path).open("rb") as file:
            (length,) = struct.unpack("<Q", file.read(8))
            header = json.loads(file.read(length))
        header.pop("__metadata__", None)
        self._tensors = {name: Tensor(name, one["dtype"], tuple(one["shape"])) for name, one in header.items()}

    def __enter__(self) -> _Hollow:
        return self

    def __exit__(self, *_: object) -> None: ...

    def keys(self) -> list[str]:
        return list(self._tensors)

    def get_tensor(self, name: str) -> Any:
        return self._tensors[name].empty()

    def get_slice(self, name: str) -> _HollowSlice:
        return _HollowSlice(self._tensors[name])


class _HollowSlice:
    def __init__(self, tensor: Tensor) -> None:
        self._tensor = tensor

    def get_shape(self) -> list[int]:
        return list(self._tensor.shape)

    def get_dtype(self) -> str:
        return self._tensor.kind

    def __getitem__(self, what: Any) -> Any:
        return self._tensor.empty()[what]
