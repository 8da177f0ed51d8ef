"""pocketsphinx by its C interface hears what the package's own decoder hears, and lets other threads go on meanwhile."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engines.common.pocketsphinx_library import ALIGNED, PHONES, WORDS, SphinxDecoder
from engines.contract.errors import EngineError
from engines.transcription.common.transcript import model_input
from media.audio.decode import decode_audio
from tests.engines.transcription.conftest import SPOKEN

pocketsphinx = pytest.importorskip("pocketsphinx", reason="pocketsphinx has no wheel for this Python")
TEXT = "has never been surpassed"


def pcm(path: Path) -> np.ndarray:
    return (model_input(decode_audio(path)) * 32767).clip(-32768, 32767).astype(np.int16)


def listened(decoder: Any, sound: np.ndarray) -> None:
    decoder.start_utt()
    decoder.process_raw(sound.tobytes(), full_utt=True)
    decoder.end_utt()


def test_the_words_are_the_same() -> None:
    usual = pocketsphinx.Decoder(samprate=16_000, loglevel="FATAL", cmn="batch")
    ours = SphinxDecoder(WORDS)
    for path in (SPOKEN, SPOKEN.with_name("LJ001-0002.wav"), SPOKEN):
        listened(usual, pcm(path))
        assert ours.decode(pcm(path)) == [(one.word, one.start_frame, one.end_frame) for one in usual.seg()] != []


def test_the_phones_are_the_same_heard_and_aligned() -> None:
    phones = {"allphone": pocketsphinx.get_model_path("en-us/en-us-phone.lm.bin"), "beam": 1e-20, "pbeam": 1e-20, "lw": 2.0}
    usual = pocketsphinx.Decoder(samprate=16_000, loglevel="FATAL", lm=None, **phones)
    listened(usual, pcm(SPOKEN))
    assert SphinxDecoder(PHONES).decode(pcm(SPOKEN)) == [(one.word, one.start_frame, one.end_frame) for one in usual.seg()]
    usual = pocketsphinx.Decoder(samprate=16_000, loglevel="FATAL", lm=None, bestpath=False)
    usual.set_align_text(TEXT)
    listened(usual, pcm(SPOKEN))
    usual.set_alignment()
    listened(usual, pcm(SPOKEN))
    expected = [(phone.name, phone.start, phone.start + phone.duration) for word in usual.get_alignment() for phone in word]
    assert SphinxDecoder(ALIGNED).align(pcm(SPOKEN), TEXT) == expected != []


def test_a_text_that_does_not_fit_is_refused_and_the_next_one_is_aligned() -> None:
    decoder = SphinxDecoder(ALIGNED)
    assert decoder.knows("never") and not decoder.knows("zzyzx") and not decoder.knows("é")
    with pytest.raises(EngineError):
        decoder.align(pcm(SPOKEN), "zzyzx")
    with pytest.raises(EngineError):
        decoder.align(pcm(SPOKEN)[:100], TEXT)
    assert decoder.align(pcm(SPOKEN), TEXT)


def test_sound_of_next_to_no_length_is_heard_as_nothing() -> None:
    decoder = SphinxDecoder(WORDS)
    for samples in (0, 1, 100):
        assert [word for word, _, _ in decoder.decode(np.zeros(samples, np.int16)) if word[0] not in "<["] == []


def test_other_threads_go_on_while_it_listens() -> None:
    """A thread that beats as fast as it is let: with the interpreter held it gets a dozen turns, however long the utterance."""
    decoder, beats, inside, done = SphinxDecoder(WORDS), 0, threading.Event(), threading.Event()

    def beat() -> None:
        nonlocal beats
        while not done.wait(0.001):
            beats += inside.is_set()

    heart = threading.Thread(target=beat)
    heart.start()
    inside.set()
    decoder.decode(np.tile(pcm(SPOKEN), 4))
    inside.clear()
    done.set()
    heart.join()
    assert beats > 50
