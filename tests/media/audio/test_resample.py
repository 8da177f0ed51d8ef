from __future__ import annotations

import numpy as np
import pytest

from media.audio.audio import Audio
from media.audio.resample import StreamResampler, resample
from tests.media.samples import noise, sentence, sine


@pytest.mark.parametrize("rate", [8_000, 16_000, 24_000, 44_100, 48_000, 96_000])
@pytest.mark.parametrize("frames", [0, 1, 7, 22_051])
def test_the_length_is_exact(rate: int, frames: int) -> None:
    sound = noise(1.1, channels=2)
    out = resample(Audio(sound.samples[:frames], 22_050), rate)
    assert (out.rate, out.channels, out.frames) == (rate, 2, round(frames * rate / 22_050))


@pytest.mark.parametrize(("rate_in", "rate_out"), [(22_050, 48_000), (48_000, 16_000), (44_100, 22_050)])
def test_a_tone_stays_in_tune_in_time_and_at_its_level(rate_in: int, rate_out: int) -> None:
    given, wanted = resample(sine(1000, 1.0, rate_in), rate_out), sine(1000, 1.0, rate_out)
    middle = slice(rate_out // 10, -rate_out // 10)
    assert np.abs(given.samples[middle] - wanted.samples[middle]).max() < 1e-4


def test_what_the_lower_rate_cannot_hold_is_gone_not_folded_back() -> None:
    assert np.abs(resample(sine(11_000, 1.0, 48_000), 16_000).samples[1600:-1600]).max() < 1e-4


@pytest.mark.parametrize("rate_out", [16_000, 22_050, 48_000])
@pytest.mark.parametrize("block", [1, 100, 4_096, 500_000])
def test_a_stream_gives_the_same_as_the_whole(rate_out: int, block: int) -> None:
    sound = sentence().slice(0, 0.5 if block == 1 else 5)
    stream = StreamResampler(sound.rate, rate_out, 1)
    parts = [stream.process(sound.samples[at : at + block]) for at in range(0, sound.frames, block)]
    parts.append(stream.process(np.zeros((0, 1), np.float32), last=True))
    given, wanted = np.concatenate(parts), resample(sound, rate_out).samples
    assert given.shape == wanted.shape
    assert np.abs(given - wanted).max() < 1e-4
