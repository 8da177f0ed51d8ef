"""Run by the model environment's Python: random Whisper weights as transformers keeps them, true in all but size.

python -m tests.engines.transcription.whisper_hf_checkpoint FOLDER
"""

from __future__ import annotations

import sys
from pathlib import Path

from engines.transcription.common.whisper_weights import LANGUAGES
from tests.engines.transcription.whisper_checkpoint import LAST_OF_V3, LONGEST_TEXT, MELS, SPEECH_STATES, tokenizer


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


if __name__ == "__main__":
    main(Path(sys.argv[1]))
