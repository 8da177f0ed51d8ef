"""VoxCPM2 from its folder, with every weight accounted for. Imported in the worker only.

The library's own loader takes any checkpoint in silence (`strict=False`) and holds the weights twice while it does; so the
library's classes are put together here, and filled by engines.loading.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from engines.common.loading import fill, read_tensors
from engines.contract.errors import EngineError

ARCHITECTURE = "voxcpm2"
VAE_PREFIX = "audio_vae."


def load(folder: Path, device: str) -> Any:
    """The model in evaluation mode on `device`; compiled where there is a GPU.

    Raises:
        EngineError: the folder holds another architecture, or weights are missing, unknown or damaged.
    """
    config = _config(folder)
    from transformers import LlamaTokenizerFast
    from voxcpm.model.utils import get_dtype
    from voxcpm.model.voxcpm2 import VoxCPM2Model
    from voxcpm.modules.audiovae import AudioVAEV2

    tokenizer = LlamaTokenizerFast.from_pretrained(str(folder))
    vae = AudioVAEV2(config=config.audio_vae_config) if config.audio_vae_config else AudioVAEV2()
    model = VoxCPM2Model(config, tokenizer, vae, device=device)
    model = model.to(get_dtype(model.config.dtype))
    model.audio_vae = model.audio_vae.to(dtype=_full_precision())
    model = model.to(model.device).eval()
    fill(model, _tensors(folder, device), "VoxCPM2")
    return model.optimize(disable=not _can_compile(device))


def _config(folder: Path) -> Any:
    from voxcpm.model.voxcpm2 import VoxCPMConfig

    try:
        fields = json.loads((folder / "config.json").read_text("utf-8"))
        if str(fields.get("architecture", "")).lower() != ARCHITECTURE:
            raise EngineError("voxcpm.other-architecture")
        return VoxCPMConfig.model_validate(fields)
    except (OSError, ValueError) as error:
        raise EngineError("engine.configuration-damaged", engine="VoxCPM2") from error


def _tensors(folder: Path, device: str) -> Iterator[tuple[str, Any]]:
    yield from read_tensors(folder / "model.safetensors", device)
    import torch

    try:
        state = torch.load(folder / "audiovae.pth", map_location="cpu", weights_only=True)
    except Exception as error:
        raise EngineError("voxcpm.vae-damaged") from error
    for name, tensor in state.get("state_dict", state).items():
        yield VAE_PREFIX + name, tensor


def _full_precision() -> Any:
    import torch

    return torch.float32


def _can_compile(device: str) -> bool:
    if device == "cpu":
        return False
    try:
        import triton  # noqa: F401
    except ImportError:
        return False
    return True
