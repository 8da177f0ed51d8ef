from __future__ import annotations

import math
from pathlib import Path

import av
import numpy as np
import pyloudnorm
import pytest
import soundfile

from media.audio.audio import Audio, concatenate, silence
from media.audio.loudness import LoudnessMeter, k_weighting, measure, measure_stream, true_peak
from media.audio.resample import resample
from media.errors import MediaError
from tests.media.samples import VOICES, in_blocks, noise, sentence, sine, speech


def libav_reading(path: Path) -> tuple[float, float]:
    """Integrated loudness and linear true peak by libav's own EBU R128 meter."""
    with av.open(str(path)) as container:
        graph = av.filter.Graph()
        source, sink = graph.add_abuffer(template=container.streams.audio[0]), graph.add("abuffersink")
        meter = graph.add("ebur128", "peak=true:metadata=1")
        source.link_to(meter)
        meter.link_to(sink)
        graph.configure()
        for frame in container.decode(audio=0):
            source.push(frame)
        source.push(None)
        metadata: dict[str, str] = {}
        while True:
            try:
                metadata = dict(sink.pull().metadata) or metadata
            except (av.error.BlockingIOError, av.error.EOFError):
                return float(metadata["lavfi.r128.I"]), float(metadata["lavfi.r128.true_peak"])


@pytest.mark.parametrize("path", VOICES, ids=lambda path: path.stem)
def test_speech_reads_as_on_two_other_meters(path: Path) -> None:
    audio = Audio(*_read(path))
    reading = measure(audio)
    loudness, peak = libav_reading(path)
    assert reading.integrated_lufs == pytest.approx(loudness, abs=0.05)
    assert 10 ** (reading.true_peak_dbtp / 20) == pytest.approx(peak, rel=0.03)
    if audio.duration > 5:  # it cuts short clips into other blocks than the standard
        meter = pyloudnorm.Meter(audio.rate, filter_class="DeMan")
        assert reading.integrated_lufs == pytest.approx(meter.integrated_loudness(audio.samples.astype(float)), abs=0.1)


def _read(path: Path) -> tuple[np.ndarray, int]:
    samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
    return samples, rate


@pytest.mark.parametrize("rate", [8_000, 11_025, 16_000, 22_050, 32_000, 44_100, 48_000, 96_000])
@pytest.mark.parametrize("channels", [1, 2])
def test_noise_reads_the_same_as_on_pyloudnorm_at_any_rate(rate: int, channels: int) -> None:
    audio = noise(8.0, rate, channels=channels)
    wanted = pyloudnorm.Meter(rate, filter_class="DeMan").integrated_loudness(audio.samples.astype(float))
    assert measure(audio).integrated_lufs == pytest.approx(wanted, abs=0.05)


def test_the_filters_are_the_standards_table_at_48_khz() -> None:
    table = [
        [1.53512485958697, -2.69169618940638, 1.19839281085285, 1.0, -1.69065929318241, 0.73248077421585],
        [1.0, -2.0, 1.0, 1.0, -1.99004745483398, 0.99007225036621],
    ]
    np.testing.assert_allclose(k_weighting(48_000), table, atol=1e-8)


def loudness_alone(audio: Audio) -> float:
    meter = LoudnessMeter(audio.rate, audio.channels, with_true_peak=False)
    meter.add(audio.samples)
    return meter.read().integrated_lufs


@pytest.mark.parametrize("rate", [44_100, 48_000])
@pytest.mark.parametrize("level", [-23.0, -33.0])
def test_ebu_stereo_sine_at_1_khz(rate: int, level: float) -> None:
    """EBU Tech 3341, cases 1 and 2: the reading is the sine's peak level."""
    audio = sine(1000, 20, rate, 10 ** (level / 20), channels=2)
    assert loudness_alone(audio) == pytest.approx(level, abs=0.1)


@pytest.mark.parametrize(
    "steps",
    [
        [(-36, 10), (-23, 60), (-36, 10)],
        [(-72, 10), (-36, 10), (-23, 60), (-36, 10), (-72, 10)],
        [(-26, 20), (-20, 20.1), (-26, 20)],
    ],
    ids=["case 3", "case 4", "case 5"],
)
def test_ebu_gating(steps: list[tuple[float, float]]) -> None:
    """EBU Tech 3341, cases 3 to 5: quiet parts are gated out, and the reading is -23 LUFS within 0.1."""
    parts = [sine(1000, seconds, 48_000, 10 ** (level / 20), channels=2) for level, seconds in steps]
    assert loudness_alone(concatenate(parts)) == pytest.approx(-23.0, abs=0.1)


def test_ebu_surround() -> None:
    """EBU Tech 3341, case 6: 5.0 with -28, -28, -24, -30, -30 dBFS reads -23 LUFS; a sixth channel LFE changes nothing."""
    levels = [-28, -28, -24, -30, -30]
    five = np.hstack([sine(1000, 20, 48_000, 10 ** (level / 20)).samples for level in levels])
    six = np.insert(five, 3, five[:, 0] * 4, axis=1)
    assert loudness_alone(Audio(five, 48_000)) == pytest.approx(-23.0, abs=0.1)
    assert loudness_alone(Audio(six, 48_000)) == pytest.approx(-23.0, abs=0.1)


@pytest.mark.parametrize("rate", [22_050, 44_100, 48_000, 96_000])
def test_true_peak_between_the_samples(rate: int) -> None:
    """A sine at a quarter of the rate, 45 degrees off: its samples lie 3 dB under its peaks."""
    audio = Audio(sine(rate / 4, 1.0, rate, 0.5, phase=math.pi / 4).samples[: rate // 2], rate)
    faded = Audio(audio.samples * np.hanning(audio.frames).astype(np.float32)[:, np.newaxis] ** 0.25, rate)
    assert 20 * math.log10(float(np.abs(faded.samples).max())) == pytest.approx(-9.03, abs=0.05)
    assert true_peak(faded) == pytest.approx(-6.02, abs=0.1)


def test_rate_does_not_change_the_reading() -> None:
    readings = [measure(resample(speech(), rate)).integrated_lufs for rate in (22_050, 44_100, 48_000)]
    assert max(readings) - min(readings) < 0.1


@pytest.mark.parametrize("block", [5, 37, 2_205, 10_000, 10**9])
def test_blocks_of_any_size_read_the_same(block: int) -> None:
    audio = sentence().slice(0, 0.9 if block == 5 else 10)
    reading, whole = measure_stream(in_blocks(audio, block)()), measure(audio)
    assert reading.integrated_lufs == pytest.approx(whole.integrated_lufs, abs=1e-9)
    assert reading.true_peak_dbtp == pytest.approx(whole.true_peak_dbtp, abs=1e-6)


@pytest.mark.parametrize("seconds", [0.0005, 0.05, 0.39])
def test_a_sound_shorter_than_a_block_is_one_block(seconds: float) -> None:
    tone = sine(1000, seconds, amplitude=0.5)
    reading = measure(tone)
    assert reading.true_peak_dbtp == pytest.approx(-6.02, abs=0.5)
    if seconds > 0.01:
        assert reading.integrated_lufs == pytest.approx(measure(sine(1000, 5, amplitude=0.5)).integrated_lufs, abs=0.5)


def test_silence_has_no_loudness_and_no_peak() -> None:
    for audio in (silence(0, 22_050), silence(0.1, 22_050), silence(3, 22_050, 2)):
        assert measure(audio).integrated_lufs == measure(audio).true_peak_dbtp == -math.inf
    whisper = measure(noise(2, amplitude=1e-5))
    assert whisper.integrated_lufs == -math.inf and whisper.true_peak_dbtp < -80


def test_streams_that_are_none_or_mixed_are_refused() -> None:
    with pytest.raises(MediaError, match="no sound"):
        measure_stream([])
    with pytest.raises(MediaError, match="in the middle"):
        measure_stream([silence(1, 22_050), silence(1, 24_000)])


def test_without_true_peak_the_sample_peak_is_read() -> None:
    meter = LoudnessMeter(22_050, 1, with_true_peak=False)
    meter.add(sentence().samples)
    assert meter.read().true_peak_dbtp == pytest.approx(20 * math.log10(float(np.abs(sentence().samples).max())), abs=1e-6)
