"""Tiny random checkpoints of the models that are native in transformers. Runs in the model environment."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from engines.speech.mms.engine import CHECKPOINTS
from engines.speech.speecht5.engine import READERS, UTTERANCE, VECTORS

LETTERS = "_ abcdefghijklmnopqrstuvwxyz',.äöüß"
TEMPLATE = (
    "{% for message in messages %}{% for part in message['content'] %}"
    "{% if part['type'] == 'audio' %} Speaker {{ message['role'] }}:<|vision_start|><|vision_pad|><|vision_end|>\n{% endif %}"
    "{% endfor %}{% endfor %} Text input:\n"
    "{% for message in messages %}{% for part in message['content'] %}"
    "{% if part['type'] == 'text' %} Speaker {{ message['role'] }}:{{ part['text'] }}\n{% endif %}"
    "{% endfor %}{% endfor %} Speech output:\n<|vision_start|>"
)


def build_mms(root: Path) -> None:
    """English and German; the other languages stay away, as on a machine that has only some."""
    import torch
    import transformers as library

    for tag in ("en", "de"):
        folder = root / f"facebook--mms-tts-{CHECKPOINTS[tag]}"
        folder.mkdir(parents=True)
        (folder / "vocab.json").write_text(json.dumps({letter: place for place, letter in enumerate(LETTERS)}), "utf-8")
        wishes = {"pad_token": "_", "unk_token": "_", "language": CHECKPOINTS[tag], "phonemize": False, "is_uroman": False}
        library.VitsTokenizer(str(folder / "vocab.json"), **wishes).save_pretrained(str(folder))
        config = library.VitsConfig(
            vocab_size=len(LETTERS), hidden_size=32, num_hidden_layers=1, num_attention_heads=2, ffn_dim=32, flow_size=32,
            spectrogram_bins=33, upsample_initial_channel=32, upsample_rates=[16, 16], upsample_kernel_sizes=[32, 32],
            resblock_kernel_sizes=[3], resblock_dilation_sizes=[[1, 3]], wavenet_dilation_rate=1,
            posterior_encoder_num_wavenet_layers=2, prior_encoder_num_flows=2, duration_predictor_filter_channels=32,
        )  # fmt: skip
        torch.manual_seed(len(tag) + ord(tag[0]))
        model = library.VitsModel(config)
        torch.nn.init.normal_(model.decoder.conv_post.weight, std=0.02)
        model.save_pretrained(str(folder))


def build_speecht5(root: Path) -> None:
    import torch
    import transformers as library

    folder, vocoder = root / "microsoft--speecht5_tts", root / "microsoft--speecht5_hifigan"
    speakers = root / "datasets--Matthijs--cmu-arctic-xvectors"
    for made in (folder, vocoder, speakers):
        made.mkdir(parents=True)
    size = write_spelling(folder)
    torch.manual_seed(0)
    config = library.SpeechT5Config(
        vocab_size=max(81, size), hidden_size=32, encoder_layers=1, encoder_attention_heads=2, encoder_ffn_dim=32,
        decoder_layers=1, decoder_attention_heads=2, decoder_ffn_dim=32, speaker_embedding_dim=8,
        speech_decoder_prenet_units=16, speech_decoder_postnet_units=16, speech_decoder_postnet_layers=2,
    )  # fmt: skip
    model = library.SpeechT5ForTextToSpeech(config)
    torch.nn.init.constant_(model.speech_decoder_postnet.prob_out.bias, -5.0)  # speaks until it is stopped
    _save_bin(model, folder)
    hifigan = library.SpeechT5HifiGan(library.SpeechT5HifiGanConfig(upsample_initial_channel=32))
    for parameter in hifigan.parameters():
        if parameter.dim() > 1:
            torch.nn.init.kaiming_normal_(parameter)
    _save_bin(hifigan, vocoder)
    write_speakers(speakers, 8)


def write_spelling(folder: Path) -> int:
    """A tokenizer of letters; returns how many."""
    import sentencepiece
    import transformers as library

    spelled = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(["the quick brown fox jumps over the lazy dog", "THE QUICK BROWN FOX, 'it' said. Pack my box!"]),
        model_writer=spelled, model_type="char", vocab_size=60, hard_vocab_limit=False, pad_id=1, bos_id=0, eos_id=2, unk_id=3,
        minloglevel=2,
    )  # fmt: skip
    (folder / "spm_char.model").write_bytes(spelled.getvalue())
    tokenizer = library.SpeechT5Tokenizer(str(folder / "spm_char.model"))
    tokenizer.save_pretrained(str(folder))
    return len(tokenizer)


def write_speakers(folder: Path, width: int) -> None:
    """The readers' vectors."""
    with zipfile.ZipFile(folder / VECTORS, "w") as packed:
        for number, name in enumerate(READERS):
            vector = io.BytesIO()
            np.save(vector, np.random.default_rng(number).normal(size=width).astype(np.float32))
            packed.writestr(UTTERANCE.format(speaker=name), vector.getvalue())


def build_dia(root: Path) -> None:
    import torch
    import transformers as library

    torch.manual_seed(0)
    both: dict[str, Any] = {
        "max_position_embeddings": 3200, "num_hidden_layers": 1, "hidden_size": 32, "num_attention_heads": 2, "head_dim": 16,
    }  # fmt: skip
    encoder = library.DiaEncoderConfig(num_key_value_heads=2, intermediate_size=64, **both)
    decoder = library.DiaDecoderConfig(
        intermediate_size=64, num_key_value_heads=1, cross_num_attention_heads=2, cross_head_dim=16,
        cross_num_key_value_heads=2, cross_hidden_size=32, **both,
    )  # fmt: skip
    model = library.DiaForConditionalGeneration(library.DiaConfig(encoder_config=encoder, decoder_config=decoder))
    _save_in_two(model, root / "nari-labs--Dia-1.6B-0626")
    codec = library.DacConfig(
        encoder_hidden_size=8, decoder_hidden_size=32, downsampling_ratios=[2, 4, 8, 8], upsampling_ratios=[8, 8, 4, 2],
        n_codebooks=9, codebook_dim=4, hidden_size=128, sampling_rate=44100,
    )  # fmt: skip
    dac = library.DacModel(codec)
    torch.nn.init.normal_(dac.decoder.conv2.weight, std=0.3)
    dac.save_pretrained(str(root / "descript--dac_44khz"))


def build_vibevoice(root: Path) -> None:
    import torch
    import transformers as library

    folder = root / "vibevoice--VibeVoice-1.5B-hf"
    folder.mkdir(parents=True)
    size = write_byte_tokenizer(folder)
    (folder / "chat_template.jinja").write_text(TEMPLATE, "utf-8")
    sound = {"num_filters": 4, "downsampling_ratios": [4, 4, 5, 5, 8], "depths": [1, 1, 1, 1, 1, 1], "hidden_size": 8}
    config = library.VibeVoiceConfig(
        audio_config={"model_type": "vibevoice_acoustic_tokenizer", **sound},
        semantic_model_config={"model_type": "vibevoice_acoustic_tokenizer_encoder", **sound, "hidden_size": 16},
        text_config={
            "model_type": "qwen2", "vocab_size": size, "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 1,
            "num_attention_heads": 2, "num_key_value_heads": 1, "max_position_embeddings": 2048,
        },
        diffusion_head_config={"num_hidden_layers": 1, "intermediate_size": 64, "frequency_embedding_size": 32},
        pad_token_id=size - 4, eos_token_id=size - 4, audio_bos_token_id=size - 3, audio_eos_token_id=size - 2,
        audio_token_id=size - 1,
    )  # fmt: skip
    torch.manual_seed(0)
    model = library.VibeVoiceForConditionalGeneration(config)
    torch.nn.init.normal_(model.model.audio_tower.decoder.head.conv.weight, std=30.0)
    _save_in_two(model, folder)


def write_byte_tokenizer(folder: Path) -> int:
    """256 bytes and the four tokens that the model looks for, in the order in which the configuration counts them."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    vocabulary = {letter: place for place, letter in enumerate(sorted(pre_tokenizers.ByteLevel.alphabet()))}
    plain = Tokenizer(models.BPE(vocab=vocabulary, merges=[]))
    plain.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    plain.decoder = decoders.ByteLevel()
    special = ["<|endoftext|>", "<|vision_start|>", "<|vision_end|>", "<|vision_pad|>"]
    made = PreTrainedTokenizerFast(tokenizer_object=plain, eos_token=special[0], pad_token=special[0])
    made.add_special_tokens({"additional_special_tokens": special[1:]})
    made.save_pretrained(str(folder))
    return len(made)


def _save_in_two(model: Any, folder: Path) -> None:
    """As their makers did: weights in two files."""
    size = sum(tensor.nbytes for tensor in model.state_dict().values())
    model.save_pretrained(str(folder), max_shard_size=round(0.6 * size))


def _save_bin(model: Any, folder: Path) -> None:
    """As their makers did: one pickled file of tensors."""
    import torch

    model.config.save_pretrained(str(folder))
    torch.save(model.state_dict(), folder / "pytorch_model.bin")
