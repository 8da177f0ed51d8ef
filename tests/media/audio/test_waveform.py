from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from media.audio.audio import Audio, silence
from media.audio.encode import write_audio
from media.audio.waveform import peaks
from tests.media.samples import VOICES, sentence, sine


@pytest.mark.parametrize("count", [1, 10, 777, 5_000])
def test_a_path_and_its_sound_give_the_same_peaks(count: int) -> None:
    drawn = peaks(VOICES[0], count)
    assert len(drawn) == count and drawn == peaks(sentence(), count)
    assert max(drawn) == float(np.abs(sentence().samples).max())


def test_peaks_lie_where_the_sound_is() -> None:
    samples = np.zeros((10_000, 2), np.float32)
    samples[2_500, 1] = -0.75
    samples[9_000:, 0] = 1.5
    assert peaks(Audio(samples, 10_000), 10) == [0, 0, 0.75, 0, 0, 0, 0, 0, 0, 1.0]


def test_more_points_than_sound_and_none_at_all() -> None:
    assert peaks(sine(100, 0.01, 8_000), 50) != [0.0] * 50
    assert peaks(silence(0, 8_000), 3) == [0.0, 0.0, 0.0] and peaks(silence(1, 8_000), 0) == []


def test_a_lossy_file_is_drawn_like_its_sound(tmp_path: Path) -> None:
    write_audio(tmp_path / "a.opus", sentence(), "opus")
    np.testing.assert_allclose(peaks(tmp_path / "a.opus", 50), peaks(sentence(), 50), atol=0.12)
