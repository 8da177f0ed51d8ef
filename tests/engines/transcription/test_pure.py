"""The parts that need no recogniser: pauses, loops, the choice of an engine."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engines.contract.errors import EngineNotReady
from engines.transcription.common.repetition import repeated_phrase
from engines.transcription.defaults import choose_transcriber
from media.audio.audio import Audio, concatenate, silence
from media.audio.silence import cut_at_pauses
from tests.media.samples import in_blocks, noise, speech


def test_a_long_sound_is_cut_in_its_pauses() -> None:
    parts = [noise(4.0, amplitude=0.2, seed=seed) for seed in range(5)]
    sound = concatenate([one for part in parts for one in (part, silence(0.5, part.rate))])
    cuts = [part.start for part in cut_at_pauses(in_blocks(sound)(), 6.0)]
    assert cuts[0] == 0 and all(abs((cut % 4.5) - 4.25) < 0.2 for cut in cuts[1:]), cuts


@pytest.mark.parametrize("block", (1_000, 7_919, 500_000))
def test_parts_join_to_the_same_sound_whatever_blocks_it_comes_in(block: int) -> None:
    sound = speech()
    parts = list(cut_at_pauses(in_blocks(sound, block)(), 7.0))
    assert concatenate([part.audio for part in parts]) == sound
    assert all(part.audio.duration <= 7.0 for part in parts)
    whole = [part.start for part in cut_at_pauses([sound], 7.0)]
    assert [part.start for part in parts] == whole


def test_silence_is_cut_into_long_parts_and_nothing_into_none() -> None:
    assert len(list(cut_at_pauses([silence(60, 16_000)], 20.0))) <= 4
    assert list(cut_at_pauses([], 20.0)) == []
    assert list(cut_at_pauses([Audio(np.zeros((0, 1), np.float32), 16_000)], 20.0)) == []


@pytest.mark.parametrize(
    ("text", "loops"),
    (
        ("thank you " * 8, True),
        ("so so so so so so so so", True),
        ("I went home, and then I went home again to see it.", False),
        ("No, no, no, I said, never in my life.", False),
        ("この場合" * 12, True),
        ("the cat sat on the mat and " * 3, True),
        ("", False),
        ("He said that that that was wrong.", False),
    ),
)
def test_loops_are_told_from_what_people_say(text: str, loops: bool) -> None:
    assert bool(repeated_phrase(text)) is loops


@given(st.lists(st.sampled_from(["river", "stone", "winter"]), min_size=1, max_size=4), st.integers(6, 20))
@settings(max_examples=40, deadline=None)
def test_any_phrase_said_often_enough_is_a_loop(phrase: list[str], rounds: int) -> None:
    assert repeated_phrase(" ".join(phrase * rounds))


@pytest.mark.parametrize(
    ("language", "ready", "torch_gpu", "ctranslate2_gpu", "chosen"),
    (
        ("auto", ["pocketsphinx"], False, False, "pocketsphinx"),
        ("en-GB", ["pocketsphinx", "faster-whisper"], False, False, "faster-whisper"),
        ("de", ["pocketsphinx", "faster-whisper", "whisper-gpu"], True, False, "whisper-gpu"),
        ("de", ["pocketsphinx", "faster-whisper", "whisper-gpu"], True, True, "faster-whisper"),
        ("de", ["whisper-gpu"], True, True, "whisper-gpu"),
        ("auto", ["pocketsphinx", "whisper-gpu"], False, False, "whisper-gpu"),
    ),
)
def test_auto_takes_the_best_that_is_ready(
    language: str, ready: list[str], torch_gpu: bool, ctranslate2_gpu: bool, chosen: str
) -> None:
    choice = choose_transcriber(language, ready, torch_gpu=torch_gpu, ctranslate2_gpu=ctranslate2_gpu)
    assert choice.engine_id == chosen and choice.why.endswith(".")


def test_auto_says_what_is_missing() -> None:
    with pytest.raises(EngineNotReady, match="de"):
        choose_transcriber("de", ["pocketsphinx"], torch_gpu=False, ctranslate2_gpu=False)
    with pytest.raises(EngineNotReady):
        choose_transcriber("auto", [], torch_gpu=False, ctranslate2_gpu=False)
