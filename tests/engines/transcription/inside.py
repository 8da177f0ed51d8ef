"""Run by the model environment's Python: what the torch Whisper believes of its words, and where it looks for speech.

python -m tests.engines.transcription.inside WEIGHTS CLIP
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np

from engines.contract import EnginePaths
from engines.transcription.common.transcript import RATE
from engines.transcription.whisper_transformers.confidence import Confidence, confidences, speech_spans
from engines.transcription.whisper_transformers.engine import WhisperTransformers, WhisperTransformersOptions
from media.audio.audio import Audio
from media.audio.decode import decode_audio
from media.audio.resample import resample


class Silent:
    def progress(self, fraction: float, note: str = "") -> None: ...

    def check(self) -> None: ...


def main(weights: Path, clip: Path) -> dict[str, Any]:
    speech = resample(decode_audio(clip).mono(), RATE).samples[:, 0]
    times = np.arange(8 * RATE) / RATE
    notes = np.array([220.0, 277.0, 330.0])[:, None]
    chord = (0.1 * np.sin(2 * np.pi * notes * times).sum(axis=0)).astype(np.float32)
    mixed = np.concatenate([np.zeros(4 * RATE, np.float32), speech, chord])
    engine = WhisperTransformers(EnginePaths(weights, weights, (weights,)), WhisperTransformersOptions(size="tiny"), Silent())
    engine.load()
    tokenizer = engine._loaded().tokenizer
    tokenizer.encode = lambda text, **_: [
        tokenizer.convert_tokens_to_ids(f"Ġ{word}") for word in text.split()
    ]  # it has no merges
    asked: list[float] = []
    listen = engine._listen

    def listening(pieces: Any, language: str, temperature: float = 0.0) -> list[dict[str, Any]]:
        asked.append(temperature)
        return listen(pieces, language, temperature)

    engine._listen = listening  # type: ignore[method-assign]
    said = listen([speech], "en")[0]["text"].strip()
    true, false = confidences(engine._loaded(), [speech, speech], [said, "said in english these"], "en", "transcribe", RATE)
    heard = engine.transcribe(Audio(speech, RATE), "en")
    sure_asked = list(asked)
    asked.clear()
    engine._sure = lambda pieces, answers, language: [Confidence(-2.0, 0.1)] * len(pieces)  # type: ignore[method-assign]
    doubted = engine.transcribe(Audio(speech, RATE), "en")
    unsure_asked = list(asked)
    engine._sure = lambda pieces, answers, language: [Confidence(-2.0, 0.9)] * len(pieces)  # type: ignore[method-assign]
    return {
        "true": true.log_probability,
        "false": false.log_probability,
        "quiet": true.no_speech,
        "spans": [[start / RATE, end / RATE] for start, end in speech_spans(mixed, RATE)],
        "music": engine.transcribe(Audio(chord, RATE), "en").text,
        "doubts": [one.doubt for one in heard.segments],
        "asked": [sure_asked, unsure_asked],
        "marked": [one.doubt for one in doubted.segments],
        "made up": engine.transcribe(Audio(speech, RATE), "en").text,
    }


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main(Path(sys.argv[1]), Path(sys.argv[2]))))
