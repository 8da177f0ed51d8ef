from __future__ import annotations

import json
import subprocess
import sys
import tracemalloc
import wave
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from media.audio.audio import Audio
from media.audio.decode import decode_audio, probe
from media.audio.encode import AUDIO_FORMATS, AudioWriter, Chapter, read_chapters, read_tags, write_audio
from media.audio.resample import resample
from media.errors import MediaError
from tests.media.samples import in_blocks, lag, noise, sentence, sine

CHAPTERS = [Chapter(0.0, 1.5, "One: the beginning"), Chapter(1.5, 4.25, "Zwei – Ärger"), Chapter(4.25, 9.6, "三")]
TAGS = {
    "title": "Über Wörter",
    "artist": "Anna",
    "album": "Greenroom",
    "comment": json.dumps({"engine": "hibari", "options": ["=;#\\"] * 700}),
    "genre": "Speech",
    "copyright": "Public domain",
}


def snr(wanted: Audio, given: Audio) -> float:
    length = min(wanted.frames, given.frames)
    error = wanted.samples[:length] - given.samples[:length]
    return float(10 * np.log10(np.square(wanted.samples[:length]).sum() / np.square(error).sum()))


@pytest.mark.parametrize("format", AUDIO_FORMATS)
@pytest.mark.parametrize("channels", [1, 2])
def test_every_format_gives_back_length_timing_and_sound(tmp_path: Path, format: str, channels: int) -> None:
    sound = Audio(np.hstack([sentence().samples * (1 - 0.4 * side) for side in range(channels)]), sentence().rate)
    path = tmp_path / f"out{AUDIO_FORMATS[format].extension}"
    with AudioWriter(path, format, sound.rate, channels) as writer:
        for block in in_blocks(sound, 3_333)():
            writer.write(block)
    given = decode_audio(path)
    assert given.channels == channels and given.rate == AUDIO_FORMATS[format].rate_for(sound.rate)
    given = resample(given, sound.rate)
    assert lag(sound, given) == 0
    assert abs(given.frames - sound.frames) < (1024 if format == "m4a" else 2)
    if AUDIO_FORMATS[format].lossy:
        assert snr(sound, given) > 12
    else:
        assert np.abs(sound.samples - given.samples).max() < 0.51 / 32768
    assert probe(path).duration == pytest.approx(sound.duration, abs=0.05)


@pytest.mark.parametrize("format", ["wav", "flac"])
def test_lossless_formats_keep_sixteen_bit_sound_bit_for_bit_and_clip_what_is_over(tmp_path: Path, format: str) -> None:
    write_audio(tmp_path / "a", sentence(), format)
    assert decode_audio(tmp_path / "a") == sentence()
    write_audio(tmp_path / "b", Audio(np.array([1.7, -1.7, 0.0]), 16_000), format)
    assert decode_audio(tmp_path / "b").samples[:, 0].tolist() == [32767 / 32768, -1.0, 0.0]


@pytest.mark.parametrize("format", AUDIO_FORMATS)
def test_every_format_keeps_tags_and_chapters(tmp_path: Path, format: str) -> None:
    write_audio(tmp_path / "a", sentence(), format, TAGS, CHAPTERS)
    assert read_tags(tmp_path / "a") == TAGS
    read = read_chapters(tmp_path / "a")
    assert [chapter.title for chapter in read] == [chapter.title for chapter in CHAPTERS]
    assert [chapter.start for chapter in read] == pytest.approx([0.0, 1.5, 4.25], abs=0.002)
    assert [chapter.end for chapter in read] == pytest.approx([1.5, 4.25, 9.6], abs=0.1)
    assert lag(sentence(), resample(decode_audio(tmp_path / "a"), 22_050)) == 0


def test_a_wav_with_chapters_is_still_a_wav_to_others(tmp_path: Path) -> None:
    write_audio(tmp_path / "a.wav", sentence(), "wav", TAGS, CHAPTERS)
    with wave.open(str(tmp_path / "a.wav")) as file:
        assert (file.getnframes(), file.getsampwidth(), file.getframerate()) == (sentence().frames, 2, 22_050)
    assert soundfile.info(tmp_path / "a.wav").frames == sentence().frames
    assert int.from_bytes((tmp_path / "a.wav").read_bytes()[4:8], "little") == (tmp_path / "a.wav").stat().st_size - 8


def test_files_without_tags_read_as_none(tmp_path: Path) -> None:
    for format in AUDIO_FORMATS:
        write_audio(tmp_path / format, sentence().slice(0, 1), format)
        assert read_tags(tmp_path / format) == {} and read_chapters(tmp_path / format) == []


@pytest.mark.parametrize("format", AUDIO_FORMATS)
def test_the_same_sound_gives_the_same_file(tmp_path: Path, format: str) -> None:
    for name in ("a", "b"):
        write_audio(tmp_path / name, sentence(), format, TAGS, CHAPTERS)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


@pytest.mark.parametrize(
    ("format", "rate", "stored"), [("opus", 16_000, 48_000), ("mp3", 96_000, 48_000), ("m4a", 37_800, 44_100)]
)
def test_a_rate_that_the_codec_lacks_is_resampled(tmp_path: Path, format: str, rate: int, stored: int) -> None:
    write_audio(tmp_path / "a", sine(1000, 1.0, rate), format)
    audio = decode_audio(tmp_path / "a")
    assert audio.rate == stored and audio.duration == pytest.approx(1.0, abs=0.03)
    middle = audio.slice(0.25, 0.75).samples[:, 0]
    assert np.argmax(np.abs(np.fft.rfft(middle))) * 2 == pytest.approx(1000, abs=4)


@pytest.mark.parametrize("format", AUDIO_FORMATS)
def test_an_error_inside_leaves_nothing_behind_and_the_old_file_alone(tmp_path: Path, format: str) -> None:
    (tmp_path / "a").write_bytes(b"old")
    with pytest.raises(KeyError), AudioWriter(tmp_path / "a", format, 22_050, 1) as writer:
        writer.write(noise(1.0))
        raise KeyError("stopped")
    with pytest.raises(MediaError, match="no sound to write into a"), AudioWriter(tmp_path / "a", format, 22_050, 1):
        pass
    assert list(tmp_path.iterdir()) == [tmp_path / "a"] and (tmp_path / "a").read_bytes() == b"old"


def test_what_cannot_be_written_is_said_before_anything_is_written(tmp_path: Path) -> None:
    overlapping = [Chapter(0, 2, "x"), Chapter(1, 3, "y")]
    refused: list[tuple[str, Callable[[], AudioWriter]]] = [
        ('"mp5" is not a sound format', lambda: AudioWriter(tmp_path / "a", "mp5", 22_050, 1)),
        ("MP3 holds at most 2 channels", lambda: AudioWriter(tmp_path / "a", "mp3", 22_050, 3)),
        ('tag "colour" cannot be written', lambda: AudioWriter(tmp_path / "a", "wav", 22_050, 1, {"colour": "red"})),
        ('chapter "y" overlaps', lambda: AudioWriter(tmp_path / "a", "wav", 22_050, 1, {}, overlapping)),
    ]
    for words, make in refused:
        with pytest.raises(MediaError, match=words) as error:
            make()
        assert error.value.reason.endswith(".")
    with pytest.raises(MediaError, match="does not fit"), AudioWriter(tmp_path / "a", "wav", 22_050, 1) as writer:
        writer.write(noise(0.1, 48_000))
    with pytest.raises(MediaError, match="cannot be written: No such file") as error:
        write_audio(tmp_path / "no" / "a", noise(1.0))
    assert error.value.retryable and str(tmp_path) not in str(error.value)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("format", AUDIO_FORMATS)
def test_a_full_disk_is_an_error_in_words_and_leaves_nothing(tmp_path: Path, format: str) -> None:
    """A limit on the size of files stands for the full disk; it needs a process of its own."""
    script = f"""
import resource, signal, sys
sys.path.insert(0, {str(Path(__file__).parents[3])!r})
from media.audio.encode import AudioWriter
from media.errors import MediaError
from tests.media.samples import noise
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
try:
    with AudioWriter({str(tmp_path / "a")!r}, {format!r}, 22_050, 1) as writer:
        for _ in range(20):
            writer.write(noise(1.0))
except MediaError as error:
    print(error.reason)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False, timeout=60)
    assert done.stdout.startswith("a cannot be written: "), done.stdout + done.stderr
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
@pytest.mark.parametrize("format", AUDIO_FORMATS)
def test_memory_does_not_grow_with_the_length(tmp_path: Path, format: str) -> None:
    """The fourth quarter of eighty seconds may hold no more than the first did, within one block of five."""
    block = noise(5.0)
    tracemalloc.start()
    highest = []
    with AudioWriter(tmp_path / "a", format, 22_050, 1) as writer:
        for quarter in range(4):
            tracemalloc.reset_peak()
            for _ in range(4):
                writer.write(block)
            if quarter in (0, 3):
                highest.append(tracemalloc.get_traced_memory()[1])
    tracemalloc.stop()
    assert highest[1] < highest[0] + block.samples.nbytes
    assert probe(tmp_path / "a").duration == pytest.approx(80, abs=0.1)
