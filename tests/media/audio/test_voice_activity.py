"""Where somebody speaks in a sound that comes in piece by piece."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from media.audio.decode import decode_audio
from media.audio.resample import resample
from media.audio.voice_activity import RATE, UtteranceCutter, model_file

VOICES = Path("assets/voices")
CLIPS = sorted(VOICES.glob("LJ001-*.wav"))
PIECE = 640


def spoken(path: Path) -> np.ndarray:
    return np.asarray(resample(decode_audio(path).mono(), RATE).samples[:, 0])


def hiss(seconds: float, level: float = 0.002) -> np.ndarray:
    return np.random.default_rng(7).normal(0, level, round(seconds * RATE)).astype(np.float32)


def cut(sound: np.ndarray) -> list[tuple[float, float]]:
    cutter = UtteranceCutter()
    found = [one for at in range(0, sound.size, PIECE) for one in cutter.feed(sound[at : at + PIECE])]
    return [(one.start, one.start + one.duration) for one in found]


def test_the_network_is_where_its_package_brings_it() -> None:
    """A later faster-whisper may name it otherwise: the rehearsal then says that it cannot listen."""
    assert model_file() is not None


def test_sentences_with_pauses_between_them_are_cut_at_the_pauses() -> None:
    sounds = [spoken(path) for path in CLIPS[:3]]
    track = [hiss(1.0)]
    wanted = []
    for sound in sounds:
        start = sum(map(len, track)) / RATE
        wanted.append((start, start + sound.size / RATE))
        track += [sound + hiss(sound.size / RATE), hiss(1.2)]
    found = cut(np.concatenate(track))
    assert len(found) == len(wanted)
    for (start, end), (wanted_start, wanted_end) in zip(found, wanted, strict=True):
        assert wanted_start - 0.5 < start < wanted_start + 0.35
        assert wanted_end - 0.3 < end < wanted_end + 0.8


def test_noise_and_clicks_are_no_speech() -> None:
    rng = np.random.default_rng(3)
    clicks = hiss(6)
    for at in range(8_000, clicks.size - 400, 16_000):
        clicks[at : at + 200] += rng.normal(0, 0.5, 200).astype(np.float32)
    hum = 0.1 * np.sin(2 * np.pi * 50 * np.arange(4 * RATE) / RATE).astype(np.float32)
    assert cut(np.concatenate([hiss(4, 0.05), clicks, hum])) == []


@pytest.mark.parametrize("piece", [160, 512, 4_000])
def test_the_size_of_the_pieces_changes_nothing(piece: int) -> None:
    sound = np.concatenate([hiss(0.5), spoken(CLIPS[-1]), hiss(1.0)])
    whole = cut(sound)
    cutter = UtteranceCutter()
    found = [one for at in range(0, sound.size, piece) for one in cutter.feed(sound[at : at + piece])]
    assert [(one.start, one.start + one.duration) for one in found] == whole and len(whole) == 1


def test_speech_without_a_pause_is_given_out_at_the_longest() -> None:
    cutter = UtteranceCutter(longest=2.0)
    found = cutter.feed(np.concatenate([hiss(0.3), spoken(CLIPS[0])]))
    assert len(found) >= 3 and all(one.duration <= 2.1 for one in found)
    assert cutter.finish() is not None and cutter.finish() is None
