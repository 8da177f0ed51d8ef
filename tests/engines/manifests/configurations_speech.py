"""The published sizes of the speech models whose manifests are kept; what is not named has the library's own default."""

from __future__ import annotations

from typing import Any

F5: dict[str, Any] = {
    "dim": 1024, "depth": 22, "heads": 16, "ff_mult": 2, "text_dim": 512, "text_mask_padding": True, "qk_norm": None,
    "conv_layers": 4, "pe_attn_head": None, "text_num_embeds": 2545, "mel_dim": 100,
}  # fmt: skip
VOCOS_FEATURES: dict[str, Any] = {"sample_rate": 24_000, "n_fft": 1024, "hop_length": 256, "n_mels": 100, "padding": "center"}
VOCOS_BACKBONE: dict[str, Any] = {"input_channels": 100, "dim": 512, "intermediate_dim": 1536, "num_layers": 8}
VOCOS_HEAD: dict[str, Any] = {"dim": 512, "n_fft": 1024, "hop_length": 256, "padding": "center"}

VOXCPM2: dict[str, Any] = {
    "architecture": "voxcpm2",
    "lm_config": {
        "bos_token_id": 1, "eos_token_id": 2, "hidden_size": 2048, "intermediate_size": 6144, "max_position_embeddings": 32768,
        "num_attention_heads": 16, "num_hidden_layers": 28, "num_key_value_heads": 2, "rms_norm_eps": 1e-05, "rope_theta": 10000,
        "kv_channels": 128, "vocab_size": 73448, "use_mup": False, "scale_emb": 12, "dim_model_base": 256, "scale_depth": 1.4,
        "rope_scaling": {
            "type": "longrope", "long_factor": [1.0] * 64, "short_factor": [1.0] * 64, "original_max_position_embeddings": 32768,
        },
    },
    "patch_size": 4, "feat_dim": 64, "residual_lm_num_layers": 8, "residual_lm_no_rope": True,
    "scalar_quantization_latent_dim": 512, "scalar_quantization_scale": 9,
    "encoder_config": {"hidden_dim": 1024, "ffn_dim": 4096, "num_heads": 16, "num_layers": 12, "kv_channels": 128},
    "dit_config": {
        "hidden_dim": 1024, "ffn_dim": 4096, "num_heads": 16, "num_layers": 12, "kv_channels": 128, "mean_mode": False,
        "cfm_config": {"sigma_min": 1e-06, "solver": "euler", "t_scheduler": "log-norm", "inference_cfg_rate": 2.0},
    },
    "audio_vae_config": {
        "encoder_dim": 128, "encoder_rates": [2, 5, 8, 8], "latent_dim": 64, "decoder_dim": 2048,
        "decoder_rates": [8, 6, 5, 2, 2, 2], "sr_bin_boundaries": [20000, 30000, 40000], "sample_rate": 16000,
        "out_sample_rate": 48000,
    },
    "max_length": 8192, "device": "cuda", "dtype": "bfloat16",
}  # fmt: skip
"""The rope factors of the file are other numbers, which have no part in names and shapes."""

KOKORO: dict[str, Any] = {
    "n_token": 178, "hidden_dim": 512, "style_dim": 128, "n_layer": 3, "max_dur": 50, "dropout": 0.2, "dim_in": 64,
    "text_encoder_kernel_size": 5, "n_mels": 80,
    "plbert": {
        "hidden_size": 768, "num_attention_heads": 12, "intermediate_size": 2048, "max_position_embeddings": 512,
        "num_hidden_layers": 12, "dropout": 0.1,
    },
    "istftnet": {
        "upsample_kernel_sizes": [20, 12], "upsample_rates": [10, 6], "gen_istft_hop_size": 5, "gen_istft_n_fft": 20,
        "resblock_dilation_sizes": [[1, 3, 5], [1, 3, 5], [1, 3, 5]], "resblock_kernel_sizes": [3, 7, 11],
        "upsample_initial_channel": 512,
    },
}  # fmt: skip

DAC: dict[str, Any] = {
    "encoder_hidden_size": 64, "decoder_hidden_size": 1536, "downsampling_ratios": [2, 4, 8, 8],
    "upsampling_ratios": [8, 8, 4, 2], "n_codebooks": 9, "codebook_dim": 8, "codebook_size": 1024, "hidden_size": 1024,
    "sampling_rate": 44_100,
}  # fmt: skip
VIBEVOICE: dict[str, Any] = {
    "text_config": {
        "model_type": "qwen2", "hidden_size": 1536, "num_hidden_layers": 28, "num_attention_heads": 12, "num_key_value_heads": 2,
        "intermediate_size": 8960, "vocab_size": 151936, "tie_word_embeddings": True, "max_position_embeddings": 65536,
    },
}  # fmt: skip
SPEECHT5_WIDTH = 768
SPEECHT5: dict[str, Any] = {"vocab_size": 81, "max_text_positions": 600, "max_speech_positions": 1876}
MMS_VOCABULARY = 38
WAVLM: dict[str, Any] = {"use_weighted_layer_sum": True}
