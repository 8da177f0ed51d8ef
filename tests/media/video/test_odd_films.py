"""Films as cameras and editors store them: what is seen and heard in a player is what is read here."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from media.audio.audio import Audio
from media.audio.decode import decode_audio, iterate_audio, probe
from media.video.read import probe_video, read_frames
from media.video.write import VideoWriter, join_video
from tests.media.samples import lag, noise, sine
from tests.media.video.odd_files import film, with_matrix

RATE = 48_000
CORNERS = np.zeros((64, 96, 3), np.uint8)
CORNERS[:32, :48], CORNERS[:32, 48:], CORNERS[32:, :48], CORNERS[32:, 48:] = (40, 90, 160, 230)
"""Four greys, so that turning and mirroring cannot be taken for each other."""


def quarters(picture: np.ndarray) -> list[int]:
    """The greys of the four corners, row by row, as numbers 0 to 3."""
    tall, wide = picture.shape[0] // 4, picture.shape[1] // 4
    seen = [picture[tall, wide], picture[tall, -wide], picture[-tall, wide], picture[-tall, -wide]]
    return [int(np.argmin([abs(float(one.mean()) - grey) for grey in (40, 90, 160, 230)])) for one in seen]


@pytest.mark.parametrize(
    ("matrix", "seen"),
    [
        ((1, 0, 0, 1), [0, 1, 2, 3]),
        ((-1, 0, 0, 1), [1, 0, 3, 2]),
        ((1, 0, 0, -1), [2, 3, 0, 1]),
        ((-1, 0, 0, -1), [3, 2, 1, 0]),
        ((0, 1, -1, 0), [2, 0, 3, 1]),
        ((0, -1, 1, 0), [1, 3, 0, 2]),
        ((0, 1, 1, 0), [0, 2, 1, 3]),
        ((0, -1, -1, 0), [3, 1, 2, 0]),
    ],
)
def test_a_film_is_turned_and_mirrored_as_it_says(tmp_path: Path, matrix: tuple[int, int, int, int], seen: list[int]) -> None:
    path = with_matrix(film(tmp_path / "a.mp4", [CORNERS] * 3), *matrix)
    info, picture = probe_video(path), next(read_frames(path)).picture
    assert quarters(picture) == seen
    assert (info.width, info.height) == ((64, 96) if matrix[0] == 0 else (96, 64)) == picture.shape[1::-1]


@pytest.mark.parametrize(
    ("aspect", "size"),
    [(Fraction(2), (192, 64)), (Fraction(1, 2), (96, 128)), (Fraction(16, 15), (102, 64)), (Fraction(405, 404), (96, 64))],
)
def test_pixels_that_are_not_square_are_made_so(tmp_path: Path, aspect: Fraction, size: tuple[int, int]) -> None:
    path = film(tmp_path / "a.mp4", [CORNERS] * 3, aspect=aspect)
    info, picture = probe_video(path), next(read_frames(path)).picture
    assert (info.width, info.height) == size == picture.shape[1::-1]
    assert quarters(picture) == [0, 1, 2, 3]


def test_a_mirrored_film_with_long_pixels_that_lies_on_its_side(tmp_path: Path) -> None:
    path = with_matrix(film(tmp_path / "a.mp4", [CORNERS] * 3, aspect=Fraction(2)), 0, 1, 1, 0)
    picture = next(read_frames(path)).picture
    assert picture.shape == (192, 64, 3) and quarters(picture) == [0, 2, 1, 3]
    assert (probe_video(path).width, probe_video(path).height) == (64, 192)


@pytest.mark.parametrize("container", ["mp4", "mkv", "mov"])
@pytest.mark.parametrize("late", [0.72, -0.72, 0.0])
def test_sound_begins_where_it_does_beside_the_pictures(tmp_path: Path, late: float, container: str) -> None:
    """Noise, whose place is known to the sample: a late sound begins with silence, a late picture cuts off its beginning."""
    sound = noise(1.6, RATE)
    path = film(tmp_path / f"a.{container}", [CORNERS] * 40, sound=sound, late=late)
    heard = decode_audio(path)
    ahead = round(max(0.0, -late) * RATE)
    rest = Audio(sound.samples[ahead:], RATE)
    assert abs(lag(rest, Audio(heard.samples[: rest.frames + RATE], RATE)) - max(0.0, late) * RATE) < 0.004 * RATE
    assert heard.duration == pytest.approx(1.6 + late, abs=0.06)
    assert probe(path).duration == pytest.approx(1.6 + late, abs=0.06)
    if late > 0:
        assert np.abs(heard.samples[: round(0.65 * RATE)]).max() < 1e-3


@pytest.mark.parametrize("seconds", [0.4, 3.0])
def test_sound_that_is_shorter_or_longer_than_the_pictures_stays_where_it_was(tmp_path: Path, seconds: float) -> None:
    """Through reading and writing: a film of 1.6 s whose sound begins 0.3 s late, written anew."""
    path = film(tmp_path / "a.mp4", [CORNERS] * 40, sound=sine(440, seconds, RATE), late=0.3)
    with VideoWriter(tmp_path / "p.mp4", (96, 64), Fraction(25)) as writer:
        for frame in read_frames(path):
            writer.write(frame.picture)
    join_video(tmp_path / "again.mp4", [tmp_path / "p.mp4"], Fraction(25), iterate_audio(path))
    heard = np.abs(decode_audio(tmp_path / "again.mp4").samples[:, 0])
    loud = np.flatnonzero(heard > 0.1) / RATE
    assert loud[0] == pytest.approx(0.3, abs=0.03)
    assert loud[-1] == pytest.approx(0.3 + seconds, abs=0.03)


@pytest.mark.parametrize("late", [0.68, -0.4])
def test_pictures_last_as_long_as_they_do_beside_longer_sound_in_matroska(tmp_path: Path, late: float) -> None:
    """Its headers give one length for all tracks, from the clock's zero on."""
    path = film(tmp_path / "a.mkv", [CORNERS] * 50, sound=noise(2.0, RATE), late=late)
    assert probe_video(path).frames == pytest.approx(50, abs=1)
    assert probe(path).duration == pytest.approx(2.0 + late, abs=0.05) == decode_audio(path).duration


def test_lines_of_two_moments_become_one_picture(tmp_path: Path) -> None:
    """An interlaced bar that runs has the teeth of a comb in every stored frame, and none as it is read."""
    moments = [np.full((64, 96, 3), 40, np.uint8) for _ in range(24)]
    for number, moment in enumerate(moments):
        moment[:, 4 + 3 * number : 16 + 3 * number] = 220
    woven = []
    for first, second in zip(moments[::2], moments[1::2], strict=True):
        both = first.copy()
        both[1::2] = second[1::2]
        woven.append(both)
    path = film(tmp_path / "a.mp4", woven, options={"crf": "4", "flags": "+ildct+ilme", "x264-params": "tff=1:no-deblock=1"})
    seen = [frame.picture for frame in read_frames(path)]
    assert len(seen) == len(woven) and [round(frame.time * 25) for frame in read_frames(path)] == list(range(12))
    assert combed(woven[6]) > 10 * combed(seen[6])
    assert [frame.time for frame in read_frames(path, Fraction(25), first=5, count=2)] == [0.2, 0.24]
    for number, picture in enumerate(seen):
        middle = float(np.flatnonzero(picture[32, :, 0] > 130).mean())
        assert middle == pytest.approx(11 + 6 * number, abs=2), number


def combed(picture: np.ndarray) -> float:
    """By how much each line differs from the mean of its neighbours."""
    lines = picture.astype(np.float32)
    return float(np.abs(lines[1:-1] - (lines[:-2] + lines[2:]) / 2).mean())


def test_pictures_that_change_their_size_are_fitted_into_the_first(tmp_path: Path) -> None:
    """A call's or a window's recording: all pictures have one size, nothing of them is cut, and none is squeezed."""
    wide = film(tmp_path / "wide.ts", [CORNERS] * 5)
    tall = film(tmp_path / "tall.ts", [CORNERS.transpose(1, 0, 2)] * 5, late=-0.2)
    path = tmp_path / "both.ts"
    path.write_bytes(wide.read_bytes() + tall.read_bytes())
    seen = [frame.picture for frame in read_frames(path)]
    assert {picture.shape for picture in seen} == {(64, 96, 3)} and len(seen) == 10
    later = seen[-1]
    assert later[:, :24].max() < 30 and later[:, -24:].max() < 30 and quarters(later[:, 27:69]) == [0, 2, 1, 3]
    assert next(read_frames(path, Fraction(25), first=8, count=1)).picture.shape == (64, 96, 3)


@pytest.mark.parametrize(("ending", "codec"), [("ts", "libx264"), ("ts", "mpeg2video"), ("flv", "libx264"), ("webm", "libvpx")])
def test_reading_begins_at_any_picture_of_any_container(tmp_path: Path, ending: str, codec: str) -> None:
    """Also where seeking lands behind what is wanted, as in a transport stream: parts of a job begin at such places."""
    path = film(tmp_path / f"a.{ending}", [np.full((64, 96, 3), 4 * number, np.uint8) for number in range(60)], codec=codec)
    for first in (1, 13, 47, 59):
        seen = next(read_frames(path, Fraction(25), first=first, count=1)).picture
        assert float(seen.mean()) / 4 == pytest.approx(first, abs=1.1)
