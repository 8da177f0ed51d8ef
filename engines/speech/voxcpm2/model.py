"""Loading of VoxCPM2 with every weight checked. Imported in the worker only.

The library's own loader ignores mismatches (`strict=False`) and holds the weights twice meanwhile; so this module instantiates
the library's classes and fills them with engines.common.loading.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from engines.common.loading import fill, give_storage, read_tensors, without_weights
from engines.contract.errors import EngineError

ARCHITECTURE = "voxcpm2"
VAE_PREFIX = "audio_vae."


def load(folder: Path, device: str, *, compiled: bool = False) -> Any:
    """Return the model in evaluation mode on `device`.

    Args:
        compiled: whether torch.compile compiles its modules; errors come with the first call.

    Raises:
        EngineError: the folder has another architecture, or weights are missing, unknown or damaged.
    """
    config = _config(folder)
    from voxcpm.model.utils import get_dtype
    from voxcpm.model.voxcpm2 import VoxCPM2Model
    from voxcpm.modules.audiovae import AudioVAEV2

    with without_weights():
        vae = AudioVAEV2(config=config.audio_vae_config) if config.audio_vae_config else AudioVAEV2()
        model = VoxCPM2Model(config, _tokenizer(folder), vae, device=device)
    model = model.to(get_dtype(model.config.dtype))
    model.audio_vae = model.audio_vae.to(dtype=_full_precision())
    model = give_storage(model, model.device).eval()
    fill(model, _tensors(folder, device), "VoxCPM2")
    return model.optimize(disable=not compiled)


def _tokenizer(folder: Path) -> Any:
    """Return the tokenizer of tokenizer.json unchanged.

    transformers' class for Llama builds its own steps from the vocabulary, and always puts a space before the text.
    """
    from transformers import PreTrainedTokenizerFast

    try:
        return PreTrainedTokenizerFast.from_pretrained(str(folder))
    except (OSError, ValueError) as error:
        raise EngineError("engine.configuration-damaged", engine="VoxCPM2") from error


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
