"""Writes random weights in the full size of F5-TTS, VoxCPM2 and Whisper large-v3-turbo, for bench.engines.models.

Runs in the model environment: `python -m bench.engines.full_size_weights FOLDER [--tiny] ENGINE…`.

Layers and widths are those of the published checkpoints; the numbers in them say nothing, and the vocabularies of VoxCPM2 and
Whisper are stand-ins of the tests. The cost of a step depends on neither.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from tests.engines.speech.torch_engines.checkpoints import build_f5, build_voxcpm2
from tests.engines.transcription import whisper_hf_checkpoint

VOCOS: dict[str, Any] = {
    "feature_extractor": build_f5.VOCOS["feature_extractor"],
    "backbone": {
        "class_path": "vocos.models.VocosBackbone",
        "init_args": {"input_channels": 100, "dim": 512, "intermediate_dim": 1536, "num_layers": 8},
    },
    "head": {
        "class_path": "vocos.heads.ISTFTHead",
        "init_args": {"dim": 512, "n_fft": 1024, "hop_length": 256, "padding": "center"},
    },
}  # fmt: skip

_LOCAL = {"hidden_dim": 1024, "ffn_dim": 4096, "num_heads": 16, "num_layers": 12, "kv_channels": 128}
VOXCPM2: dict[str, Any] = {
    **build_voxcpm2.CONFIG,
    "lm_config": {
        **build_voxcpm2.LM, "hidden_size": 2048, "intermediate_size": 6144, "max_position_embeddings": 32768,
        "num_attention_heads": 16, "num_hidden_layers": 28, "num_key_value_heads": 2, "vocab_size": 73448, "kv_channels": 128,
        "rope_scaling": {
            "type": "longrope", "long_factor": [1.0] * 64, "short_factor": [1.0] * 64,
            "original_max_position_embeddings": 32768,
        },
    },
    "patch_size": 4, "feat_dim": 64, "residual_lm_num_layers": 8, "residual_lm_no_rope": True,
    "scalar_quantization_latent_dim": 512, "encoder_config": _LOCAL,
    "dit_config": {**_LOCAL, "cfm_config": build_voxcpm2.FLOW},
    "audio_vae_config": {
        "encoder_dim": 128, "encoder_rates": [2, 5, 8, 8], "latent_dim": 64, "decoder_dim": 2048,
        "decoder_rates": [8, 6, 5, 2, 2, 2], "sample_rate": 16000, "out_sample_rate": 48000,
    },
    "max_length": 8192, "device": "cuda", "dtype": "bfloat16",
}  # fmt: skip

TURBO = {
    "num_mel_bins": 128, "d_model": 1280, "encoder_layers": 32, "decoder_layers": 4, "encoder_attention_heads": 20,
    "decoder_attention_heads": 20, "encoder_ffn_dim": 5120, "decoder_ffn_dim": 5120,
}  # fmt: skip
WHISPER_FOLDER = "openai--whisper-large-v3-turbo"


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--tiny", action="store_true", help="the sizes of the tests, to try the bench itself")
    parser.add_argument("engines", nargs="+", choices=("f5-tts", "voxcpm2", "whisper-gpu"))
    given = parser.parse_args()
    for engine in given.engines:
        write(engine, given.folder, tiny=given.tiny)


def write(engine: str, root: Path, *, tiny: bool) -> None:
    root.mkdir(parents=True, exist_ok=True)
    if engine == "f5-tts":
        build_f5.build(root, None if tiny else _arch_of_f5(), build_f5.VOCOS if tiny else VOCOS)
    elif engine == "voxcpm2":
        build_voxcpm2.build(root, build_voxcpm2.CONFIG if tiny else VOXCPM2)
    else:
        whisper_hf_checkpoint.main(root / WHISPER_FOLDER, **({} if tiny else TURBO))


def _arch_of_f5() -> dict[str, Any]:
    """From the package's own configuration of the published checkpoint."""
    from importlib.resources import files

    import yaml

    described = yaml.safe_load(files("f5_tts").joinpath("configs/F5TTS_v1_Base.yaml").read_text("utf-8"))
    return dict(described["model"]["arch"])


if __name__ == "__main__":
    main()
