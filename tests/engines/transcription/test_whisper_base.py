"""Whisper base on real speech: what a person reads and what the built-in voices say; skipped where it is not here."""

from __future__ import annotations

from typing import Any

import jiwer
import numpy as np
import pytest
from numpy.typing import NDArray

from bench.engines.voices import CLIPS
from engines.contract import EnginePaths, SpeechRequest
from engines.speech.hibari.engine import Hibari
from engines.transcription.faster_whisper import short_sound
from engines.transcription.faster_whisper.engine import FasterWhisper, FasterWhisperOptions
from media.audio.audio import Audio
from media.audio.decode import decode_audio
from studio.verification.text_normalisation import comparable_words
from tests.engines.contract_suite import loaded
from tests.model_weights import whisper_base

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def whisper(site: EnginePaths) -> FasterWhisper:
    whisper_base()
    engine = loaded(FasterWhisper, site, FasterWhisperOptions(size="base", device="cpu", beam_size=1))
    assert isinstance(engine, FasterWhisper)
    return engine


def errors(whisper: FasterWhisper, audio: Audio, text: str) -> float:
    wanted, heard = (" ".join(comparable_words(words, "en")) for words in (text, whisper.transcribe(audio, "en").text))
    return float(jiwer.wer(wanted, heard))


def test_it_writes_down_a_person_reading(whisper: FasterWhisper, site: EnginePaths) -> None:
    name = "LJ001-0005"
    assert errors(whisper, decode_audio(site.assets / "voices" / f"{name}.wav"), CLIPS[name]) < 0.08


def test_it_understands_the_built_in_voice_with_a_date_and_a_word_of_two_sounds(whisper: FasterWhisper, hibari: Hibari) -> None:
    text = "I will read the letter that you read to Doctor Brown on the third of March 2024."
    spoken = hibari.synthesize(SpeechRequest(text))
    assert errors(whisper, spoken.audio, text) <= 0.12


def test_a_short_sound_is_read_quickly_and_a_doubtful_one_in_the_usual_way(
    site: EnginePaths, whisper: FasterWhisper, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The encoder is given as much as was said and a little silence; a reading that is in doubt is not taken."""
    quick = FasterWhisper(site, FasterWhisperOptions(size="base", device="cpu", beam_size=1, short=True), whisper.run)
    assert whisper._model is not None
    quick._model = whisper._model
    usual: list[int] = []
    listen = quick._listen

    def counted(samples: NDArray[np.float32], *args: Any, **more: Any) -> Any:
        usual.append(samples.size)
        return listen(samples, *args, **more)

    monkeypatch.setattr(quick, "_listen", counted)
    for name in ("LJ001-0002", "LJ001-0005"):
        assert errors(quick, decode_audio(site.assets / "voices" / f"{name}.wav"), CLIPS[name]) < 0.08
    assert not usual
    monkeypatch.setattr(short_sound, "doubt_of", lambda heard: "a doubt")
    name = "LJ001-0002"
    assert errors(quick, decode_audio(site.assets / "voices" / f"{name}.wav"), CLIPS[name]) < 0.08
    assert len(usual) == 1
