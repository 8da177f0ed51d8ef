from __future__ import annotations

import io
from pathlib import Path

import av
import numpy as np
import pytest
import soundfile

from media.audio.audio import Audio
from media.audio.decode import decode_audio, iterate_audio, probe
from media.audio.encode import AUDIO_FORMATS, write_audio
from media.audio.resample import resample
from media.errors import MediaError
from tests.media.samples import VOICES, encode_raw, encode_video, lag, noise, sentence, sine


def test_a_wav_is_decoded_bit_for_bit() -> None:
    expected, rate = soundfile.read(VOICES[0], dtype="float32", always_2d=True)
    assert decode_audio(VOICES[0]) == Audio(expected, rate)


@pytest.mark.parametrize("subtype", ["PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE", "ULAW"])
def test_every_wav_sample_format_has_full_scale_one(tmp_path: Path, subtype: str) -> None:
    wave = np.sin(np.arange(8000) / 10) * 0.9
    soundfile.write(tmp_path / "a.wav", wave, 16_000, subtype=subtype)
    expected = soundfile.read(tmp_path / "a.wav", dtype="float32")[0]
    np.testing.assert_allclose(decode_audio(tmp_path / "a.wav").samples[:, 0], expected, atol=2e-7)


@pytest.mark.parametrize("channels", [1, 2])
def test_rate_and_channels_are_kept(tmp_path: Path, channels: int) -> None:
    parts = [sine(200 * (1 + channel), 0.3, 11_025).samples for channel in range(channels)]
    soundfile.write(tmp_path / "a.flac", np.hstack(parts), 11_025)
    audio = decode_audio(tmp_path / "a.flac")
    assert (audio.rate, audio.channels, audio.frames) == (11_025, channels, round(0.3 * 11_025))
    loudest = [int(np.argmax(np.abs(np.fft.rfft(audio.samples[:, channel])))) for channel in range(channels)]
    assert loudest == [60 * (1 + channel) for channel in range(channels)]


@pytest.mark.parametrize(
    ("container", "codec", "rate", "sample_format"),
    [
        ("mp3", "libmp3lame", 24_000, "fltp"),
        ("ipod", "aac", 24_000, "fltp"),
        ("adts", "aac", 24_000, "fltp"),
        ("webm", "libopus", 48_000, "flt"),
        ("ogg", "libopus", 48_000, "flt"),
        ("matroska", "aac", 24_000, "fltp"),
        ("aiff", "pcm_s16be", 24_000, "fltp"),
    ],
)
def test_what_people_upload_comes_out_as_it_went_in(
    tmp_path: Path, container: str, codec: str, rate: int, sample_format: str
) -> None:
    sound = resample(sentence(), rate)
    samples = sound.samples.T if sample_format == "fltp" else sound.samples.reshape(1, -1)
    encode_raw(tmp_path / "clip", container, codec, np.ascontiguousarray(samples), rate, "mono", sample_format)
    audio = decode_audio(tmp_path / "clip")
    assert (audio.rate, audio.channels) == (rate, 1)
    assert audio.duration == pytest.approx(sound.duration, abs=0.12)
    assert abs(lag(sound, audio)) < 0.1 * rate
    assert probe(tmp_path / "clip").duration == pytest.approx(sound.duration, abs=0.12)


def test_a_live_webm_without_a_length_is_probed_by_its_packets(tmp_path: Path) -> None:
    class Pipe(io.RawIOBase):
        """Like a browser's recorder: cannot seek back to write the length."""

        def __init__(self) -> None:
            self.data = bytearray()

        def writable(self) -> bool:
            return True

        def write(self, data: bytes) -> int:  # type: ignore[override]
            self.data += data
            return len(data)

    pipe, sound = Pipe(), noise(2.0, 48_000)
    with av.open(pipe, "w", format="webm", options={"live": "1"}) as target:
        stream = target.add_stream("libopus", rate=48_000, layout="mono")
        frame = av.AudioFrame.from_ndarray(sound.samples.reshape(1, -1), format="flt", layout="mono")
        frame.sample_rate = 48_000
        target.mux(stream.encode(frame))
        target.mux(stream.encode(None))
    path = tmp_path / "live.webm"
    path.write_bytes(pipe.data)
    with av.open(str(path)) as container:
        assert not container.duration
    assert probe(path).duration == pytest.approx(2.0, abs=0.05)
    assert decode_audio(path).duration == pytest.approx(2.0, abs=0.05)


def test_the_sound_of_a_video_is_taken(tmp_path: Path) -> None:
    encode_video(tmp_path / "clip.mp4", "mp4", "mpeg4", "aac", noise(1.0, 44_100))
    info = probe(tmp_path / "clip.mp4")
    assert (info.has_audio, info.has_video, info.rate, info.codec) == (True, True, 44_100, "aac")
    assert decode_audio(tmp_path / "clip.mp4").duration == pytest.approx(1.0, abs=0.05)


def test_a_video_without_sound_is_refused_in_words(tmp_path: Path) -> None:
    encode_video(tmp_path / "silent film.mp4", "mp4", "mpeg4", None, noise(1.0))
    info = probe(tmp_path / "silent film.mp4")
    assert (info.has_audio, info.has_video, info.codec) == (False, True, "mpeg4")
    with pytest.raises(MediaError, match=r"^silent film\.mp4 is a video without sound\.") as error:
        decode_audio(tmp_path / "silent film.mp4")
    assert error.value.hint


def broken_files(folder: Path) -> dict[str, Path]:
    random = np.random.default_rng(0)
    contents = {
        "empty.wav": b"",
        "noise.mp3": random.bytes(100_000),
        "noise.bin": random.bytes(100_000),
        "letter.m4a": b"Dear Anna,\n" * 3_000,
        "list.m3u8": f"#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\n{VOICES[0]}\n#EXT-X-ENDLIST\n".encode(),
        "list.ffconcat": f"ffconcat version 1.0\nfile {VOICES[0]}\n".encode(),
        "zero.wav": VOICES[0].read_bytes()[:40] + b"\0\0\0\0",
    }
    for name, content in contents.items():
        (folder / name).write_bytes(content)
    (folder / "folder.wav").mkdir()
    return {name: folder / name for name in [*contents, "folder.wav", "missing.wav"]}


BROKEN = {
    "empty.wav": "is empty",
    "noise.mp3": "damaged or not a media file",
    "noise.bin": "damaged or not a media file",
    "letter.m4a": "is a text file, not a media file",
    "list.m3u8": "is a playlist, not a media file",
    "list.ffconcat": "is a text file, not a media file",
    "zero.wav": "zero seconds long",
    "folder.wav": "does not exist or is not a file",
    "missing.wav": "does not exist or is not a file",
}


@pytest.mark.parametrize("name", BROKEN)
def test_files_that_hold_no_sound_are_refused_by_name_with_a_next_step(tmp_path: Path, name: str) -> None:
    with pytest.raises(MediaError, match=BROKEN[name]) as error:
        decode_audio(broken_files(tmp_path)[name])
    assert name in error.value.reason and str(tmp_path) not in str(error.value)
    assert error.value.hint.endswith(".")


def test_a_playlist_cannot_make_the_decoder_open_another_file(tmp_path: Path) -> None:
    """The control: without the list of allowed containers libav follows it and gives the other file's sound."""
    playlist = broken_files(tmp_path)["list.m3u8"]
    write_audio(tmp_path / "secret.mp3", sentence(), "mp3")
    playlist.write_text(playlist.read_text().replace(str(VOICES[0]), str(tmp_path / "secret.mp3")))
    with av.open(str(playlist)) as container:
        assert sum(frame.samples for frame in container.decode(audio=0)) > 10_000
    for read in (probe, decode_audio):
        with pytest.raises(MediaError):
            read(playlist)


def test_too_long_is_refused_with_both_lengths() -> None:
    with pytest.raises(MediaError, match=r"LJ001-0001\.wav is too long: 9\.7 s, where 5 s is the most\."):
        decode_audio(VOICES[0], longest_seconds=5)
    assert decode_audio(VOICES[0], longest_seconds=9.66).duration > 9.6


@pytest.mark.parametrize("format", AUDIO_FORMATS)
def test_a_file_cut_off_near_its_end_gives_what_is_there(tmp_path: Path, format: str) -> None:
    write_audio(tmp_path / "whole", sentence(), format)
    data = (tmp_path / "whole").read_bytes()
    (tmp_path / "cut").write_bytes(data[: len(data) * 8 // 10])
    if format == "m4a":  # its index lies at the end: nothing can be found without it
        with pytest.raises(MediaError, match="damaged"):
            decode_audio(tmp_path / "cut")
        return
    audio = decode_audio(tmp_path / "cut")
    assert 0.6 < audio.duration / sentence().duration < 0.95
    assert abs(lag(sentence(), resample(audio, 22_050))) < 30


def test_a_file_cut_off_early_is_refused(tmp_path: Path) -> None:
    write_audio(tmp_path / "whole", sentence(), "flac")
    data = (tmp_path / "whole").read_bytes()
    (tmp_path / "cut.audio").write_bytes(data[: len(data) // 5])
    with pytest.raises(MediaError, match=r"cut\.audio breaks off after [\d.]+ s of 9\.7 s"):
        decode_audio(tmp_path / "cut.audio")


@pytest.mark.parametrize("format", ["mp3", "flac", "opus", "ogg", "m4a"])
def test_a_scratch_in_the_middle_loses_only_that_place(tmp_path: Path, format: str) -> None:
    write_audio(tmp_path / "whole", sentence(), format)
    data = bytearray((tmp_path / "whole").read_bytes())
    middle = len(data) // 2
    data[middle : middle + 60] = np.random.default_rng(2).bytes(60)
    (tmp_path / "scratched").write_bytes(data)
    assert decode_audio(tmp_path / "scratched").duration == pytest.approx(sentence().duration, rel=0.15)


def test_a_change_of_rate_in_the_middle_is_brought_to_the_first_rate(tmp_path: Path) -> None:
    for name, rate in (("a", 24_000), ("b", 48_000)):
        samples = np.ascontiguousarray(sine(440, 2.0, rate).samples.T)
        encode_raw(tmp_path / name, "adts", "aac", samples, rate, "mono", "fltp")
    (tmp_path / "both.aac").write_bytes((tmp_path / "a").read_bytes() + (tmp_path / "b").read_bytes())
    audio = decode_audio(tmp_path / "both.aac")
    assert audio.rate == 24_000 and audio.duration == pytest.approx(4.0, abs=0.2)
    second = audio.slice(2.5, 3.5).samples[:, 0]
    assert np.argmax(np.abs(np.fft.rfft(second))) == pytest.approx(440, abs=2)


def test_blocks_are_bounded_and_join_to_the_whole() -> None:
    blocks = list(iterate_audio(VOICES[0], block_seconds=0.25))
    size = round(0.25 * 22_050)
    assert [block.frames for block in blocks[:-1]] == [size] * (len(blocks) - 1) and 0 < blocks[-1].frames <= size
    assert np.array_equal(np.concatenate([block.samples for block in blocks]), sentence().samples)


def test_values_that_are_not_numbers_are_refused(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "nan.wav", np.array([0.0, np.nan, 0.1]), 16_000, subtype="FLOAT")
    with pytest.raises(MediaError, match="not numbers"):
        decode_audio(tmp_path / "nan.wav")
