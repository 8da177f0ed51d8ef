"""The published configurations (config.json) of the checkpoints whose manifests are kept."""

from __future__ import annotations

from typing import Any

_WAN: dict[str, Any] = {
    "attention_head_dim": 128, "cross_attn_norm": True, "eps": 1e-06, "freq_dim": 256, "image_dim": None,
    "added_kv_proj_dim": None, "patch_size": [1, 2, 2], "qk_norm": "rms_norm_across_heads", "rope_max_seq_len": 1024,
    "text_dim": 4096, "in_channels": 16, "out_channels": 16,
}  # fmt: skip
_14B = {"num_attention_heads": 40, "num_layers": 40, "ffn_dim": 13824}

WAN: dict[str, dict[str, Any]] = {
    "wan21-t2v-1-3b": _WAN | {"num_attention_heads": 12, "num_layers": 30, "ffn_dim": 8960},
    "wan21-t2v-14b": _WAN | _14B,
    "wan21-i2v-14b": _WAN | _14B | {"in_channels": 36, "image_dim": 1280, "added_kv_proj_dim": 5120},
    "wan22-ti2v-5b": _WAN | {
        "num_attention_heads": 24, "num_layers": 30, "ffn_dim": 14336, "in_channels": 48, "out_channels": 48,
    },
    "wan22-i2v-a14b": _WAN | _14B | {"in_channels": 36},
}  # fmt: skip
"""Wan 2.2 T2V A14B has the transformer of 2.1 T2V 14B twice."""

UMT5: dict[str, Any] = {
    "d_ff": 10240, "d_kv": 64, "d_model": 4096, "feed_forward_proj": "gated-gelu", "num_heads": 64, "num_layers": 24,
    "relative_attention_max_distance": 128, "relative_attention_num_buckets": 32, "vocab_size": 256384,
}  # fmt: skip
CLIP: dict[str, Any] = {
    "hidden_act": "gelu", "hidden_size": 1280, "image_size": 224, "intermediate_size": 5120, "num_attention_heads": 16,
    "num_hidden_layers": 32, "patch_size": 14, "projection_dim": 1024,
}  # fmt: skip


def _whisper(width: int, heads: int, layers: int, decoder_layers: int = 0, **more: Any) -> dict[str, Any]:
    return {
        "d_model": width, "encoder_attention_heads": heads, "decoder_attention_heads": heads, "encoder_ffn_dim": 4 * width,
        "decoder_ffn_dim": 4 * width, "encoder_layers": layers, "decoder_layers": decoder_layers or layers,
        "vocab_size": 51865, "num_mel_bins": 80, "max_source_positions": 1500, "max_target_positions": 448, **more,
    }  # fmt: skip


WHISPER: dict[str, dict[str, Any]] = {
    "tiny": _whisper(384, 6, 4),
    "base": _whisper(512, 8, 6),
    "small": _whisper(768, 12, 12),
    "medium": _whisper(1024, 16, 24),
    "large-v3": _whisper(1280, 20, 32, vocab_size=51866, num_mel_bins=128),
    "large-v3-turbo": _whisper(1280, 20, 32, 4, vocab_size=51866, num_mel_bins=128),
}
