"""Whisper weights of the true layout, written to disk as CTranslate2 keeps them: no torch, no download.

They say a fixed text (whisper_script beside this module), whatever they hear; all that does not decide it is random. What they
prove is that loading, listening, times, options and limits work on the real library.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from ctranslate2.specs import whisper_spec
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers

from engines.transcription.common.whisper_weights import FASTER, LANGUAGES
from tests.engines.transcription.whisper_script import END, WORDS, Script, script, successors

SPEECH_STATES, LONGEST_TEXT, MELS = 1500, 448, 80
EMPTY_TOKEN = 50_256
"""Whisper's id of the empty token; CTranslate2 takes weights for multilingual by it."""

LAST_OF_V3 = "yue"


def tokenizer() -> Tokenizer:
    """Whisper's vocabulary in its true order, without merges: every text can be written in it, byte by byte."""
    words = {sign: number for number, sign in enumerate(sorted(pre_tokenizers.ByteLevel.alphabet()))}
    words |= {word: len(words) + number for number, word in enumerate(WORDS)}
    while len(words) < EMPTY_TOKEN:
        words[f"Ġw{len(words)}"] = len(words)
    words[""] = EMPTY_TOKEN
    made = Tokenizer(models.BPE(vocab=words, merges=[]))
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    languages = [code for code in LANGUAGES if code != LAST_OF_V3]
    special = ["<|endoftext|>", "<|startoftranscript|>", *(f"<|{code}|>" for code in languages)]
    special += ["<|translate|>", "<|transcribe|>", "<|startoflm|>", "<|startofprev|>", "<|nospeech|>", "<|notimestamps|>"]
    made.add_special_tokens([AddedToken(token, special=True) for token in special])
    made.add_tokens([AddedToken(f"<|{step * 0.02:.2f}|>", special=False) for step in range(SPEECH_STATES + 1)])
    return made


def vocabulary_of(words: Tokenizer) -> list[str]:
    """Every token by its number."""
    numbers = words.get_vocab()
    return sorted(numbers, key=numbers.__getitem__)


def write_faster_whisper(
    root: Path,
    size: str = "tiny",
    width: int = 64,
    layers: int = 2,
    heads: int = 2,
    *,
    loops: bool = False,
) -> Path:
    """Weights of one size under a weights root, where the studio looks for them.

    Args:
        loops: say the same words for ever, as Whisper does when it has lost the thread.
    """
    folder = root / FASTER[size].repo.replace("/", "--")
    folder.mkdir(parents=True)
    words = tokenizer()
    words.save(str(folder / "tokenizer.json"))
    vocabulary = vocabulary_of(words)
    spec = _spec(width, layers, heads, script(successors(loops=loops), vocabulary, width, 4 * width))
    spec.register_vocabulary(vocabulary)
    spec.config.suppress_ids, spec.config.suppress_ids_begin = [], [words.token_to_id(END)]
    spec.config.lang_ids = [words.token_to_id(f"<|{code}|>") for code in LANGUAGES if code != LAST_OF_V3]
    spec.config.alignment_heads = [(layer, 0) for layer in range(layers)]
    spec.validate()
    spec.optimize(quantization="float16")
    spec.save(str(folder))
    _as_the_repository_has_it(folder, size)
    return folder


def _as_the_repository_has_it(folder: Path, size: str) -> None:
    """The older repositories hold their vocabulary as text, one token a line."""
    written = folder / "vocabulary.json"
    if written.exists() and "vocabulary.txt" in FASTER[size].paths:
        tokens = json.loads(written.read_text("utf-8"))
        (folder / "vocabulary.txt").write_text("\n".join(tokens) + "\n", "utf-8")
        written.unlink()
    if "preprocessor_config.json" in FASTER[size].paths:
        (folder / "preprocessor_config.json").write_text(json.dumps({"feature_size": MELS}), "utf-8")


def _spec(width: int, layers: int, heads: int, said: Script) -> whisper_spec.WhisperSpec:
    random = np.random.default_rng(0)

    def weight(*shape: int) -> np.ndarray:
        return (random.standard_normal(shape) / np.sqrt(shape[-1])).astype(np.float32)

    def linear(spec: Any, rows: int, columns: int, *, silent: bool = False) -> None:
        spec.weight = np.zeros((rows, columns), np.float32) if silent else weight(rows, columns)
        spec.bias = np.zeros(rows, np.float32)

    def norm(spec: Any) -> None:
        spec.gamma, spec.beta = np.ones(width, np.float32), np.zeros(width, np.float32)

    def layer(spec: Any, *, decoder: bool) -> None:
        """One that attends, and in the decoder adds nothing by it."""
        norm(spec.self_attention.layer_norm)
        linear(spec.self_attention.linear[0], 3 * width, width)
        linear(spec.self_attention.linear[1], width, width, silent=decoder)
        if decoder:
            norm(spec.attention.layer_norm)
            for part, rows in zip(spec.attention.linear, (width, 2 * width, width), strict=True):
                linear(part, rows, width, silent=part is spec.attention.linear[-1])
        norm(spec.ffn.layer_norm)
        linear(spec.ffn.linear_0, 4 * width, width)
        linear(spec.ffn.linear_1, width, 4 * width, silent=decoder)

    spec = whisper_spec.WhisperSpec(layers, heads, layers, heads)
    for convolution, inputs in ((spec.encoder.conv1, MELS), (spec.encoder.conv2, width)):
        convolution.weight, convolution.bias = weight(width, inputs, 3), np.zeros(width, np.float32)
    spec.encoder.position_encodings.encodings = weight(SPEECH_STATES, width)
    for one in spec.encoder.layer:
        layer(one, decoder=False)
    for one in spec.decoder.layer:
        layer(one, decoder=True)
    norm(spec.encoder.layer_norm)
    norm(spec.decoder.layer_norm)
    _say(spec.decoder, said, width)
    return spec


def _say(decoder: Any, said: Script, width: int) -> None:
    decoder.position_encodings.encodings = np.zeros((LONGEST_TEXT, width), np.float32)
    decoder.embeddings.weight = decoder.projection.weight = said.embeddings
    decoder.layer_norm.beta = said.norm_bias
    last = decoder.layer[-1].ffn
    last.linear_0.weight, last.linear_0.bias, last.linear_1.weight = said.rise, said.rise_bias, said.fall
