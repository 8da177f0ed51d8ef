from __future__ import annotations

import numpy as np
import pytest

from engines.speech.espeak.engine import EspeakOptions
from engines.speech.hibari.engine import HibariOptions
from media.audio.audio import Audio
from studio.verification.audio_check import check_take, speed_of, spoken_weight

RATE = 16_000
TEXT = "The rabbit-hole went straight on like a tunnel for some way, and then dipped suddenly down."


def speech(seconds: float, before: float = 0.2, after: float = 0.3, level: float = 0.1) -> Audio:
    """Noise with the rhythm of syllables between two stretches of silence."""
    times = np.arange(round(seconds * RATE)) / RATE
    sound = np.random.default_rng(1).normal(0, level, times.size) * (0.55 + 0.45 * np.sin(2 * np.pi * 4 * times))
    return Audio(np.concatenate([np.zeros(round(before * RATE)), sound, np.zeros(round(after * RATE))]).astype(np.float32), RATE)


def test_an_ordinary_take_passes_and_its_bounds_are_found() -> None:
    check = check_take(speech(6.5), TEXT)
    assert check.passed
    assert check.score == 1.0
    assert check.speech_start == pytest.approx(0.2, abs=0.02)
    assert check.speech_end == pytest.approx(6.7, abs=0.03)


@pytest.mark.parametrize(
    ("take", "says"),
    [
        (Audio(np.zeros(RATE * 6, np.float32), RATE), "Nothing can be heard"),
        (Audio(np.zeros((0, 1), np.float32), RATE), "Nothing can be heard"),
        (speech(1.5), "too short"),
        (speech(20), "too long"),
        (Audio(np.clip(speech(6.5).samples * 60, -1, 1), RATE), "clipped"),
        (
            Audio(np.concatenate([speech(3).samples, np.zeros((RATE * 3, 1), np.float32), speech(3).samples]), RATE),
            "silence of 3",
        ),
        (Audio(0.1 * np.sin(np.arange(RATE * 6) * 0.2).astype(np.float32), RATE), "steady"),
    ],
)
def test_what_goes_wrong_is_said(take: Audio, says: str) -> None:
    check = check_take(take, TEXT)
    assert any(says in str(problem) for problem in check.problems), check
    assert check.score < 1.0


def test_worse_takes_score_lower() -> None:
    scores = [check_take(take, TEXT).score for take in (speech(6.5), speech(20), speech(40), Audio(np.zeros(RATE), RATE))]
    assert scores == sorted(scores, reverse=True)
    assert len(set(scores)) == len(scores)


def test_a_quicker_voice_may_be_shorter() -> None:
    assert not check_take(speech(2.0), TEXT).passed
    assert check_take(speech(3.0), TEXT, speed=2.0).passed
    assert speed_of(HibariOptions(speed=2)) == 2.0
    assert speed_of(EspeakOptions(speed=330)) == 2.0


def test_a_short_word_may_be_one_vowel() -> None:
    assert check_take(speech(0.25), "Oh!").passed
    assert check_take(speech(0.6), "I").passed


def test_figures_and_ideographs_take_longer_than_letters() -> None:
    assert spoken_weight("1999") > spoken_weight("abcd") * 3
    assert spoken_weight("今天天气") > spoken_weight("abcd") * 3
