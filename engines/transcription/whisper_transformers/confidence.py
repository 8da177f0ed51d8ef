"""Confidence of Whisper's words and detection of speech, computed as openai-whisper and faster-whisper do.

transformers' pipeline returns words without probabilities. One pass of the decoder over the finished text gives them for a whole
batch at the cost of a single step: the mean log probability of the words, and at the first position the probability of no speech
(openai-whisper's `transcribe.py` and `decoding.py`; the thresholds are theirs, and faster-whisper's).
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from transformers import AutomaticSpeechRecognitionPipeline

LEAST_LOG_PROBABILITY, MOST_NO_SPEECH, MOST_COMPRESSION = -1.0, 0.6, 2.4
TEMPERATURES = (0.2, 0.4, 0.6, 0.8, 1.0)
"""After the first reading, which has no chance in it."""

NO_SPEECH_TOKENS = ("<|nospeech|>", "<|nocaptions|>")
_SILENCE_MS, _PAD_MS = 2_000, 400
"""faster-whisper's own: pauses from two seconds on part speech, and so much is kept around it."""
_MOST_TEXT = 224
"""Tokens of the text that count: half of the decoder's context, as openai-whisper allows."""


@dataclass(frozen=True)
class Confidence:
    """Confidence of one piece: the mean log probability of its tokens, and the probability of no speech."""

    log_probability: float
    no_speech: float

    @property
    def silent(self) -> bool:
        """Whether the words are hallucinated over a piece without speech."""
        return self.no_speech > MOST_NO_SPEECH and self.log_probability < LEAST_LOG_PROBABILITY

    def wants_another(self, text: str) -> bool:
        """Return whether to decode again at a higher temperature: for unlikely words or a loop, not for silence."""
        if self.silent:
            return False
        return self.log_probability < LEAST_LOG_PROBABILITY or compression(text) > MOST_COMPRESSION


def compression(text: str) -> float:
    """Return the compression ratio of the text, which is high for loops."""
    raw = text.encode("utf-8", "replace")
    return len(raw) / len(zlib.compress(raw)) if raw else 0.0


def confidences(
    listener: AutomaticSpeechRecognitionPipeline,
    pieces: Sequence[np.ndarray],
    texts: Sequence[str],
    language: str,
    task: str,
    rate: int,
) -> list[Confidence]:
    """Return the confidence of each piece for its recognised text."""
    import torch

    model, tokenizer = listener.model, listener.tokenizer
    features = listener.feature_extractor(list(pieces), sampling_rate=rate, return_tensors="pt").input_features
    prompt = _prompt(listener, language, task)
    end = tokenizer.eos_token_id
    spoken = [tokenizer.encode(" " + text, add_special_tokens=False)[:_MOST_TEXT] if text else [] for text in texts]
    longest = max(map(len, spoken))
    ids = torch.tensor([[*prompt, *one, *[end] * (longest - len(one))] for one in spoken], device=model.device)
    with torch.inference_mode():
        given = model(input_features=features.to(model.device, model.dtype), decoder_input_ids=ids)
        logits = given.logits.float()
        chances = torch.log_softmax(logits, dim=-1)
    quiet = next((tokenizer.convert_tokens_to_ids(one) for one in NO_SPEECH_TOKENS if one in tokenizer.get_vocab()), None)
    found = []
    for row, one in enumerate(spoken):
        places = torch.arange(len(prompt) - 1, len(prompt) - 1 + len(one), device=model.device)
        tokens = torch.tensor(one, device=model.device)
        mean = float(chances[row, places, tokens].mean()) if one else 0.0
        silent = 0.0 if quiet is None else float(torch.softmax(logits[row, 0], dim=-1)[quiet])
        found.append(Confidence(mean, silent))
    return found


def _prompt(listener: AutomaticSpeechRecognitionPipeline, language: str, task: str) -> list[int]:
    """Return the tokens for start, language, task and first timestamp with which the text was decoded, as far as this checkpoint
    has them.
    """
    known = listener.tokenizer.get_vocab()
    wanted = ("<|startoftranscript|>", f"<|{language}|>", f"<|{task}|>", "<|0.00|>")
    return [known[token] for token in wanted if token in known]


@cache
def _detector() -> Any:
    """Return Silero's network, from the file in its package.

    Its import sets torch's number of threads to one for the whole process; this function restores it.
    """
    import torch

    threads = torch.get_num_threads()
    from silero_vad import load_silero_vad

    model = load_silero_vad()
    torch.set_num_threads(threads)
    return model


def speech_spans(samples: np.ndarray, rate: int) -> list[tuple[int, int]]:
    """Return the spans with speech, [start, end) in samples, by Silero VAD with faster-whisper's settings."""
    import torch

    detector = _detector()
    from silero_vad import get_speech_timestamps

    found: list[dict[str, Any]] = get_speech_timestamps(
        torch.from_numpy(np.ascontiguousarray(samples, np.float32)), detector, sampling_rate=rate,
        min_silence_duration_ms=_SILENCE_MS, speech_pad_ms=_PAD_MS,
    )  # fmt: skip
    return [(int(span["start"]), int(span["end"])) for span in found]


def parted(
    samples: np.ndarray, spans: Sequence[tuple[int, int]], rate: int, longest: float
) -> Iterator[tuple[float, np.ndarray]]:
    """Yield the spans as pieces of at most `longest` seconds, split at pauses, each with its start in seconds."""
    from media.audio.audio import Audio
    from media.audio.silence import cut_at_pauses

    for start, end in spans:
        for part in cut_at_pauses([Audio(samples[start:end], rate)], longest):
            yield start / rate + part.start, part.audio.samples[:, 0]
