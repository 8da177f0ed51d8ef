"""Writes tiny random checkpoints in the files, names and keys that are published.

`python -m tests.engines.faces.torch_engines.build FOLDER` runs with the Python of the shared model environment.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

from engines.common.weights import repo_folder_name
from engines.faces.liveportrait.engine import FILES, REPO
from engines.faces.musetalk.engine import CODEC, UNET, WHISPER
from tests.engines.faces.torch_engines.tiny import SIZES

HEARD = 32
UNET_SETTINGS: dict[str, Any] = {
    "sample_size": 32, "in_channels": 8, "out_channels": 4, "flip_sin_to_cos": True, "freq_shift": 0,
    "down_block_types": ["CrossAttnDownBlock2D"] * 3 + ["DownBlock2D"],
    "up_block_types": ["UpBlock2D"] + ["CrossAttnUpBlock2D"] * 3,
    "block_out_channels": [8, 8, 16, 16], "layers_per_block": 1, "norm_num_groups": 4, "cross_attention_dim": HEARD,
    "attention_head_dim": 4,
}  # fmt: skip
CODEC_SETTINGS: dict[str, Any] = {
    "block_out_channels": [8, 8, 8, 8], "layers_per_block": 1, "latent_channels": 4, "norm_num_groups": 4,
    "down_block_types": ["DownEncoderBlock2D"] * 4, "up_block_types": ["UpDecoderBlock2D"] * 4, "scaling_factor": 0.18215,
}  # fmt: skip


def liveportrait(root: Path, seed: int = 0) -> None:
    """All five files of LivePortrait, with values where training starts from none, so that nothing is switched off."""
    import torch
    from torch.nn.utils import spectral_norm

    from engines.faces.liveportrait.networks.load import RETARGETING_PARTS, Sizes
    from engines.faces.liveportrait.networks.retargeting import Retargeting

    torch.manual_seed(seed)
    sizes = Sizes(**SIZES)
    nets = {name: getattr(sizes, name)().eval() for name in FILES if name != "retargeting"}
    for net in nets.values():
        shake(net)
    for name, layer in list(nets["generator"].named_modules()):
        if name.rpartition(".")[2] in ("conv_0", "conv_1", "conv_s"):
            spectral_norm(layer)
    folder = root / repo_folder_name(REPO)
    for name, (path, *_) in FILES.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        if name != "retargeting":
            torch.save(nets[name].state_dict(), folder / path)
    small = Retargeting()
    for parameter in small.parameters():
        parameter.data.mul_(2)
    parts = {
        published: {f"module.{key}": value for key, value in small.get_submodule(ours).state_dict().items()}
        for published, ours in RETARGETING_PARTS.items()
    }
    torch.save(parts, folder / FILES["retargeting"][0])


def musetalk(root: Path, seed: int = 0) -> None:
    """UNet, picture codec and speech encoder of MuseTalk."""
    import torch
    from diffusers import AutoencoderKL, UNet2DConditionModel
    from transformers import WhisperConfig, WhisperFeatureExtractor, WhisperForConditionalGeneration

    torch.manual_seed(seed)
    folder = root / repo_folder_name(UNET) / "musetalkV15"
    folder.mkdir(parents=True)
    (folder / "musetalk.json").write_text(json.dumps(UNET_SETTINGS), "utf-8")
    torch.save(UNet2DConditionModel(**UNET_SETTINGS).state_dict(), folder / "unet.pth")
    AutoencoderKL(**CODEC_SETTINGS).save_pretrained(root / repo_folder_name(CODEC))
    whisper = WhisperConfig(
        vocab_size=64, d_model=HEARD, encoder_layers=2, decoder_layers=1, encoder_attention_heads=2, decoder_attention_heads=2,
        encoder_ffn_dim=32, decoder_ffn_dim=32, pad_token_id=0, bos_token_id=1, eos_token_id=2, decoder_start_token_id=1,
    )  # fmt: skip
    WhisperForConditionalGeneration(whisper).save_pretrained(root / repo_folder_name(WHISPER))
    WhisperFeatureExtractor().save_pretrained(root / repo_folder_name(WHISPER))


def shake(net: Any) -> None:
    """Give running statistics, normalisations and response norms values of their own."""
    import torch

    for name, value in [*net.named_buffers(), *net.named_parameters()]:
        if name.endswith("running_mean"):
            value.data.normal_(0, 0.1)
        elif name.endswith("running_var"):
            value.data.uniform_(0.5, 1.5)
        elif ".grn." in name or (value.ndim == 1 and name.endswith(".weight")):
            value.data.add_(0.1 * torch.randn_like(value))


if __name__ == "__main__":
    os.environ["HF_HUB_OFFLINE"] = "1"
    liveportrait(Path(sys.argv[1]))
    musetalk(Path(sys.argv[1]))
