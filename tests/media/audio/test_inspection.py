from __future__ import annotations

import numpy as np
import pytest

from media.audio.audio import Audio, Samples, concatenate, silence
from media.audio.decode import decode_audio
from media.audio.encode import write_audio
from media.audio.inspection import QUIETEST_DBFS, Window, best_window, inspect
from media.audio.resample import resample
from tests.media.samples import noise, sentence, sine, speech


def mixed(audio: Audio, other: Samples) -> Audio:
    return Audio(audio.samples + other[: audio.frames].astype(np.float32), audio.rate)


def test_clean_speech() -> None:
    found = inspect(sentence())
    assert found.duration == sentence().duration and found.peak == float(np.abs(sentence().samples).max())
    assert found.clipped_fraction == 0
    assert 7.5 < found.speech_seconds < 9.3
    assert found.noise_floor_dbfs < -50 < -25 < found.rms_dbfs < found.speech_dbfs < -15
    assert found.signal_to_noise_db > 30 and not found.is_empty
    assert any(
        run.start == pytest.approx(3.96, abs=0.1) and run.end == pytest.approx(4.44, abs=0.1) for run in found.silence_runs
    )


@pytest.mark.parametrize("rate", [8_000, 16_000, 44_100, 48_000])
def test_rate_channels_and_level_hardly_change_what_is_found(rate: int) -> None:
    reference = inspect(sentence())
    louder = resample(sentence(), rate)
    found = inspect(Audio(np.repeat(louder.samples * np.float32(0.1), 2, axis=1), rate))
    assert found.speech_seconds == pytest.approx(reference.speech_seconds, abs=0.4)
    assert found.speech_dbfs == pytest.approx(reference.speech_dbfs - 20, abs=0.6)


@pytest.mark.parametrize("level", [-45.0, -35.0, -28.0])
def test_the_noise_floor_is_the_level_of_the_noise(level: float) -> None:
    hiss = noise(12, amplitude=10 ** (level / 20)).samples
    found = inspect(mixed(concatenate([silence(1, 22_050), sentence(), silence(1, 22_050)]), hiss))
    assert found.noise_floor_dbfs == pytest.approx(level, abs=2)
    assert found.leading_silence == pytest.approx(1.0, abs=0.25) and found.trailing_silence == pytest.approx(1.1, abs=0.3)
    assert 6.5 < found.speech_seconds < 9.3


@pytest.mark.parametrize("background", [0.0, 0.002])
def test_a_hole_in_the_speech_is_a_silence_run(background: float) -> None:
    sound = concatenate([sentence(), silence(2.5, 22_050), sentence()])
    found = inspect(mixed(sound, noise(30, amplitude=background).samples))
    assert found.longest_silence == pytest.approx(2.6, abs=0.15)
    run = max(found.silence_runs, key=lambda one: one.duration)
    assert run.start == pytest.approx(sentence().duration - 0.1, abs=0.1)


NO_SPEECH = {
    "digital silence": silence(2, 22_050),
    "hiss": noise(3, amplitude=0.05),
    "hum": sine(50, 3, 22_050),
    "tone": sine(440, 3, 22_050),
    "very quiet hiss": noise(3, amplitude=0.0001),
    "nothing": silence(0, 22_050),
    "one frame": Audio(np.array([0.5], np.float32), 22_050),
}


@pytest.mark.parametrize("name", NO_SPEECH)
def test_what_is_no_speech_counts_as_none(name: str) -> None:
    found = inspect(NO_SPEECH[name])
    assert found.is_empty and found.speech_seconds == 0 and found.speech_dbfs == QUIETEST_DBFS
    assert found.leading_silence == found.duration and found.silence_runs == () and found.signal_to_noise_db == 0


def test_clipping_is_seen_at_full_scale_and_below_and_after_a_lossy_copy(tmp_path_factory: pytest.TempPathFactory) -> None:
    overdriven = np.clip(sentence().samples * 6, -1, 1)
    truth = float((np.abs(overdriven) >= 1).mean())
    assert inspect(Audio(overdriven, 22_050)).clipped_fraction == pytest.approx(truth, rel=0.25)
    assert inspect(Audio(overdriven * np.float32(0.4), 22_050)).clipped_fraction == pytest.approx(truth, rel=0.25)
    path = tmp_path_factory.mktemp("lossy") / "a.mp3"
    write_audio(path, Audio(overdriven, 22_050), "mp3")
    assert inspect(decode_audio(path)).clipped_fraction > truth / 10


@pytest.mark.parametrize("sound", [speech(), sine(50, 2, amplitude=0.7), sine(3000, 2, amplitude=0.99), noise(2)])
def test_loud_but_clean_sound_is_not_called_clipped(sound: Audio) -> None:
    written = (np.rint(sound.samples * 32767) / 32768).astype(np.float32)
    assert inspect(Audio(written, sound.rate)).clipped_fraction < 0.0005


def test_the_best_window_is_the_clean_speech_between_pauses() -> None:
    """Hiss, then overdriven speech, noisy speech, clean speech, then a long silence: the clean part is found."""
    clean = concatenate([sentence(), silence(0.5, 22_050), sentence().slice(0, 4.2)])
    parts = [
        noise(6, amplitude=0.1),
        Audio(np.clip(sentence().samples * 8, -1, 1), 22_050),
        mixed(sentence(), noise(10, amplitude=0.05).samples),
        silence(0.6, 22_050),
        clean,
        silence(8, 22_050),
    ]
    start = sum(part.duration for part in parts[:4])
    window = best_window(concatenate(parts), 3, 15)
    assert start - 0.3 < window.start < start + 3.2 and window.end <= start + clean.duration + 0.3
    assert 8 < window.end - window.start <= 15 and window.score > 0.5


@pytest.mark.parametrize(("shortest", "longest"), [(3, 30), (3, 10), (5, 6)])
def test_the_window_begins_and_ends_in_pauses_within_its_limits(shortest: float, longest: float) -> None:
    clip = concatenate([speech(), silence(0.4, 22_050), speech()])
    window = best_window(clip, shortest, longest)
    assert shortest <= window.end - window.start <= longest and 0 <= window.start < window.end <= clip.duration
    loud = inspect(clip).speech_dbfs
    for at in (window.start, window.end):
        edge = clip.slice(at - 0.01, at + 0.01).samples
        assert 10 * np.log10(np.square(edge).mean() + 1e-12) < loud - 15


def test_speech_without_a_pause_still_gets_a_window() -> None:
    breathless = sentence().slice(0.9, 2.7)
    clip = concatenate([breathless] * 12)
    window = best_window(clip, 3, 10)
    assert 3 <= window.end - window.start <= 10 and window.score > 0


@pytest.mark.parametrize("clip", [silence(5, 22_050), silence(0, 22_050), noise(5), sentence().slice(0, 2)])
def test_without_enough_speech_the_score_is_zero(clip: Audio) -> None:
    assert best_window(clip, 3, 4) == Window(0.0, min(4.0, clip.duration), 0.0)
