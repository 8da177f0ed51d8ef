"""What is in front of a face is told from the face: things that are drawn before the sample portraits."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from engines.analysis import mesh_points as points
from engines.analysis.engine import FaceAnalysis
from engines.analysis.face_mesh import FaceMesh
from engines.analysis.hands import HandFinder, HandsBefore
from engines.analysis.in_front import OwnColours, hair_in_front, mouth_is_covered
from engines.analysis.landmarks import Face
from engines.analysis.person_mask import PersonMask
from engines.contract import EnginePaths
from engines.contract.errors import EngineError
from engines.contract.faces import FaceChoice
from media.video.images import read_image, write_picture
from media.video.read import Picture
from tests.engines.analysis import drawn
from tests.engines.contract_suite import loaded
from tests.engines.faces.puppet.conftest import ASSETS

PORTRAITS = ("astronaut.png", "la-donna-velata.jpg", "mona-lisa.jpg", "girl-with-a-pearl-earring.jpg")

HANDS = HandFinder(ASSETS)


@pytest.fixture(scope="module")
def mesh() -> FaceMesh:
    return FaceMesh(ASSETS)


def head_of(mesh: FaceMesh, name: str) -> tuple[Picture, Face]:
    """The surroundings of a portrait's face, and the face in them."""
    picture = read_image(ASSETS / "portraits" / name)
    face = mesh.find(picture)[0]
    left, top = (int(max(0, value - face.height)) for value in face.centre)
    right, bottom = (int(value + face.height) for value in face.centre)
    part = np.ascontiguousarray(picture[top:bottom, left:right])
    return part, mesh.find(part)[0]


def inside(picture: Picture, face: Face) -> NDArray[np.bool_]:
    area = np.zeros(picture.shape[:2], np.uint8)
    return np.asarray(cv2.fillPoly(area, [face.points[list(points.OVAL), :2].astype(np.int32)], 1) > 0)


@pytest.mark.parametrize("name", PORTRAITS)
def test_a_face_with_nothing_before_it_is_left_whole(mesh: FaceMesh, name: str) -> None:
    picture, face = head_of(mesh, name)
    assert OwnColours(picture, face).in_front(picture, face) is None
    assert not mouth_is_covered(picture, face)
    front = hair_in_front(picture, face)
    assert front[inside(picture, face)].mean() < 0.2
    for ids in (points.RIGHT_UPPER_LID + points.RIGHT_LOWER_LID[::-1], points.LEFT_UPPER_LID + points.LEFT_LOWER_LID[::-1],
                points.OUTER_UPPER_LIP + points.OUTER_LOWER_LIP[-2:0:-1]):  # fmt: skip
        feature = cv2.fillPoly(np.zeros(front.shape, np.uint8), [face.points[list(ids), :2].astype(np.int32)], 1)
        assert front[feature > 0].mean() < 0.05, "a shaded eye that touches the edge of the face is its own"


@pytest.mark.parametrize("name", PORTRAITS[:3])
def test_a_microphone_before_a_filmed_mouth_is_found(mesh: FaceMesh, name: str) -> None:
    picture, face = head_of(mesh, name)
    with_it = drawn.microphone(picture, face)
    found = OwnColours(picture, face).in_front(with_it, mesh.follow(with_it, face) or face)
    assert found is not None and found.covers_mouth
    there = (with_it != picture).any(axis=2) & inside(picture, face)
    assert found.mask[there].mean() > 0.7
    assert found.mask[~there & inside(picture, face)].mean() < 0.08
    assert hair_in_front(with_it, face)[there].mean() > 0.7, "without knowing the face before, over the lips too"


@pytest.mark.parametrize("name", PORTRAITS[:3])
def test_a_mask_is_no_place_for_a_mouth(mesh: FaceMesh, name: str, site: EnginePaths, tmp_path: Path) -> None:
    picture, face = head_of(mesh, name)
    masked = drawn.mask(picture, face)
    write_picture(tmp_path / "masked.png", masked)
    engine = loaded(FaceAnalysis, site)
    assert isinstance(engine, FaceAnalysis)
    with pytest.raises(EngineError, match=r"Something covers the mouth in the picture|No face was found"):
        engine.look(tmp_path / "masked.png", FaceChoice())
    assert hair_in_front(masked, face)[inside(picture, face) & (masked != picture).any(axis=2)].mean() > 0.8


def test_glasses_strands_and_a_fringe_are_in_front(mesh: FaceMesh) -> None:
    picture, face = head_of(mesh, "astronaut.png")
    oval = inside(picture, face)
    for draw, least in ((drawn.strands, 0.7), (drawn.fringe, 0.8), (drawn.glasses, 0.4)):
        with_it = draw(picture, face)
        found = hair_in_front(with_it, mesh.follow(with_it, face) or face)
        there = (with_it != picture).any(axis=2) & oval
        assert found[there].mean() > least, draw.__name__
        eye = face.points[list(points.RIGHT_UPPER_LID + points.RIGHT_LOWER_LID), :2].mean(axis=0)
        assert found[int(eye[1]), int(eye[0])] < 0.5, "an eye is the face's own"


@pytest.mark.parametrize("name", PORTRAITS[:3])
def test_a_hand_in_the_colour_of_the_face_is_found_by_its_shape(mesh: FaceMesh, name: str) -> None:
    picture, face = head_of(mesh, name)
    assert HANDS.near(picture, face) == [], "a face is no hand"
    oval, shares = inside(picture, face), []
    for right, down, turn in ((0.25, 0.3, 60), (0.3, 0.0, 150), (0.1, 0.35, 100)):
        with_it, share = drawn.hand(picture, face, right, down, turn)
        followed = HandsBefore(HANDS)
        found = [followed.of(with_it, face) for _ in range(4)]  # searched, followed twice, searched
        for one in found:
            assert one is not None
            shares.append(float(one.mask[(share > 0.5) & oval].mean()))
            assert one.mask[(share < 0.5) & oval].mean() < 0.25, "little of the face goes with it"
        assert followed.of(picture, face) is None, "it has gone"
    assert min(shares) > 0.4 and np.mean(shares) > 0.75, "the hand stays in front"


def test_what_is_behind_a_person_is_no_person(mesh: FaceMesh) -> None:
    picture, face = head_of(mesh, "astronaut.png")
    person = PersonMask(ASSETS).around(picture, face)
    assert person[inside(picture, face)].mean() > 0.97 and person[:30, :30].mean() < 0.1
    assert PersonMask(ASSETS).beside(picture, face)[inside(picture, face)].mean() < 0.03
