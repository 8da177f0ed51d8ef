"""The decoder with a grammar, by the C interface, hears what the package's own hears, and lets other threads go on meanwhile."""

from __future__ import annotations

import itertools
import threading
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest

from engines.contract.errors import EngineError
from engines.transcription.common.transcript import model_input
from engines.verification.reading_follower.engine import LONGEST_TEXT, reading_grammar
from engines.verification.reading_follower.grammar_decoder import BEAMS, LONGEST_WHOLE, PIECE, GrammarDecoder
from media.audio.decode import decode_audio

pocketsphinx = pytest.importorskip("pocketsphinx", reason="pocketsphinx has no wheel for this Python")
VOICES = Path(__file__).resolve().parents[3] / "assets" / "voices"
CMN = "41.00,-5.29,-0.12,5.09,2.48,-4.07,-1.37,-1.78,-5.08,-2.05,-6.45,-1.42,1.17"
READINGS = (
    ("LJ001-0001", "printing in the only sense with which we are at present concerned differs from most if not all the arts"),
    ("LJ001-0001", "printing in the sense with which we are we are at present not at all concerned differs"),
    ("LJ001-0002", "in being comparatively modern"),
    ("LJ001-0002", "nothing of this was said"),
    ("LJ001-0002", "in being zyxquibble modern"),
)


def pcm(name: str) -> np.ndarray:
    return (model_input(decode_audio(VOICES / f"{name}.wav")) * 32767).clip(-32768, 32767).astype(np.int16)


def by_the_package(decoder: Any, name: str, words: list[str], sound: np.ndarray) -> list[tuple[str, int, int]]:
    arcs, final = reading_grammar(words)
    decoder.add_fsg(name, decoder.create_fsg(name, 0, final, arcs))
    decoder.activate_search(name)
    decoder.set_cmn(CMN)
    decoder.start_utt()
    if sound.size <= LONGEST_WHOLE:
        decoder.process_raw(sound.tobytes(), full_utt=True)
    else:
        for first in range(0, sound.size, PIECE):
            decoder.process_raw(sound[first : first + PIECE].tobytes())
    decoder.end_utt()
    return [(part.word, part.start_frame, part.end_frame) for part in decoder.seg() or ()]


@pytest.fixture
def decoder() -> GrammarDecoder:
    made = GrammarDecoder()
    assert not made.knows("zyxquibble")
    made.add_word("zyxquibble", "Z IH K S K W IH B AH L")
    assert made.knows("zyxquibble")
    return made


def test_the_words_are_the_same(decoder: GrammarDecoder) -> None:
    usual = pocketsphinx.Decoder(loglevel="FATAL", samprate=16_000, lm=None, **BEAMS)
    usual.add_word("zyxquibble", "Z IH K S K W IH B AH L", True)
    for number, (name, text) in enumerate(READINGS):
        decoder.follow(*reading_grammar(text.split()))
        heard = decoder.heard(pcm(name), lambda: None)
        assert heard == by_the_package(usual, str(number), text.split(), pcm(name)) != [], text


def test_the_words_of_a_long_sound_are_the_same_and_each_piece_is_asked_for(decoder: GrammarDecoder) -> None:
    sound = np.concatenate([pcm("LJ001-0002"), np.zeros(LONGEST_WHOLE, np.int16), pcm("LJ001-0002")])
    words = [*READINGS[2][1].split(), *READINGS[2][1].split()]
    usual = pocketsphinx.Decoder(loglevel="FATAL", samprate=16_000, lm=None, **BEAMS)
    asked = itertools.count()
    decoder.follow(*reading_grammar(words))
    assert decoder.heard(sound, lambda: next(asked)) == by_the_package(usual, "long", words, sound) != []
    assert next(asked) == -(-sound.size // PIECE)


def test_a_cancelled_sound_leaves_the_decoder_ready_for_the_next(decoder: GrammarDecoder) -> None:
    decoder.follow(*reading_grammar(["in", "being"]))
    once = decoder.heard(pcm("LJ001-0002"), lambda: None)

    def cancel() -> None:
        raise InterruptedError

    with pytest.raises(InterruptedError):
        decoder.heard(np.zeros(LONGEST_WHOLE + 1, np.int16), cancel)
    assert decoder.heard(pcm("LJ001-0002"), lambda: None) == once


def test_a_word_that_nobody_taught_it_is_refused(decoder: GrammarDecoder) -> None:
    with pytest.raises(EngineError):
        decoder.follow(*reading_grammar(["in", "unheardofword"]))
    decoder.follow(*reading_grammar(["in", "being"]))
    assert decoder.heard(pcm("LJ001-0002"), lambda: None)


def test_grammars_that_are_done_with_leave_the_memory(decoder: GrammarDecoder) -> None:
    words = (READINGS[0][1].split() * 20)[: LONGEST_TEXT // 5]
    taken = []
    for _ in range(30):
        decoder.follow(*reading_grammar(words))
        taken.append(psutil.Process().memory_info().rss)
    assert taken[-1] - taken[9] < 20 * (taken[0] / 1000 + (1 << 20))


def test_other_threads_go_on_while_it_listens(decoder: GrammarDecoder) -> None:
    """A thread that beats as fast as it is let: with the interpreter held it gets a dozen turns, however long the sound."""
    beats, inside, done = 0, threading.Event(), threading.Event()

    def beat() -> None:
        nonlocal beats
        while not done.wait(0.001):
            beats += inside.is_set()

    heart = threading.Thread(target=beat)
    heart.start()
    decoder.follow(*reading_grammar(READINGS[0][1].split()))
    inside.set()
    decoder.heard(np.tile(pcm("LJ001-0001"), 3), lambda: None)
    inside.clear()
    done.set()
    heart.join()
    assert beats > 50
