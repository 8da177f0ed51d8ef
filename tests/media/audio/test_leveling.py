from __future__ import annotations

import math
import tracemalloc
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from media.audio.audio import Audio, concatenate, silence
from media.audio.encode import write_audio
from media.audio.loudness import measure
from media.audio.mixing.limiter import Limiter
from media.audio.normalisation import MOST_GAIN_DB, normalise_loudness
from media.audio.resample import resample
from media.errors import Cancelled, MediaError
from tests.media.audio.test_loudness import libav_reading
from tests.media.samples import in_blocks, lag, noise, sentence, sine, speech


def peaky_speech() -> Audio:
    """Speech with a loud click twice a second, as from a bad microphone cable."""
    samples = sentence().samples.copy()
    samples[:: sentence().rate // 2] = 0.95
    return Audio(samples, sentence().rate)


def stereo_speech() -> Audio:
    return Audio(np.hstack([sentence().samples, sentence().samples * 0.3]), sentence().rate)


SOUNDS: dict[str, Callable[[], Audio]] = {
    "speech": speech,
    "quiet": lambda: Audio(sentence().samples * 0.1, sentence().rate),
    "loud": lambda: Audio(np.clip(sentence().samples * 8, -1, 1), sentence().rate),
    "peaky": peaky_speech,
    "stereo": stereo_speech,
    "48 kHz": lambda: resample(sentence(), 48_000),
    "16 kHz": lambda: resample(sentence(), 16_000),
    "noise": lambda: noise(5.0, amplitude=0.02),
    "one word": lambda: sentence().slice(0.9, 1.3),
    "with long pauses": lambda: concatenate([sentence(), silence(20, 22_050), sentence(), silence(5, 22_050)]),
}


@pytest.mark.parametrize(
    ("name", "target"),
    [*((name, -16) for name in SOUNDS), *((name, target) for name in ("speech", "peaky") for target in (-14, -19, -23))],
)
def test_target_and_limit_are_met_and_nothing_moves(name: str, target: int) -> None:
    sound = SOUNDS[name]()
    stream = normalise_loudness(in_blocks(sound), target, -1.0)
    result = concatenate(list(stream))
    assert (result.rate, result.channels, result.frames, stream.frames) == (
        sound.rate,
        sound.channels,
        sound.frames,
        sound.frames,
    )
    reading = measure(result)
    assert reading.integrated_lufs == pytest.approx(target, abs=0.3)
    assert reading.true_peak_dbtp <= -1.0
    assert stream.loudness.integrated_lufs == pytest.approx(reading.integrated_lufs, abs=0.02)
    assert stream.loudness.true_peak_dbtp == pytest.approx(reading.true_peak_dbtp, abs=0.02)
    assert lag(sound, result) == 0


def test_another_meter_agrees_on_the_written_file(tmp_path: Path) -> None:
    write_audio(tmp_path / "a.wav", concatenate(list(normalise_loudness(in_blocks(peaky_speech()), -16, -1.0))))
    loudness, peak = libav_reading(tmp_path / "a.wav")
    assert loudness == pytest.approx(-16, abs=0.3) and peak <= 10 ** (-1 / 20) + 0.0005


def test_where_no_limiting_is_needed_only_a_gain_is_applied() -> None:
    quiet = Audio(sentence().samples * 0.2, sentence().rate)
    stream = normalise_loudness(in_blocks(quiet), -23, -1.0)
    assert stream.ceiling_dbtp is None
    np.testing.assert_allclose(concatenate(list(stream)).samples, quiet.samples * 10 ** (stream.gain_db / 20), rtol=1e-5)


def test_the_limiter_leaves_alone_what_is_far_from_a_peak() -> None:
    """Half a second after the only peak, and until 5 ms before it, the sound is only multiplied."""
    sound = noise(3.0, 22_050, 0.01)
    samples = sound.samples.copy()
    samples[22_050:22_060] = 0.9
    limiter = Limiter(22_050, 1, 2.0, 0.8)
    out = np.concatenate([limiter.process(samples), limiter.process(np.zeros((0, 1), np.float32), last=True)])
    assert np.abs(out).max() <= 0.81
    changed = np.flatnonzero(np.abs(out[:, 0] - 2 * samples[:, 0]) > 1e-4)
    assert 22_050 - 180 < changed.min() <= 22_050 and 22_060 < changed.max() < 33_000


def test_the_gain_curve_has_no_steps() -> None:
    """A tone with a burst in it: the limiter's gain changes by less than 3 % from one sample to the next."""
    tone = sine(2000, 1.0, 22_050, 0.5).samples.copy()
    tone[10_000:10_400] *= 1.9
    limiter = Limiter(22_050, 1, 1.0, 0.6)
    out = np.concatenate([limiter.process(tone), limiter.process(np.zeros((0, 1), np.float32), last=True)])
    gain = np.interp(np.arange(tone.size), *_ratio(out[:, 0], tone[:, 0]))
    assert np.abs(np.diff(gain)).max() < 0.03 and gain.min() < 0.7


def _ratio(out: np.ndarray, given: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    sounding = np.flatnonzero(np.abs(given) > 0.2)
    return sounding, out[sounding] / given[sounding]


def test_silence_stays_silence_and_near_silence_is_not_blown_up() -> None:
    still = normalise_loudness(in_blocks(silence(2.0, 22_050)), -16, -1.0)
    assert still.gain_db == 0 and not np.any(concatenate(list(still)).samples)
    hiss = normalise_loudness(in_blocks(noise(3.0, amplitude=0.0005)), -16, -1.0)
    assert hiss.gain_db == MOST_GAIN_DB
    assert hiss.loudness.integrated_lufs == pytest.approx(hiss.source.integrated_lufs + MOST_GAIN_DB, abs=0.01)


def test_the_result_is_the_same_each_time_and_for_other_blocks() -> None:
    first, again = (concatenate(list(normalise_loudness(in_blocks(peaky_speech()), -16, -1.0))) for _ in range(2))
    other = concatenate(list(normalise_loudness(in_blocks(peaky_speech(), 3_001), -16, -1.0)))
    assert first == again
    np.testing.assert_allclose(other.samples, first.samples, atol=1e-5)


def test_a_stream_can_be_played_twice() -> None:
    stream = normalise_loudness(in_blocks(sentence()), -16, -1.0)
    assert concatenate(list(stream)) == concatenate(list(stream))


def test_a_cancel_inside_the_blocks_passes_through() -> None:
    def blocks() -> Iterator[Audio]:
        yield sentence()
        raise Cancelled

    with pytest.raises(Cancelled):
        normalise_loudness(blocks, -16, -1.0)


def test_no_sound_and_mixed_sound_are_refused() -> None:
    with pytest.raises(MediaError, match="no sound to level"):
        normalise_loudness(lambda: iter([]), -16, -1.0)
    with pytest.raises(MediaError, match="in the middle"):
        normalise_loudness(lambda: iter([silence(1, 22_050), silence(1, 22_050, 2)]), -16, -1.0)


def test_a_peak_beyond_reach_of_the_target_still_respects_the_limit() -> None:
    """One click in silence: no gain up to the most brings it to the target, the limit holds all the same."""
    samples = np.zeros((22_050 * 3, 1), np.float32)
    samples[22_050] = 0.9
    stream = normalise_loudness(in_blocks(Audio(samples, 22_050)), -16, -1.0)
    assert measure(concatenate(list(stream))).true_peak_dbtp <= -1.0
    assert math.isfinite(stream.gain_db) and stream.gain_db <= MOST_GAIN_DB


@pytest.mark.slow
def test_memory_does_not_grow_with_the_length() -> None:
    """Two minutes may take little more than half a one (the meter's tenths of seconds), never the 8 MB between them."""

    six_seconds = peaky_speech().slice(0, 6)

    def programme(minutes: float) -> Iterator[Audio]:
        for _ in range(round(minutes * 10)):
            yield from in_blocks(six_seconds, 22_050)()

    highest = []
    for minutes in (0.5, 2):
        tracemalloc.start()
        frames = sum(block.frames for block in normalise_loudness(partial(programme, minutes), -16, -1.0))
        highest.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert frames == minutes * 60 * 22_050
    assert highest[1] - highest[0] < 2**20
