"""Short sounds, read without the half minute of silence that Whisper is trained to expect behind them.

Nearly all of the time of a short sound goes into the encoder, which reads thirty seconds whatever was said. It takes fewer, with
the same words where enough silence stays behind the last one; where too little does, the decoder begins to repeat itself, or is
unsure. Such a reading is not used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from engines.contract import TranscribedSegment
from engines.transcription.common.hallucination import GuardedSegment, doubt_of
from engines.transcription.common.transcript import RATE

if TYPE_CHECKING:
    from faster_whisper import WhisperModel

LONGEST = 12.0
"""Seconds of sound that are read this way; of more the saving is small."""

_BEHIND = (2.0, 6.0)
"""Seconds of silence behind it, at the first try and at the second. With one second whole sentences came out wrong."""

_FRAMES_A_SECOND = 100
_TOKENS_A_SECOND, _TOKENS_AT_LEAST = 12, 24


def read_short_sound(model: WhisperModel, samples: NDArray[np.float32], language: str, beam_size: int) -> GuardedSegment | None:
    """Return what is said in it, as one stretch without word times; None if no reading is to be relied on.

    Args:
        samples: mono at 16 kHz, at most `LONGEST` seconds. language: a code of Whisper's.
    """
    features = model.feature_extractor(samples)
    readings = (_read(model, features, samples.size / RATE, behind, language, beam_size) for behind in _BEHIND)
    return next((one for one in readings if one.segment.text and not doubt_of(one)), None)


def _read(
    model: WhisperModel, features: NDArray[np.float32], seconds: float, behind: float, language: str, beam_size: int
) -> GuardedSegment:
    from faster_whisper.tokenizer import Tokenizer

    frames = 2 * round((seconds + behind) * _FRAMES_A_SECOND / 2)
    kept = features[:, :frames]
    kept = np.pad(kept, [(0, 0), (0, frames - kept.shape[1])])
    tokenizer = Tokenizer(model.hf_tokenizer, model.model.is_multilingual, task="transcribe", language=language)
    prompt = [*tokenizer.sot_sequence, tokenizer.no_timestamps]
    encoded = model.encode(kept)
    (found,) = model.model.generate(
        encoded,
        [prompt],
        beam_size=beam_size,
        max_length=len(prompt) + _TOKENS_AT_LEAST + round(seconds * _TOKENS_A_SECOND),
        return_scores=True,
        return_no_speech_prob=True,
    )
    text = tokenizer.decode([one for one in found.sequences_ids[0] if one < tokenizer.eot]).strip()
    return GuardedSegment(TranscribedSegment(text, 0.0, round(seconds, 3)), float(found.scores[0]), float(found.no_speech_prob))
