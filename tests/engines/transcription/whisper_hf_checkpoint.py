"""Run by the model environment's Python: Whisper weights as transformers keeps them, true in all but size.

They say a fixed text (tests.engines.transcription.whisper_script); all that does not decide it is random.

python -m tests.engines.transcription.whisper_hf_checkpoint FOLDER
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from engines.transcription.common.whisper_weights import LANGUAGES
from tests.engines.transcription.whisper_checkpoint import LAST_OF_V3, LONGEST_TEXT, MELS, SPEECH_STATES, tokenizer, vocabulary_of
from tests.engines.transcription.whisper_script import script, successors


def main(folder: Path, **shape: int) -> None:
    """
    Args:
        shape: of the network, in place of the tiny one; names as in WhisperConfig.
    """
    import torch
    from transformers import GenerationConfig, WhisperConfig, WhisperFeatureExtractor, WhisperForConditionalGeneration

    folder.mkdir(parents=True)
    words = tokenizer()
    number = words.token_to_id
    end, start = number("<|endoftext|>"), number("<|startoftranscript|>")
    torch.manual_seed(0)
    size = {
        "num_mel_bins": MELS, "d_model": 64, "encoder_layers": 2, "decoder_layers": 2, "encoder_attention_heads": 2,
        "decoder_attention_heads": 2, "encoder_ffn_dim": 128, "decoder_ffn_dim": 128,
    } | shape  # fmt: skip
    config = WhisperConfig(
        **size, vocab_size=words.get_vocab_size(), max_source_positions=SPEECH_STATES, max_target_positions=LONGEST_TEXT,
        bos_token_id=end, eos_token_id=end, pad_token_id=end, decoder_start_token_id=start, tie_word_embeddings=True,
    )  # fmt: skip
    model = WhisperForConditionalGeneration(config)
    _say(model.model.decoder, vocabulary_of(words))
    languages = [code for code in LANGUAGES if code != LAST_OF_V3]
    model.generation_config = GenerationConfig(
        is_multilingual=True,
        task_to_id={"translate": number("<|translate|>"), "transcribe": number("<|transcribe|>")},
        lang_to_id={f"<|{code}|>": number(f"<|{code}|>") for code in languages},
        alignment_heads=[[0, 0], [1, 1]],
        max_length=24,
        suppress_tokens=[],
        begin_suppress_tokens=[end],
        no_timestamps_token_id=number("<|notimestamps|>"),
        eos_token_id=end,
        pad_token_id=end,
        decoder_start_token_id=start,
    )
    model.save_pretrained(folder)
    WhisperFeatureExtractor(feature_size=size["num_mel_bins"]).save_pretrained(folder)
    words.save(str(folder / "tokenizer.json"))


def _say(decoder: Any, vocabulary: list[str]) -> None:
    """Have the decoder say the script and nothing else."""
    import torch

    width, inner = decoder.config.d_model, decoder.config.decoder_ffn_dim
    said = script(successors(), vocabulary, width, inner)
    with torch.no_grad():
        for part in (decoder.embed_positions, *(one for layer in decoder.layers for one in _outputs(layer))):
            for parameter in part.parameters():
                parameter.zero_()
        last = decoder.layers[-1]
        for parameter, value in (
            (decoder.embed_tokens.weight, said.embeddings), (decoder.layer_norm.bias, said.norm_bias),
            (last.fc1.weight, said.rise), (last.fc1.bias, said.rise_bias), (last.fc2.weight, said.fall),
        ):  # fmt: skip
            parameter.copy_(torch.from_numpy(value))


def _outputs(layer: Any) -> tuple[Any, ...]:
    """What a layer adds to what goes through it."""
    return layer.self_attn.out_proj, layer.encoder_attn.out_proj, layer.fc2


if __name__ == "__main__":
    main(Path(sys.argv[1]))
