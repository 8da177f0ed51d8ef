"""A film of somebody who talks says something else: what was said before is gone, lips close, and nothing is left on the skin."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from engines.analysis.engine import FaceAnalysis
from engines.analysis.face_mesh import FaceMesh
from engines.analysis.landmarks import Face
from engines.analysis.mouth_measurement import correlation
from engines.contract.faces import MouthTrack
from engines.faces.common.face_frame import FaceFrame
from engines.faces.puppet.calm_mouth import CalmMouth
from engines.faces.puppet.engine import Puppet
from engines.faces.puppet.lip_calibration import LipCalibration
from engines.faces.puppet.lip_line import with_closed_lips
from engines.faces.puppet.mouth_shape import MouthShape
from engines.faces.puppet.renderer import Expression, FaceRenderer
from media.video.images import read_image
from media.video.read import Picture, read_frames
from tests.engines.faces.puppet.conftest import ASSETS, speak, write_video


@pytest.fixture(scope="module")
def calm() -> Picture:
    """A face whose lips are closed."""
    return read_image(ASSETS / "portraits" / "la-donna-velata.jpg")[120:480, 60:420].copy()


@pytest.fixture(scope="module")
def talking(calm: Picture, finder: FaceMesh) -> list[Picture]:
    """She says something: closed, wide open, round, in turn."""
    drawn = FaceRenderer(calm, with_closed_lips(calm, finder.find(calm)[0]))
    openings = np.abs(np.sin(np.arange(40) * 0.55)) * 0.4
    openings[:4] = 0
    return [drawn.render(Expression(MouthShape(float(one), pucker=float(one > 0.3)))) for one in openings]


def test_what_was_filmed_is_gone_and_what_is_said_is_seen(
    puppet: Puppet, analysis: FaceAnalysis, talking: list[Picture], track: MouthTrack, tmp_path: Path
) -> None:
    video = write_video(tmp_path / "v.mp4", talking)
    result, _ = speak(puppet, video, track, tmp_path / "r", 40)
    before, after = (analysis.measure(one, [25, 1], 40) for one in (video, result))
    wanted = track.at(after.times)[:, 0]
    assert before.gaps.max() > 0.3
    assert correlation(wanted, after.gaps) >= 0.85
    assert abs(correlation(before.gaps, after.gaps)) < 0.35 + abs(correlation(before.gaps, wanted))


def test_a_wide_open_mouth_comes_to_rest_as_the_calm_one(calm: Picture, talking: list[Picture], finder: FaceMesh) -> None:
    """Nothing of the opening stays: no second lip, no dark line at the corners, no tooth."""
    face = finder.find(calm)[0]
    lips = LipCalibration.learned(calm, face, finder)
    widest = max(talking, key=lambda one: finder.find(one)[0].mouth_gap)
    at_rest, placed, fits = CalmMouth.of(calm, face, lips).brought_to(widest, finder.find(widest)[0])
    frame = FaceFrame(placed)
    assert fits == 1 and finder.find(at_rest)[0].mouth_gap < 0.08 < 0.3 < finder.find(widest)[0].mouth_gap
    rows, columns = np.indices(calm.shape[:2]).astype(np.float32)
    u, v = frame.of(columns, rows)
    mouth = (np.abs(u) < 0.8) & (v > -0.3) & (v < 0.35)
    # softened, for the paint's own cracks lie elsewhere when anything moves by half a pixel
    soft = [cv2.GaussianBlur(one, (0, 0), 2.5).astype(int) for one in (calm, at_rest, widest)]
    assert np.abs(soft[1] - soft[0])[mouth].mean() < 0.6 * np.abs(soft[2] - soft[0])[mouth].mean()
    calmest, rested = (float(np.percentile(one[mouth].mean(axis=1), 1)) for one in soft[:2])
    assert abs(rested - calmest) < 6


@pytest.mark.parametrize("off", [-0.09, 0.07])
def test_the_line_between_the_lips_is_found_where_it_is_dark(calm: Picture, finder: FaceMesh, off: float) -> None:
    """Points that lie half a lip too high or too low come to the same line."""
    face = finder.find(calm)[0]
    right = with_closed_lips(calm, face)
    frame = FaceFrame(right)
    lips = [78, 191, 80, 81, 82, 13, 312, 311, 310, 415, 308, 95, 88, 178, 87, 14, 317, 402, 318, 324]
    moved = right.points.copy()
    moved[lips, :2] += frame.down * off * frame.unit
    again = with_closed_lips(calm, Face(moved))
    assert np.abs((again.points[lips, :2] - right.points[lips, :2]) @ frame.down).max() < 0.03 * frame.unit


def test_pictures_that_speak_keep_what_is_not_the_lower_face(
    puppet: Puppet, talking: list[Picture], track: MouthTrack, tmp_path: Path, finder: FaceMesh
) -> None:
    video = write_video(tmp_path / "v.mp4", talking)
    result, _ = speak(puppet, video, track, tmp_path / "r", 12)
    frame = FaceFrame(finder.find(talking[0])[0])
    rows, columns = np.indices(talking[0].shape[:2]).astype(np.float32)
    _, v = frame.of(columns, rows)
    for given, made in zip(read_frames(video), read_frames(result), strict=False):
        assert np.abs(given.picture.astype(int) - made.picture)[v < -1.6 * frame.nose].mean() < 2
