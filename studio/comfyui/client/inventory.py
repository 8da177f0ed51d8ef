"""What a ComfyUI server has: its version, its node classes, its model files. Values only; `read_inventory.py` fills them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

NodeClass = Mapping[str, Any]
"""One entry of the server's /object_info: `input` {required, optional}, `input_order`, `output`, `display_name` …"""


@dataclass(frozen=True)
class ModelFile:
    """A model file as the server lists it.

    Attributes:
        name: the name relative to its folder, exactly as a loader's input takes it: "Wan/x.safetensors", with backslashes
            where the server runs on Windows.
        size_bytes: None where the server does not report it; 0 is a file that would fail only in the run.
        root: the absolute path of its folder on the server's machine, where known.
    """

    name: str
    size_bytes: int | None = None
    root: str | None = None

    @property
    def basename(self) -> str:
        """The file's own name, whichever way the server writes its folders."""
        return self.name.replace("\\", "/").rsplit("/", 1)[-1]


@dataclass(frozen=True)
class ServerInventory:
    """What one server has at one moment.

    Attributes:
        version: "0.3.64"; None where the server does not report it.
        node_classes: the answer of /object_info, by class_type.
        models: by folder of the server ("diffusion_models"), every file it lists there.
        max_upload_bytes: the largest upload it takes; None where it does not report one.
    """

    version: str | None = None
    node_classes: Mapping[str, NodeClass] = field(default_factory=lambda: MappingProxyType({}))
    models: Mapping[str, tuple[ModelFile, ...]] = field(default_factory=lambda: MappingProxyType({}))
    max_upload_bytes: int | None = None
