"""Files of audiobooks as players and shops read them: chapters, cover, tags and levels, by readers that are not ours."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import av
import mutagen
import numpy as np
import pytest
from PIL import Image

from media.audio.audio import Audio, silence
from media.audio.audiobook.acx import AcxReading, read_acx
from media.audio.audiobook.book_file import BookTags, BookWriter
from media.audio.audiobook.levelling import levelled_chapter
from media.audio.decode import decode_audio, probe
from media.audio.encode import Chapter
from media.audio.tags import read_chapters
from media.video.covers import cover_jpeg
from tests.media.samples import noise, sentence, sine

TAGS = BookTags(
    "Alice’s Adventures", "Alice’s Adventures", "Lewis Carroll", "Mara Ü. 兎", "1865", description="A rabbit.", comment='{"a":1}'
)
CHAPTERS = (Chapter(0, 1.5, "1. Down the Rabbit-Hole — 兎"), Chapter(1.5, 3.0, "2. The Pool of Tears"))


@pytest.fixture(scope="module")
def cover_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("cover") / "cover.png"
    Image.linear_gradient("L").resize((1200, 1600)).convert("RGB").save(path, compress_level=1)
    return path


def test_an_m4b_has_brand_chapters_cover_and_tags_that_other_readers_find(cover_file: Path, tmp_path: Path) -> None:
    cover = cover_jpeg(cover_file)
    assert (cover.width, cover.height) == (1050, 1400)
    for name in ("a.m4b", "b.m4b"):
        with BookWriter(tmp_path / name, "m4a", 22_050, 1, TAGS, CHAPTERS, cover) as writer:
            for _ in range(3):
                writer.write(sine(440, 1.0, 22_050))
    path = tmp_path / "a.m4b"
    assert path.read_bytes() == (tmp_path / "b.m4b").read_bytes()
    assert path.read_bytes()[4:12] == b"ftypM4B "
    assert path.read_bytes().index(b"moov") < path.read_bytes().index(b"mdat")

    read = mutagen.File(path)
    assert {key: read.tags[key][0] for key in ("©nam", "©alb", "©ART", "aART", "©wrt", "©gen", "©day", "©cmt", "desc")} == {
        "©nam": TAGS.title, "©alb": TAGS.album, "©ART": TAGS.author, "aART": TAGS.author, "©wrt": TAGS.narrator,
        "©gen": "Audiobook", "©day": "1865", "©cmt": '{"a":1}', "desc": "A rabbit.",
    }  # fmt: skip
    assert read.tags["stik"] == [2] and bytes(read.tags["covr"][0]) == cover.data
    assert [(round(one.start, 3), one.title) for one in read.chapters] == [(one.start, one.title) for one in CHAPTERS]
    assert (read.info.sample_rate, read.info.channels) == (44_100, 1)
    assert read_chapters(path) == list(CHAPTERS)
    assert probe(path).has_video is False and abs(probe(path).duration - 3.0) < 0.05


def test_a_chapters_mp3_has_a_constant_rate_a_cover_and_its_place_in_the_book(cover_file: Path, tmp_path: Path) -> None:
    cover = cover_jpeg(cover_file)
    tags = BookTags("1. Down", "Alice", "Lewis Carroll", "Mara", "1865", "1/2")
    with BookWriter(tmp_path / "a.mp3", "mp3", 24_000, 1, tags, cover=cover) as writer:
        writer.write(sine(440, 3.0, 24_000))
    read = mutagen.File(tmp_path / "a.mp3")
    assert {key: str(read.tags[key]) for key in ("TIT2", "TALB", "TPE1", "TPE2", "TCOM", "TCON", "TRCK")} == {
        "TIT2": "1. Down", "TALB": "Alice", "TPE1": "Lewis Carroll", "TPE2": "Lewis Carroll", "TCOM": "Mara", "TCON": "Audiobook",
        "TRCK": "1/2",
    }  # fmt: skip
    assert read.tags.getall("APIC")[0].data == cover.data
    assert (read.info.sample_rate, read.info.bitrate_mode) == (44_100, mutagen.mp3.BitrateMode.CBR)
    assert abs(read.info.bitrate - 192_000) < 10


def test_a_full_disk_or_a_cancel_leaves_nothing_behind(tmp_path: Path) -> None:
    with pytest.raises(KeyError), BookWriter(tmp_path / "a.m4b", "m4a", 22_050, 1, TAGS) as writer:
        writer.write(sine(440, 1.0, 22_050))
        raise KeyError
    assert list(tmp_path.iterdir()) == []


def parts(sound: Audio, size: int = 7_000) -> Iterator[Audio]:
    for first in range(0, sound.frames, size):
        yield Audio(sound.samples[first : first + size], sound.rate)


def written(sound: Audio, path: Path) -> AcxReading:
    found = levelled_chapter(lambda: parts(sound), sound.rate, sound.channels, sound.frames)
    with BookWriter(path, "mp3", sound.rate, sound.channels, BookTags("a", "a")) as writer:
        for block in found:
            writer.write(block)
    return read_acx(path)


@pytest.mark.parametrize("gain", [0.02, 1.0, 4.0])
def test_speech_of_any_level_is_mended_to_what_shops_ask_for(gain: float, tmp_path: Path) -> None:
    speech = sentence()
    sound = Audio(np.clip(speech.samples * gain, -1, 1), speech.rate)
    found = written(sound, tmp_path / "a.mp3")
    assert found.failures == (), found
    assert abs(found.rms + 20) < 0.7 and -75.5 < found.floor < -60


def test_the_same_chapter_is_the_same_however_it_comes_and_has_the_length_that_was_told() -> None:
    sound = sentence()
    one = levelled_chapter(lambda: parts(sound), sound.rate, 1, sound.frames)
    other = levelled_chapter(lambda: parts(sound, 3_001), sound.rate, 1, sound.frames)
    first, second = (np.concatenate([block.samples for block in each]) for each in (one, other))
    assert first.shape[0] == second.shape[0] == one.frames == sound.frames + round(0.75 * sound.rate) + round(2.5 * sound.rate)
    assert np.abs(first - second).max() < 1e-4


def test_what_a_shop_would_refuse_is_named(tmp_path: Path) -> None:
    loud = Audio(np.concatenate([silence(0.1, 22_050).samples, noise(4.0, amplitude=0.5).samples]), 22_050)
    with BookWriter(tmp_path / "a.mp3", "mp3", 22_050, 1, BookTags("a", "a")) as writer:
        writer.write(loud)
    assert set(read_acx(tmp_path / "a.mp3").failures) == {"RMS", "peak", "noise floor", "room tone before", "room tone after"}


def test_silence_stays_silence(tmp_path: Path) -> None:
    found = written(silence(2.0, 22_050), tmp_path / "a.mp3")
    assert found.floor < -70 and "RMS" in found.failures
    assert np.abs(decode_audio(tmp_path / "a.mp3").samples).max() < 0.01


def test_ffmpeg_reads_the_picture_as_a_cover(cover_file: Path, tmp_path: Path) -> None:
    with BookWriter(tmp_path / "a.m4b", "m4a", 22_050, 2, TAGS, CHAPTERS, cover_jpeg(cover_file)) as writer:
        writer.write(sine(440, 3.0, 22_050, channels=2))
    with av.open(str(tmp_path / "a.m4b")) as container:
        pictures = [one for one in container.streams.video if one.disposition & av.stream.Disposition.attached_pic]
        assert len(pictures) == 1 and pictures[0].codec_context.name == "mjpeg"
