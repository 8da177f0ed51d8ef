"""Reading and writing moving pictures: upright, in time, in step with the sound, and nothing but what was given."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from media.audio.decode import iterate_audio, probe
from media.errors import MediaError
from media.video.images import is_image, read_image
from media.video.read import probe_video, read_frames
from media.video.write import VideoWriter, count_pictures, join_video
from tests.engines.faces.puppet.conftest import SENTENCE, write_video


def numbered(count: int, width: int = 64, height: int = 48) -> list[np.ndarray]:
    """Grey pictures whose brightness tells their number."""
    return [np.full((height, width, 3), 20 + 4 * number, np.uint8) for number in range(count)]


def number_of(picture: np.ndarray) -> int:
    return round((float(picture.mean()) - 20) / 4)


@pytest.mark.parametrize("size", [(64, 48), (63, 47), (48, 120)])
def test_what_is_written_is_read(tmp_path: Path, size: tuple[int, int]) -> None:
    video = write_video(tmp_path / "v.mp4", numbered(30, *size))
    info = probe_video(video)
    assert (info.fps, info.frames, info.has_audio) == (25, 30, False)
    assert [number_of(frame.picture) for frame in read_frames(video)] == list(range(30))


def test_parts_join_without_a_seam(tmp_path: Path) -> None:
    pictures = numbered(50)
    paths = []
    for part in range(2):
        paths.append(tmp_path / f"{part}.mp4")
        with VideoWriter(paths[-1], (64, 48), Fraction(25)) as writer:
            for picture in pictures[25 * part : 25 * part + 25]:
                writer.write(picture)
    assert join_video(tmp_path / "v.mp4", paths, Fraction(25), iterate_audio(SENTENCE)) == 50
    frames = list(read_frames(tmp_path / "v.mp4"))
    assert [number_of(frame.picture) for frame in frames] == list(range(50))
    assert np.allclose([frame.time for frame in frames], np.arange(50) / 25)
    assert abs(probe(tmp_path / "v.mp4").duration - probe(SENTENCE).duration) < 0.03


def test_reading_begins_anywhere(tmp_path: Path) -> None:
    video = write_video(tmp_path / "v.mp4", numbered(50))
    for first in (0, 1, 24, 49):
        assert number_of(next(read_frames(video, Fraction(25), first, 1)).picture) == first
    assert [number_of(frame.picture) for frame in read_frames(video, Fraction(25), 48, 4)] == [48, 49, 49, 49]


def test_a_varying_rate_keeps_its_timing(tmp_path: Path) -> None:
    path = tmp_path / "vfr.mp4"
    times = [0, 1, 2, 10, 11, 20]
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        stream.options = {"bf": "0"}
        for number, time in enumerate(times):
            frame = av.VideoFrame.from_ndarray(numbered(10)[number], format="rgb24")
            frame.pts, frame.time_base = time, Fraction(1, 25)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    seen = [number_of(frame.picture) for frame in read_frames(path, Fraction(25), 0, 21)]
    assert seen == [0, 1, *[2] * 8, 3, *[4] * 9, 5]


def test_a_phone_s_rotation_is_applied(tmp_path: Path) -> None:
    picture = np.zeros((48, 64, 3), np.uint8)
    picture[:, :32] = 200
    plain = write_video(tmp_path / "p.mp4", [picture] * 5)
    turned = tmp_path / "turned.mp4"
    data = bytearray(plain.read_bytes())
    at = data.index(b"tkhd") + 4 + 40  # the track's display matrix, ISO 14496-12
    matrix = [0, 1 << 16, 0, -(1 << 16), 0, 0, 0, 0, 1 << 30]
    data[at : at + 36] = b"".join(value.to_bytes(4, "big", signed=True) for value in matrix)
    turned.write_bytes(data)
    info = probe_video(turned)
    assert (info.width, info.height) == (48, 64)
    upright = next(read_frames(turned)).picture
    assert upright.shape[:2] == (64, 48)
    assert abs(float(upright[:28].mean()) - float(upright[36:].mean())) > 150


def test_hdr_is_brought_into_range(tmp_path: Path) -> None:
    path = tmp_path / "hdr.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p10le"
        stream.codec_context.color_trc, stream.codec_context.colorspace = 16, 9
        stream.codec_context.color_primaries = 9
        for _ in range(3):
            frame = av.VideoFrame.from_ndarray(np.full((48, 64, 3), int(0.58 * 65535), np.uint16), format="rgb48le")
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    assert probe_video(path).hdr
    picture = next(read_frames(path)).picture
    assert picture.dtype == np.uint8 and 248 < picture.mean() < 255  # diffuse white stays white


def test_what_cannot_be_read_is_said(tmp_path: Path) -> None:
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(b"\0" * 4000)
    playlist = tmp_path / "list.mp4"
    playlist.write_text(f"#EXTM3U\n#EXTINF:1,\nfile://{SENTENCE}\n")
    for path, words in (
        (broken, "damaged"),
        (playlist, "a playlist, not a media file"),
        (SENTENCE, "no pictures"),
        (tmp_path / "none", "not exist"),
    ):
        with pytest.raises(MediaError, match=words):
            probe_video(path)
    assert count_pictures(broken) == 0 and not is_image(broken)
    with pytest.raises(MediaError, match="not a picture"):
        read_image(broken)


def test_a_failed_writing_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(MediaError), VideoWriter(tmp_path / "v.mp4", (64, 48), Fraction(25)) as writer:
        writer.write(np.zeros((10, 10, 3), np.uint8))
    assert not list(tmp_path.iterdir())


def test_pictures_and_sound_stay_together_for_five_minutes(tmp_path: Path) -> None:
    """At 29.97 pictures a second, where rounding would add up."""
    fps, seconds = Fraction(30_000, 1001), 300
    part = tmp_path / "part.mp4"
    frames = 333  # 27 times that is 300 s
    with VideoWriter(part, (16, 16), fps) as writer:
        for _ in range(frames):
            writer.write(np.zeros((16, 16, 3), np.uint8))

    def tone():  # type: ignore[no-untyped-def]
        from media.audio.audio import silence

        for _ in range(seconds):
            yield silence(1.0, 22_050)

    join_video(tmp_path / "v.mp4", [part] * 27, fps, tone())
    drift = probe_video(tmp_path / "v.mp4").duration - probe(tmp_path / "v.mp4").duration
    assert abs(drift) < 1 / float(fps)
