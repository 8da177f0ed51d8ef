"""The reference of F5-TTS: the prepared clip, its transcript, and the length of text that fits beside it.

The model continues the clip, so that clip and new speech share 22 seconds: beyond, towards the 30 seconds of its training, it
drops words. It speaks at the clip's rate. Loudness and the short silence after the clip follow upstream
(src/f5_tts/infer/utils_infer.py); the silence keeps the clip's last sound out of the new speech, and a longer one would have to
be filled. Upstream trims clips to 12 seconds; here up to 15 are allowed, which leave less room for each passage.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engines.contract.errors import EngineError
from media.audio.audio import Audio, Samples

RATE = 24_000
HOP = 256
LONGEST_CLIP = 15.0
LONGEST_TOTAL = 22.0
SILENCE_AFTER = 0.05
LOUDNESS = 0.1
"""Root mean square that quieter clips are raised to; their speech is lowered again by as much."""

QUIET = 10 ** (-42 / 20)
SLOWEST, FASTEST = 0.25, 0.02
"""Seconds for one byte of text; a clip outside of this does not go with its transcript."""

SHORT_TEXT_BYTES, SHORT_TEXT_PACE = 10, 0.3
"""So short a text gets more time for each of its bytes, else its word is swallowed."""


@dataclass(frozen=True)
class Reference:
    """A voice in the form that the model needs.

    Args:
        samples: mono float32 at 24 kHz, with silence at the end, at least at the model's minimum level.
        text: the transcript, with punctuation at its end.
        gain: factor that brings the speech to the loudness of the clip.
        seconds_per_byte: speaking rate of the clip.
    """

    samples: Samples
    text: str
    gain: float
    seconds_per_byte: float

    @property
    def frames(self) -> int:
        """The length in frames of the model's spectrogram."""
        return len(self.samples) // HOP

    def frames_for(self, text: str, speed: float) -> int:
        """Return the number of frames for a text, at most what is left beside the clip, which bounds every generation."""
        size = len(text.encode("utf-8", "surrogatepass"))
        pace = speed * (SHORT_TEXT_PACE if size < SHORT_TEXT_BYTES else 1.0)
        seconds = min(self.seconds_per_byte * size / pace, LONGEST_TOTAL - self.frames * HOP / RATE)
        return max(1, round(seconds * RATE / HOP))

    def longest_text(self, speed: float) -> int:
        """Return the number of bytes of text that fit beside the clip in one pass."""
        return max(24, int((LONGEST_TOTAL - len(self.samples) / RATE) / self.seconds_per_byte * speed))


def prepare(clip: Path, transcript: str) -> Reference:
    """Read a voice's clip.

    Raises:
        EngineError: the clip is too long or silent, or does not match its transcript.
        MediaError: it cannot be read.
    """
    from media.audio.decode import decode_audio  # brings libav, which the module's importers do without
    from media.audio.resample import resample

    audio = resample(decode_audio(clip).mono(), RATE)
    speech = _without_silent_ends(audio)
    if len(speech) > LONGEST_CLIP * RATE:
        raise EngineError("speech.clip-too-long", engine="F5-TTS", longest=LONGEST_CLIP, seconds=len(speech) / RATE)
    text = _as_sentence(transcript)
    pace = len(speech) / RATE / len(text.encode("utf-8", "surrogatepass"))
    if not FASTEST <= pace <= SLOWEST:
        raise EngineError("f5.transcript-too-short" if pace > SLOWEST else "f5.transcript-too-long")
    level = float(np.sqrt(np.mean(np.square(speech))))
    raised = max(1.0, LOUDNESS / level)
    padded = np.concatenate([speech, np.zeros(round(SILENCE_AFTER * RATE), np.float32)])
    return Reference((padded * raised).astype(np.float32), text, 1 / raised, pace)


def _without_silent_ends(audio: Audio) -> Samples:
    samples = audio.samples[:, 0]
    loud = np.flatnonzero(np.abs(samples) > QUIET)
    if not loud.size:
        raise EngineError("f5.clip-silent")
    margin = round(0.05 * RATE)
    return samples[max(0, loud[0] - margin) : loud[-1] + margin]


def _as_sentence(transcript: str) -> str:
    text = " ".join(transcript.split())
    if text.endswith("。"):
        return text
    return f"{text} " if text.endswith((".", "!", "?")) else f"{text}. "
