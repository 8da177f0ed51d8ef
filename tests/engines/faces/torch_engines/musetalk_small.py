"""MuseTalk in small with the recipe's weights, as its networks and as files; needs the model environment."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch

from engines.faces.musetalk.networks.audio_encoder import AudioFeatures
from engines.faces.musetalk.networks.load import Folders, MuseTalkNetworks
from tests.engines.faces.torch_engines import recipe
from tests.engines.faces.torch_engines.build import CODEC_SETTINGS, HEARD, UNET_SETTINGS

SECONDS = 0.6
FULL_UNET: dict[str, Any] = {
    **UNET_SETTINGS, "sample_size": 64, "block_out_channels": [320, 640, 1280, 1280], "layers_per_block": 2,
    "norm_num_groups": 32, "cross_attention_dim": 384, "attention_head_dim": 8,
}  # fmt: skip
"""What the facts about musetalk.json say; the engine reads the published file itself."""
FULL_CODEC: dict[str, Any] = {
    **CODEC_SETTINGS, "block_out_channels": [128, 256, 512, 512], "layers_per_block": 2, "norm_num_groups": 32,
}  # fmt: skip


def whisper_settings(width: int = HEARD, layers: int = 2) -> Any:
    from transformers import WhisperConfig

    return WhisperConfig(
        vocab_size=64, d_model=width, encoder_layers=layers, decoder_layers=1, encoder_attention_heads=2,
        decoder_attention_heads=2, encoder_ffn_dim=2 * width, decoder_ffn_dim=32, pad_token_id=0, bos_token_id=1,
        eos_token_id=2, decoder_start_token_id=1,
    )  # fmt: skip


def write(root: Path, full: bool = False) -> Folders:
    """The three models in the files that the engine loads.

    Args:
        full: in the published sizes; random numbers of torch, because the recipe would take minutes.
    """
    from diffusers import AutoencoderKL, UNet2DConditionModel
    from transformers import WhisperFeatureExtractor, WhisperModel

    torch.manual_seed(0)
    folders = Folders(root / "unet", root / "codec", root / "whisper")
    folders.unet.mkdir(parents=True)
    settings = FULL_UNET if full else UNET_SETTINGS
    nets = {
        "unet": UNet2DConditionModel(**settings), "codec": AutoencoderKL(**(FULL_CODEC if full else CODEC_SETTINGS)),
        "whisper": WhisperModel(whisper_settings(384, 4) if full else whisper_settings()),
    }  # fmt: skip
    if not full:
        for net in nets.values():
            net.load_state_dict(recipe.weights(recipe.shapes_of(net)))
    (folders.unet / "musetalk.json").write_text(json.dumps(settings), "utf-8")
    torch.save(nets["unet"].state_dict(), folders.unet / "unet.pth")
    nets["codec"].save_pretrained(folders.codec)
    nets["whisper"].save_pretrained(folders.whisper)
    WhisperFeatureExtractor().save_pretrained(folders.whisper)
    return folders


def networks_of_the_recipe() -> MuseTalkNetworks:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        return MuseTalkNetworks.load(write(Path(folder)), "cpu")


def speech_states(networks: MuseTalkNetworks) -> AudioFeatures:
    return AudioFeatures(recipe.speech(SECONDS), networks)
