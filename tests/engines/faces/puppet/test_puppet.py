"""The built-in engine: what it says is what is seen, what it need not touch stays, and what it cannot do it refuses in words."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

import cv2
import numpy as np
import pytest

from engines.analysis import mesh_points as points
from engines.analysis.engine import FaceAnalysis
from engines.analysis.face_mesh import FaceMesh
from engines.analysis.landmarks import Face
from engines.analysis.mouth_measurement import agreement
from engines.contract.errors import EngineError
from engines.contract.faces import AnimateRequest, FaceChoice, MouthTrack, RenderedPart
from engines.faces.puppet.engine import Puppet
from engines.faces.puppet.mouth_shape import MouthShape
from engines.faces.puppet.renderer import Expression, FaceRenderer
from media.audio.decode import probe
from media.video.images import read_image, write_picture
from media.video.read import Picture, probe_video
from tests.engines.faces.puppet.conftest import blank, speak, write_video

Spoken = Callable[[str], tuple[Path, list[RenderedPart]]]


@pytest.fixture(scope="module")
def spoken(puppet: Puppet, portrait: Callable, track: MouthTrack, tmp_path_factory: pytest.TempPathFactory) -> Spoken:
    """1.6 seconds of a sample portrait speaking, rendered once."""
    return cache(lambda name: speak(puppet, portrait(name), track, tmp_path_factory.mktemp(name)))


def sync(analysis: FaceAnalysis, result: Path, track: MouthTrack, frames: int, fps: int = 25) -> tuple[float, int]:
    reading = analysis.measure(result, [fps, 1], frames)
    return agreement(track.at(reading.times)[:, 0], reading.gaps)


@pytest.mark.parametrize("name", ["astronaut", "la-donna", "girl"])
def test_the_mouth_follows_the_track(analysis: FaceAnalysis, spoken: Spoken, track: MouthTrack, name: str) -> None:
    result, parts = spoken(name)
    correlation, lag = sync(analysis, result, track, 40)
    assert correlation >= 0.85 and abs(lag) <= 1
    assert sum(part.frames for part in parts) == sum(part.edited for part in parts) == 40
    assert abs(probe_video(result).duration - 1.6) < 1e-6


def test_another_track_is_not_followed(analysis: FaceAnalysis, spoken: Spoken, track: MouthTrack) -> None:
    """The measure can fail: against the same speech backwards it does."""
    result, _ = spoken("astronaut")
    assert sync(analysis, result, MouthTrack(track.values[::-1].copy(), "exact"), 40)[0] < 0.6


@pytest.mark.parametrize("name", ["astronaut", "la-donna"])
def test_a_video_of_the_studio_speaks_anew(
    puppet: Puppet, analysis: FaceAnalysis, portrait: Callable, track: MouthTrack, tmp_path: Path, name: str
) -> None:
    """The new speech is seen, and not the old one: the astronaut's mouth is small, and smiles."""
    first, _ = speak(puppet, portrait(name), track, tmp_path / "first", 60)
    other = MouthTrack(np.roll(track.values, 37, axis=0), "exact")
    second, parts = speak(puppet, first, other, tmp_path / "second", 60)
    correlation, lag = sync(analysis, second, other, 60)
    assert correlation >= 0.85 and abs(lag) <= 1
    assert abs(sync(analysis, second, track, 60)[0]) < 0.6
    assert not any(part.gaps for part in parts)


def test_a_portrait_follows_a_driving_mouth(
    puppet: Puppet, analysis: FaceAnalysis, portrait: Callable, spoken: Spoken, tmp_path: Path
) -> None:
    driving, _ = spoken("mona")
    request = AnimateRequest(portrait("astronaut"), driving, tmp_path, (25, 1), 40)
    (part,) = puppet.animate(request)
    wanted, seen = (analysis.measure(video, [25, 1], 40).gaps for video in (driving, part.path))
    correlation, lag = agreement(wanted, seen)
    assert correlation >= 0.85 and abs(lag) <= 1


@pytest.mark.parametrize("name", ["astronaut", "girl", "la-donna", "mona"])
def test_lips_close(finder: FaceMesh, portrait: Callable, name: str) -> None:
    """At p, b and m they touch, also where the picture smiles with teeth."""
    picture = read_image(portrait(name))
    face = finder.find(picture)[0]
    puppeteer = FaceRenderer(picture, face)
    shut, wide = (
        finder.find(puppeteer.render(Expression(shape)))[0].mouth_gap for shape in (MouthShape(0.0, press=0.6), MouthShape(0.3))
    )
    assert shut < 0.12 < wide
    assert shut < 0.5 * wide


def test_a_rounded_mouth_is_narrower_than_a_wide_one(finder: FaceMesh, portrait: Callable) -> None:
    """Measured on the drawn frames: "oo" beside "ee" with the same opening."""
    for name, most in (("astronaut", 0.88), ("la-donna", 0.93), ("mona", 0.93)):
        picture = read_image(portrait(name))
        face = finder.find(picture)[0]
        renderer = FaceRenderer(picture, face)
        drawn = [renderer.render(Expression(MouthShape(0.1, wide, pucker))) for wide, pucker in ((1.0, 0.0), (0.0, 1.0))]
        wide, rounded = (found for one in drawn if (found := finder.follow(one, face)) is not None)
        assert rounded.mouth_width / rounded.eye_distance < most * wide.mouth_width / wide.eye_distance, name


@pytest.mark.parametrize("name", ["la-donna", "mona"])
def test_painted_teeth_are_lit_like_the_face_and_less_red(finder: FaceMesh, portrait: Callable, name: str) -> None:
    """As bright as the cheeks in the same light, where no teeth are seen in the picture."""
    picture = read_image(portrait(name))
    face = finder.find(picture)[0]
    puppeteer, shape = FaceRenderer(picture, face), MouthShape(0.22)
    lips = puppeteer.lips(shape, points.INNER_UPPER_LIP + points.INNER_LOWER_LIP)
    upper, lower = np.split(lips, [len(points.INNER_UPPER_LIP)])
    mouth = np.zeros(picture.shape[:2], np.uint8)
    cv2.fillPoly(mouth, [np.vstack([upper, lower[::-1]]).astype(np.int32)], 1)
    inside = puppeteer.render(Expression(shape))[mouth > 0].astype(float)
    light = inside.mean(axis=1)
    teeth = inside[light >= np.percentile(light, 85)].mean(axis=0)
    cheeks = np.mean([picture[round(y) - 3 : round(y) + 4, round(x) - 3 : round(x) + 4].mean(axis=(0, 1))
                      for x, y in face.points[list(points.CHEEKS), :2]], axis=0)  # fmt: skip
    assert teeth.mean() > 0.92 * cheeks.mean()
    assert teeth[0] / teeth.mean() < 0.9 * cheeks[0] / cheeks.mean()


def test_only_the_mouth_changes(finder: FaceMesh, portrait: Callable) -> None:
    """Before encoding, pixels away from mouth, jaw and neck are those of the picture, bit for bit."""
    picture = read_image(portrait("mona"))
    face = finder.find(picture)[0]
    changed = (FaceRenderer(picture, face).render(Expression(MouthShape(0.3, 0.4))) != picture).any(axis=2)
    rows, columns = np.nonzero(changed)
    left, top = face.points[:, :2].min(axis=0)
    right, bottom = face.points[:, :2].max(axis=0)
    nose = face.points[6, 1]
    assert changed.sum() > 2_000
    assert rows.min() > nose > top
    assert left - 0.2 * face.height < columns.min() and columns.max() < right + 0.2 * face.height
    assert rows.max() < bottom + 0.8 * face.height
    assert not changed[:, -50:].any() and not changed[:100].any()


def test_blinks_close_the_eyes(finder: FaceMesh, portrait: Callable) -> None:
    picture = read_image(portrait("astronaut"))
    face = finder.find(picture)[0]
    closed = finder.find(FaceRenderer(picture, face).render(Expression(MouthShape(0.2), blink=1.0)))[0]
    assert np.mean(closed.eye_openings) < 0.8 * np.mean(face.eye_openings)  # the mesh never reads shut eyes as shut


def test_a_small_face_in_a_large_picture_is_found(finder: FaceMesh, face_picture: Picture) -> None:
    large = np.full((1800, 2400, 3), 120, np.uint8)
    large[1300:1540, 1900:2140] = face_picture
    faces = finder.find(large)
    assert len(faces) == 1 and np.linalg.norm(faces[0].centre - [2020, 1420]) < 60


def test_the_chosen_one_of_two_speaks(
    puppet: Puppet, finder: FaceMesh, face_picture: Picture, track: MouthTrack, tmp_path: Path
) -> None:
    two = np.hstack([face_picture, face_picture])
    write_picture(tmp_path / "two.png", two)
    _, parts = speak(puppet, tmp_path / "two.png", track, tmp_path / "r", 10, choice=FaceChoice(x=0.75, y=0.5))
    from media.video.read import read_frames

    last = [frame.picture for frame in read_frames(parts[-1].path)][-1].astype(int)
    right, left = (np.abs(last[:, half] - two[:, half]).mean() for half in (slice(240, 480), slice(0, 240)))
    assert right > 1.3 * left


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda picture: blank(picture), "No face"),
        (lambda picture: picture[::8, ::8].copy(), "face"),
    ],
)
def test_pictures_without_a_usable_face_are_refused(
    puppet: Puppet, face_picture: Picture, track: MouthTrack, tmp_path: Path, make: Callable, reason: str
) -> None:
    write_picture(tmp_path / "f.png", make(face_picture))
    with pytest.raises(EngineError, match=reason):
        speak(puppet, tmp_path / "f.png", track, tmp_path / "r", 5)


def test_a_profile_is_refused(face_picture: Picture, finder: FaceMesh) -> None:
    from engines.analysis.face_selection import face_of

    class Turned:
        """The face that was found, turned to the side in space."""

        def find(self, picture: Picture, most: int = 16) -> list[Face]:
            points = finder.find(picture)[0].points.copy()
            angle = np.radians(60)
            x, z = points[:, 0].copy(), points[:, 2].copy()
            points[:, 0], points[:, 2] = x * np.cos(angle) - z * np.sin(angle), x * np.sin(angle) + z * np.cos(angle)
            return [Face(points)]

        def follow(self, picture: Picture, previous: Face) -> Face | None:
            return None

    with pytest.raises(EngineError, match="from the side"):
        face_of(face_picture, Turned(), FaceChoice())


def test_a_lost_face_passes_through_and_is_listed(
    puppet: Puppet, face_picture: Picture, track: MouthTrack, tmp_path: Path
) -> None:
    frames = [face_picture] * 20 + [blank(face_picture)] * 15 + [face_picture] * 20
    video = write_video(tmp_path / "lost.mp4", frames)
    _, parts = speak(puppet, video, track, tmp_path / "r", 55)
    gaps = [number for part in parts for start, end in part.gaps for number in range(start, end)]
    assert set(range(20, 35)) <= set(gaps) <= set(range(20, 41))


def test_a_hand_for_a_moment_is_bridged(puppet: Puppet, face_picture: Picture, track: MouthTrack, tmp_path: Path) -> None:
    frames = [face_picture] * 15 + [blank(face_picture)] * 3 + [face_picture] * 15
    _, parts = speak(puppet, write_video(tmp_path / "v.mp4", frames), track, tmp_path / "r", 33)
    assert sum(part.bridged for part in parts) >= 3 and not any(part.gaps for part in parts)


@pytest.mark.parametrize("fps", [12, 60])
def test_other_rates(
    puppet: Puppet, portrait: Callable, face_picture: Picture, track: MouthTrack, tmp_path: Path, fps: int
) -> None:
    video = write_video(tmp_path / "v.mp4", [face_picture] * fps, fps)
    result, _ = speak(puppet, video, track, tmp_path / "r", round(1.6 * fps), fps)
    assert abs(probe_video(result).duration - 1.6) <= 1 / fps
    assert abs(probe(result).duration - 1.6) < 0.4


def test_it_goes_on_where_it_stopped(
    puppet: Puppet, portrait: Callable, spoken: Spoken, track: MouthTrack, tmp_path: Path
) -> None:
    _, whole = spoken("astronaut")
    _, rest = speak(puppet, portrait("astronaut"), track, tmp_path / "rest", 40, first_frame=25)
    assert [part.first for part in rest] == [25]
    assert rest[0].path.read_bytes() == whole[1].path.read_bytes()
