"""Input care: what goes to a workflow is upright, opaque, within limits, at one rate; its cost is told before and true."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engines.analysis.engine import FaceAnalysis
from engines.contract.faces import SeenFace
from media.audio.decode import probe
from media.errors import Cancelled, MediaError
from media.video.images import read_image, write_picture
from media.video.read import Picture, probe_video
from studio.errors import InvalidInput, NotFound
from studio.preprocessing import (
    Assets,
    Constraints,
    compare_framing,
    constraints_of,
    estimate_cost,
    prepare_image,
    prepare_video,
    reframed_picture,
)
from tests.engines.swap.conftest import PORTRAITS, pictures_of, write_clip

WAN = {"multiple": 16, "max_width": 832, "max_height": 480, "fps": 16, "frames_multiple": 4}


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        ((1920, 1080), (832, 464)),
        ((1080, 1920), (464, 832)),
        ((640, 360), (640, 352)),
        ((500, 500), (480, 480)),
        ((20, 9), (16, 16)),
    ],
)
def test_sizes_fit_either_way_up(size: tuple[int, int], expected: tuple[int, int]) -> None:
    assert constraints_of(WAN).size_for(*size) == expected


@pytest.mark.parametrize(("frames", "expected"), [(1, 1), (4, 1), (5, 5), (80, 77), (81, 81), (400, 81)])
def test_counts_are_4n_plus_1(frames: int, expected: int) -> None:
    assert Constraints(frames_multiple=4, max_frames=81).count_for(frames) == expected


def test_a_constraint_that_cannot_be_is_named() -> None:
    with pytest.raises(InvalidInput, match="multiple"):
        constraints_of({"multiple": 0})


def test_a_picture_is_turned_laid_on_white_and_made_to_fit(tmp_path: Path) -> None:
    clear = Image.new("RGBA", (400, 200), (255, 0, 0, 0))
    clear.paste((0, 0, 255, 255), (0, 0, 200, 200))
    exif = Image.Exif()
    exif[0x0112] = 6  # lies on its side
    clear.save(tmp_path / "given.png", exif=exif)
    made = prepare_image(tmp_path / "given.png", {"multiple": 16, "max_width": 160, "max_height": 160}, tmp_path / "out")
    picture = read_image(made)
    assert picture.shape == (160, 80, 3)
    assert (picture[20, 40] == [0, 0, 255]).all() and (picture[150, 40] == 255).all()
    assert prepare_image(tmp_path / "given.png", {"multiple": 16, "max_width": 160, "max_height": 160}, tmp_path / "out") == made


def test_nothing_is_stretched(tmp_path: Path) -> None:
    """A circle stays round when the sides are brought to multiples."""
    rows, columns = np.mgrid[0:300, 0:500]
    disc = ((rows - 150) ** 2 + (columns - 250) ** 2 < 100**2)[..., np.newaxis] * np.full(3, 255, np.uint8)
    write_picture(tmp_path / "disc.png", disc.astype(np.uint8))
    made = read_image(prepare_image(tmp_path / "disc.png", {"multiple": 64, "max_width": 260, "max_height": 260}, tmp_path))
    white = made[..., 0] > 127
    assert abs(np.ptp(np.nonzero(white.any(axis=0))[0]) - np.ptp(np.nonzero(white.any(axis=1))[0])) <= 2


def test_a_clip_is_normalised_and_its_cost_was_true(face: Picture, tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "clip.mp4", [face] * 50, sound=True)
    limits = {**WAN, "max_width": 128, "max_height": 128}
    cost = estimate_cost(clip, limits, (0.4, 1.6))
    assert (cost.width, cost.height, cost.frames, cost.fps) == (128, 128, 17, Fraction(16))
    assert cost.bytes == 17 * 128 * 128 * 12 and "17 pictures of 128 × 128" in cost.sentence()
    told: list[float] = []
    made = prepare_video(clip, limits, tmp_path / "out", (0.4, 1.6), progress=told.append)
    info = probe_video(made)
    assert (info.width, info.height, info.frames, info.fps, info.codec) == (128, 128, 17, Fraction(16), "h264")
    assert info.has_audio and abs(probe(made).duration - cost.seconds) < 0.1 and told[-1] == 1.0
    stamp = made.stat().st_mtime_ns
    assert prepare_video(clip, limits, tmp_path / "out", (0.4, 1.6)).stat().st_mtime_ns == stamp


def test_trimming_takes_the_right_pictures(tmp_path: Path) -> None:
    frames = [np.full((64, 64, 3), 10 * number, np.uint8) for number in range(25)]
    clip = write_clip(tmp_path / "steps.mp4", frames)
    seen = [int(picture[32, 32, 0]) for picture in pictures_of(prepare_video(clip, None, tmp_path / "out", (0.4, 0.8)))]
    assert len(seen) == 10 and all(abs(value - 10 * number) <= 6 for number, value in enumerate(seen, 10))


def test_a_stop_leaves_nothing_half_made(face: Picture, tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "clip.mp4", [face] * 5)

    def stop() -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        prepare_video(clip, None, tmp_path / "out", check=stop)
    assert not list((tmp_path / "out").iterdir())


def test_what_cannot_be_prepared_is_refused(tmp_path: Path, face: Picture) -> None:
    clip = write_clip(tmp_path / "clip.mp4", [face] * 5)
    with pytest.raises(InvalidInput, match="Nothing of the video is left"):
        estimate_cost(clip, None, (3.0, 4.0))
    (tmp_path / "no.png").write_text("no picture")
    with pytest.raises(MediaError):
        prepare_image(tmp_path / "no.png", None, tmp_path)


def test_a_reference_is_framed_like_the_clip(analysis: FaceAnalysis, tmp_path: Path) -> None:
    """The reframed picture's face has the size and the place of the clip's, found anew in it."""
    path = PORTRAITS / "mona-lisa.jpg"
    (face,) = analysis.faces(path)
    wanted = SeenFace(0.6, 0.3, face.height * 2.2, 0.0)
    framing = compare_framing(face, wanted)
    assert not framing.fits and "2.2 times smaller" in framing.sentence()
    assert compare_framing(face, SeenFace(0.5, 0.5, face.height * 1.1, 0.0)).fits
    made = reframed_picture(path, face, wanted, 16 / 9, tmp_path)
    height, width = read_image(made).shape[:2]
    (seen,) = analysis.faces(made)
    assert abs(width / height - 16 / 9) < 0.02
    assert abs(seen.height / wanted.height - 1) < 0.1 and abs(seen.x - 0.6) < 0.04 and abs(seen.y - 0.3) < 0.04


def test_uploads_are_kept_once_used_again_and_deleted(tmp_path: Path) -> None:
    shelf = Assets(tmp_path / "assets")
    portrait = PORTRAITS / "astronaut.png"
    kept = shelf.keep(portrait)
    assert shelf.keep(portrait).path == kept.path == shelf.keep(kept.path).path
    assert kept.kind == "image" and kept.name == "astronaut.png" and kept.path.read_bytes() == portrait.read_bytes()
    assert [one.id for one in shelf.list("image")] == [kept.id] and not shelf.list("video")
    assert shelf.of(str(kept.path)) == shelf.get(kept.id) and shelf.of(str(portrait)) is None
    shelf.delete(kept.id)
    assert not shelf.list() and portrait.is_file()
    for wrong in (kept.id, "../assets", ""):
        with pytest.raises(NotFound):
            shelf.get(wrong)
