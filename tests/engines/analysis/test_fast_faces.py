"""A face that moves by a quarter of its height within a frame is followed, and not lost to its own lower half."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from engines.analysis.face_mesh import FaceMesh
from engines.analysis.landmarks import Face
from engines.analysis.tracking import FaceTracker
from engines.contract.faces import FaceChoice
from media.video.images import read_image
from media.video.read import Picture
from tests.engines.faces.puppet.conftest import ASSETS

STEPS = (0, 6, 20, 26, 31, 35, 30, 22, 8, 0, -24, -34, -33, -28, -8)
"""Pixels that the face moves from frame to frame, up and down."""


class Unchecked(FaceMesh):
    """The mesh followed from place to place and never held against the detector."""

    def follow(self, picture: Picture, previous: Face) -> Face | None:
        return self._followed(picture, previous)


@pytest.fixture(scope="module")
def moving() -> tuple[list[Picture], list[float]]:
    """A face 94 pixels wide before a wall, and how far down it lies in each frame."""
    face = read_image(ASSETS / "portraits" / "astronaut.png")[20:260, 100:340]
    found = FaceMesh(ASSETS).find(face)[0]
    size = round(240 * 94 / float(np.ptp(found.points[:, 0])))
    small = cv2.resize(face, (size, size), interpolation=cv2.INTER_AREA)
    frames, tops = [], []
    top = 40
    for step in STEPS:
        top += step
        frame = np.full((480, 400, 3), 120, np.uint8)
        frame[top : top + size, 90 : 90 + size] = small
        frames.append(frame)
        tops.append(float(top))
    return frames, tops


def worst(provider: FaceMesh, moving: tuple[list[Picture], list[float]]) -> float:
    """The largest distance between where the face is and where it is taken to be, in heights of the face."""
    frames, tops = moving
    seen = [tracked.face for tracked in FaceTracker(provider, FaceChoice()).track(enumerate(frames))]
    assert all(face is not None for face in seen)
    first = provider.find(frames[0])[0]
    off = [
        abs((face.centre[1] - first.centre[1]) - (top - tops[0])) / first.height
        for face, top in zip(seen, tops, strict=True)
        if face
    ]
    return max(off)


def test_a_fast_face_is_not_lost_to_its_lower_half(moving: tuple[list[Picture], list[float]]) -> None:
    assert worst(FaceMesh(ASSETS), moving) < 0.12
    assert worst(Unchecked(ASSETS), moving) > 0.3  # the control: what the detector's answer is for


def test_a_face_that_stays_is_followed_to_the_same_points(moving: tuple[list[Picture], list[float]]) -> None:
    frame = moving[0][0]
    checked, unchecked = FaceMesh(ASSETS), Unchecked(ASSETS)
    first = checked.find(frame)[0]
    one, other = checked.follow(frame, first), unchecked.follow(frame, first)
    assert one is not None and other is not None
    np.testing.assert_array_equal(one.points, other.points)


def test_how_much_a_face_looks_like_a_person_s() -> None:
    """A tree that lives, and people painted and photographed."""
    import gradio

    tree = Path(gradio.__file__).parent / "media_assets" / "images" / "groot.jpeg"
    finder = FaceMesh(ASSETS)
    assert max((one.likeness for one in finder.find(read_image(tree))), default=0) < 0.88
    for portrait in (ASSETS / "portraits").iterdir():
        assert finder.find(read_image(portrait))[0].likeness > 0.88, portrait.name
