"""A tiny random checkpoint of F5-TTS, in the files and names that its makers publish. Runs in the model environment."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

from engines.speech.f5.model import _leave_training_out

ARCH = {
    "dim": 64, "depth": 2, "heads": 2, "ff_mult": 2, "text_dim": 32, "text_mask_padding": True, "qk_norm": None,
    "conv_layers": 1, "pe_attn_head": None, "attn_backend": "torch", "attn_mask_enabled": False,
    "checkpoint_activations": False,
}  # fmt: skip
VOCOS = {
    "feature_extractor": {
        "class_path": "vocos.feature_extractors.MelSpectrogramFeatures",
        "init_args": {"sample_rate": 24000, "n_fft": 1024, "hop_length": 256, "n_mels": 100, "padding": "center"},
    },
    "backbone": {
        "class_path": "vocos.models.VocosBackbone",
        "init_args": {"input_channels": 100, "dim": 64, "intermediate_dim": 128, "num_layers": 2},
    },
    "head": {
        "class_path": "vocos.heads.ISTFTHead",
        "init_args": {"dim": 64, "n_fft": 1024, "hop_length": 256, "padding": "center"},
    },
}


def build(root: Path, arch: Mapping[str, Any] | None = None, vocos: Mapping[str, Any] = VOCOS) -> None:
    """
    Args:
        arch: of the transformer, in place of the tiny one. vocos: the vocoder's configuration.
    """
    arch = dict(arch or ARCH)
    _leave_training_out()
    import torch
    import yaml
    from f5_tts.model.backbones.dit import DiT
    from f5_tts.model.cfm import CFM
    from f5_tts.model.utils import get_tokenizer
    from safetensors.torch import save_file
    from vocos import Vocos

    torch.manual_seed(0)
    folder, vocoder = root / "SWivid--F5-TTS" / "F5TTS_v1_Base", root / "charactr--vocos-mel-24khz"
    folder.mkdir(parents=True)
    vocoder.mkdir()
    package = files("f5_tts")
    described = yaml.safe_load(package.joinpath("configs/F5TTS_v1_Base.yaml").read_text("utf-8"))
    described["model"]["arch"] = arch
    (folder / "model.yaml").write_text(yaml.safe_dump(described), "utf-8")
    shutil.copy(str(package.joinpath("infer/examples/vocab.txt")), folder / "vocab.txt")
    characters, count = get_tokenizer(str(folder / "vocab.txt"), "custom")
    mel = described["model"]["mel_spec"]
    model = CFM(DiT(**arch, text_num_embeds=count, mel_dim=100), mel_spec_kwargs=mel, vocab_char_map=characters)
    for tensor in model.state_dict().values():
        if tensor.is_floating_point() and not tensor.any():  # zero at the start of training: would switch the network off
            torch.nn.init.normal_(tensor, std=0.3)
    state = {f"ema_model.{name}": tensor.contiguous() for name, tensor in model.state_dict().items()}
    state |= {"initted": torch.tensor(True), "step": torch.tensor(1)}
    save_file(state, folder / "model_1250000.safetensors")
    (vocoder / "config.yaml").write_text(yaml.safe_dump(dict(vocos)), "utf-8")
    torch.save(Vocos.from_hparams(str(vocoder / "config.yaml")).state_dict(), vocoder / "pytorch_model.bin")
