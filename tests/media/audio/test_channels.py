"""Sound of any number of loudspeakers: nothing that was recorded is lost on the way to one or two."""

from __future__ import annotations

import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from media.audio.audio import Audio
from media.audio.decode import decode_audio, iterate_audio, probe
from media.video.write import VideoWriter, join_video
from tests.media.samples import encode_raw, sine
from tests.repository.sources import ROOT

RATE = 48_000
LAYOUTS = ("mono", "stereo", "2.1", "3.0", "4.0", "quad", "5.0", "5.1", "5.1(side)", "6.1", "7.1", "7.1(wide)", "5.1.2", "7.1.4")


def recorded(path: Path, layout: str, loud: set[str], level: float = 0.5) -> Path:
    """A WAV whose named loudspeakers play a tone of 300 Hz, the others nothing."""
    names = [channel.name for channel in av.AudioLayout(layout).channels]
    tone = sine(300, 0.5, RATE, level).samples[:, 0]
    samples = np.stack([tone if name in loud else np.zeros_like(tone) for name in names], axis=1)
    encode_raw(path, "wav", "pcm_f32le", samples.reshape(1, -1), RATE, layout, "flt")
    return path


def levels(audio: Audio) -> list[float]:
    """Root mean square of each channel against that of the tone that was recorded."""
    middle = audio.samples[RATE // 10 : -RATE // 10]
    return [round(float(np.sqrt((middle[:, one] ** 2).mean()) / (0.5 / 2**0.5)), 3) for one in range(audio.channels)]


@pytest.mark.parametrize("layout", [one for one in LAYOUTS if "FC" in {c.name for c in av.AudioLayout(one).channels}])
def test_a_voice_in_the_centre_is_heard_on_both_sides(tmp_path: Path, layout: str) -> None:
    audio = decode_audio(recorded(tmp_path / "a.wav", layout, {"FC"}))
    assert levels(audio) == ([1.0] if layout == "mono" else [0.707, 0.707])
    assert levels(audio.mono())[0] == (1.0 if layout == "mono" else 0.707)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_loudspeaker_but_the_bass_is_heard_on_its_side(tmp_path: Path, layout: str) -> None:
    for name in [channel.name for channel in av.AudioLayout(layout).channels]:
        heard = levels(decode_audio(recorded(tmp_path / "a.wav", layout, {name})))
        if name == "LFE":
            assert heard == [0, 0]
        elif layout == "mono":
            assert heard == [1]
        else:
            left, right = heard
            assert max(heard) >= 0.5, (name, heard)
            assert (left > right) == (name.endswith(("L", "LC"))) or left == right, (name, heard)


@pytest.mark.parametrize("layout", ["5.1", "7.1"])
def test_loud_channels_together_are_held_and_not_clipped(tmp_path: Path, layout: str) -> None:
    """All at full scale add up to 2.4 and 3.1 times full scale; what comes out is that tone, and no square."""
    names = {channel.name for channel in av.AudioLayout(layout).channels}
    audio = decode_audio(recorded(tmp_path / "a.wav", layout, names, level=1.0))
    assert np.abs(audio.samples).max() <= 1 and audio.frames == RATE // 2
    spectrum = np.abs(np.fft.rfft(audio.samples[RATE // 10 : RATE // 2 - RATE // 10, 0] * np.hanning(round(0.3 * RATE))))
    tone = spectrum[85:96].sum()
    assert spectrum.sum() - tone < 0.05 * tone


def test_eight_channels_in_planes_of_their_own_are_heard(tmp_path: Path) -> None:
    """AAC as cameras and televisions write 7.1; in a process of its own, because reading its planes one by one ends it."""
    names = [channel.name for channel in av.AudioLayout("7.1").channels]
    samples = np.zeros((RATE // 2, len(names)), np.float32)
    samples[:, names.index("FC")] = sine(300, 0.5, RATE).samples[:, 0]
    frame = av.AudioFrame.from_ndarray(samples.reshape(1, -1), format="flt", layout="7.1")
    frame.sample_rate, frame.pts, frame.time_base = RATE, 0, Fraction(1, RATE)
    with av.open(str(tmp_path / "a.mp4"), "w") as target:
        stream = target.add_stream("aac", rate=RATE, layout="7.1")
        for one in (*av.AudioResampler("fltp", "7.1", RATE).resample(frame), None):
            target.mux(stream.encode(one))
    code = (
        "import sys, pathlib, numpy as np; from media.audio.decode import decode_audio, iterate_audio; "
        "file = pathlib.Path(sys.argv[1]); heard = decode_audio(file).samples; "
        "print(sum(one.frames for one in iterate_audio(file)) == len(heard), *np.abs(heard[4800:19200]).max(axis=0).round(1))"
    )
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path / "a.mp4")], cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stdout.split()) == (0, ["True", "0.4", "0.4"]), done.stderr


def test_a_file_that_does_not_say_where_its_channels_stand_is_heard_whole(tmp_path: Path) -> None:
    import soundfile

    tone = sine(300, 0.3, RATE).samples[:, 0]
    samples = np.zeros((len(tone), 12), np.float32)
    samples[:, 9] = tone
    soundfile.write(tmp_path / "a.wav", samples, RATE, subtype="FLOAT")
    heard = decode_audio(tmp_path / "a.wav")
    assert heard.channels == 2 and min(levels(heard)) > 0.3
    assert probe(tmp_path / "a.wav").channels == 12


def test_one_channel_upside_down_does_not_silence_the_other() -> None:
    tone = sine(300, 1.0, RATE)
    turned = Audio(np.hstack([tone.samples, -tone.samples]), RATE)
    np.testing.assert_array_equal(turned.mono().samples, tone.samples)
    nearly = Audio(np.hstack([tone.samples, -0.9 * tone.samples]), RATE)
    assert levels(nearly.mono())[0] == pytest.approx(0.95, abs=0.01)
    usual = Audio(np.hstack([tone.samples, sine(410, 1.0, RATE).samples]), RATE)
    np.testing.assert_array_equal(usual.mono().samples[:, 0], usual.samples.mean(axis=1))
    one_sided = Audio(np.hstack([tone.samples, 0 * tone.samples]), RATE)
    assert levels(one_sided.mono()) == [0.5]


def test_a_written_film_keeps_the_centre_of_a_sound_made_here(tmp_path: Path) -> None:
    """The same rule on the writing side: six channels in memory, the third the centre."""
    tone = sine(300, 1.0, RATE)
    six = np.zeros((tone.frames, 6), np.float32)
    six[:, 2] = tone.samples[:, 0]
    from fractions import Fraction

    with VideoWriter(tmp_path / "p.mp4", (64, 64), Fraction(25)) as writer:
        for _ in range(25):
            writer.write(np.full((64, 64, 3), 90, np.uint8))
    join_video(tmp_path / "film.mp4", [tmp_path / "p.mp4"], Fraction(25), iter([Audio(six, RATE)]))
    heard = decode_audio(tmp_path / "film.mp4")
    assert min(levels(heard)) == pytest.approx(0.707, abs=0.03)
    assert sum(block.frames for block in iterate_audio(tmp_path / "film.mp4", 0.1)) == heard.frames
