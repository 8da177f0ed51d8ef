"""The built-in swap: another face in the clip's light, nothing else touched, and refusals in words."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import cv2
import numpy as np
import pytest

from engines.analysis.face_mesh import FaceMesh
from engines.analysis.hands import Hand, HandFinder
from engines.analysis.landmarks import Face
from engines.analysis.person_mask import PersonMask
from engines.contract.errors import EngineError
from engines.contract.faces import FaceChoice
from engines.swap.basic.engine import BasicFaceSwap
from engines.swap.basic.face_transfer import FaceTransfer
from engines.swap.basic.frontalisation import Frontal
from engines.swap.basic.mesh import cover_of, read_topology
from engines.swap.basic.source_face import SourceFace
from media.video.images import read_image, write_picture
from media.video.read import Picture
from tests.engines.analysis.drawn import glasses, hand, mask, strands
from tests.engines.swap.conftest import ASSETS, DONOR, PORTRAITS, pictures_of, request, swayed, write_clip

TOPOLOGY = read_topology(ASSETS)
PEOPLE = PersonMask(ASSETS)
HANDS = HandFinder(ASSETS)


def donor_of(finder: FaceMesh, name: str, edge: float = 0.1) -> SourceFace:
    picture = read_image(next(PORTRAITS.glob(f"{name}*")))
    return SourceFace(picture, finder.find(picture)[0], TOPOLOGY, edge, PEOPLE)


def swapped(donor: SourceFace, picture: Picture, face: Face, light: float = 0.85, strength: float = 1.0) -> Picture:
    made = picture.copy()
    assert FaceTransfer(donor, light, strength, PEOPLE, HANDS).render(picture, made, face)
    return made


def test_the_mesh_is_closed_and_each_side_mirrors_the_other() -> None:
    edges: dict[tuple[int, int], int] = {}
    for a, b, c in TOPOLOGY.triangles.tolist():
        for pair in ((a, b), (b, c), (c, a)):
            edges[pair] = edges.get(pair, 0) + 1
    assert set(edges.values()) == {1}  # wound alike: no edge is walked twice in one direction
    assert sum((b, a) not in edges for a, b in edges) == 36  # open along the oval alone
    assert (TOPOLOGY.mirror[TOPOLOGY.mirror] == np.arange(468)).all() and TOPOLOGY.mirror[33] == 263


def test_pixels_outside_the_mask_are_those_of_the_clip(finder: FaceMesh, face: Picture) -> None:
    """Bit for bit, before encoding; and the inner mouth stays the clip's own."""
    found = finder.find(face)[0]
    made = swapped(donor_of(finder, "la-donna"), face, found)
    changed = (made != face).any(axis=2)
    cover = cover_of(found.points, TOPOLOGY.triangles, face.shape[1], face.shape[0])
    assert cover is not None
    inside = np.zeros(face.shape[:2], bool)
    cover.of(inside)[:] = cover.index >= 0
    assert not changed[~inside].any() and changed[inside].mean() > 0.4
    mouth = np.zeros(face.shape[:2], np.uint8)
    lips = [78, 191, 80, 81, 82, 13, 312, 311, 310, 415, 308, 324, 318, 402, 317, 14, 87, 178, 88, 95]
    cv2.fillPoly(mouth, [np.round(found.points[lips, :2]).astype(np.int32)], 255)
    deep = cv2.erode(mouth, np.ones((3, 3), np.uint8)) > 0
    assert deep.sum() > 50 and np.abs(made[deep].astype(int) - face[deep]).mean() < 3


def test_the_features_are_the_portraits(finder: FaceMesh, face: Picture) -> None:
    """What is seen of brows and eyes is more like the donor's than like the clip's own, both laid straight."""
    found = finder.find(face)[0]
    made = swapped(donor_of(finder, "la-donna"), face, found)
    donor = read_image(DONOR)

    def straight(picture: Picture, landmarks: Face) -> np.ndarray:
        texture = cv2.resize(Frontal(picture, landmarks, TOPOLOGY).texture, (96, 96), interpolation=cv2.INTER_AREA)
        band = cv2.cvtColor(texture, cv2.COLOR_RGB2GRAY)[30:50, 12:84].astype(np.float32)
        fine = band - cv2.GaussianBlur(band, (0, 0), 8)
        return (fine - fine.mean()) / fine.std()

    seen, own, given = straight(made, found), straight(face, found), straight(donor, finder.find(donor)[0])
    assert (seen * given).mean() > 0.6 > (own * given).mean() + 0.1


def test_the_light_is_the_clips(finder: FaceMesh, face: Picture) -> None:
    """A donor in warm shade on a clip lit in blue from one side: its cheeks take the colour and the slope of the clip."""
    across = np.linspace(1.0, 0.45, face.shape[1])[np.newaxis, :, np.newaxis]
    lit = np.round(face * across * [0.75, 0.85, 1.0]).astype(np.uint8)
    found = finder.find(lit)[0]
    made = swapped(donor_of(finder, "la-donna"), lit, found)
    for place in (205, 425):
        x, y = found.points[place, :2].astype(int)
        patch = (slice(y - 5, y + 6), slice(x - 5, x + 6))
        ratio = made[patch].reshape(-1, 3).mean(axis=0) / lit[patch].reshape(-1, 3).mean(axis=0)
        assert (ratio > 0.8).all() and (ratio < 1.25).all()


def test_the_light_does_not_flicker(finder: FaceMesh, face: Picture) -> None:
    """Noise of the clip's brightness between pictures comes through damped; a cut to another light at once."""
    exchange = FaceTransfer(donor_of(finder, "la-donna"), 0.85, 1.0, PEOPLE, HANDS)
    found = finder.find(face)[0]
    x, y = found.points[205, :2].astype(int)
    levels = []
    for number in range(16):
        lit = np.round(face * (1.0 if number % 2 else 0.9)).astype(np.uint8)
        made = lit.copy()
        exchange.render(lit, made, found)
        levels.append(made[y - 4 : y + 5, x - 4 : x + 5].mean())
    assert np.abs(np.diff(levels[8:])).mean() < 0.4 * 0.1 * levels[-1]
    dark = np.round(face * 0.4).astype(np.uint8)
    made = dark.copy()
    exchange.render(dark, made, found)
    assert made[y - 4 : y + 5, x - 4 : x + 5].mean() < 0.55 * levels[-1]


def test_a_clip_is_swapped_in_parts_and_can_go_on(swapper: BasicFaceSwap, face: Picture, tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "clip.mp4", swayed(face, 30))
    parts = list(swapper.swap(request(DONOR, clip, tmp_path / "all", 30, part_frames=12)))
    assert [(part.first, part.frames, part.edited) for part in parts] == [(0, 12, 12), (12, 12, 12), (24, 6, 6)]
    (again,) = swapper.swap(request(DONOR, clip, tmp_path / "again", 30, part_frames=12, first_frame=24))
    for one, other in zip(pictures_of(parts[-1].path), pictures_of(again.path), strict=True):
        assert np.abs(one.astype(int) - other).mean() < 1.5


def test_a_face_that_is_away_passes_through_and_is_listed(swapper: BasicFaceSwap, face: Picture, tmp_path: Path) -> None:
    away = np.full_like(face, 90)
    clip = write_clip(tmp_path / "gap.mp4", [*[face] * 14, *[away] * 16, *[face] * 14])
    parts = list(swapper.swap(request(DONOR, clip, tmp_path / "r", 44)))
    ((start, end),) = [gap for part in parts for gap in part.gaps]
    assert 13 <= start <= 15 and 29 <= end <= 36
    seen = pictures_of(parts[0].path)[20]
    assert np.abs(seen.astype(int) - 90).max() <= 4


@pytest.mark.parametrize(
    ("people", "changes"),
    [((FaceChoice(x=0.75, y=0.5),), (False, True)), ((FaceChoice(x=0.25, y=0.5),), (True, False)), ((), (True, True))],
    ids=["right", "left", "everyone"],
)
def test_who_is_meant(
    swapper: BasicFaceSwap, face: Picture, tmp_path: Path, people: tuple[FaceChoice, ...], changes: tuple[bool, bool]
) -> None:
    clip = write_clip(tmp_path / "two.mp4", [np.hstack([face, face])] * 8)
    (part,) = swapper.swap(request(DONOR, clip, tmp_path / "r", 8, people=people))
    before, after = pictures_of(clip)[6].astype(int), pictures_of(part.path)[6].astype(int)
    halves = [np.abs(after[:, half] - before[:, half]).mean() > 3 for half in (slice(0, 240), slice(240, 480))]
    assert tuple(halves) == changes


@pytest.mark.parametrize("where", ["reference", "driving"])
def test_what_shows_no_face_is_refused(swapper: BasicFaceSwap, face: Picture, tmp_path: Path, where: str) -> None:
    write_picture(tmp_path / "none.png", np.full_like(face, 120))
    clip = write_clip(tmp_path / "clip.mp4", [face if where == "reference" else np.full_like(face, 90)] * 12)
    reference = tmp_path / "none.png" if where == "reference" else DONOR
    with pytest.raises(EngineError, match=f"No face was found in the {'portrait' if where == 'reference' else 'clip'}"):
        list(swapper.swap(request(reference, clip, tmp_path / "r", 12)))


def test_a_person_who_is_not_there_is_refused(swapper: BasicFaceSwap, face: Picture, tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "clip.mp4", [face] * 3)
    with pytest.raises(EngineError, match="no face number 3: the clip shows 1 face"):
        list(swapper.swap(request(DONOR, clip, tmp_path / "r", 3, people=(FaceChoice(2),))))


def test_a_profile_in_the_clip_is_left_alone(finder: FaceMesh, face: Picture) -> None:
    found = finder.find(face)[0]
    points = found.points.copy()
    angle = np.radians(60)
    middle = points.mean(axis=0)
    x, z = points[:, 0] - middle[0], points[:, 2] - middle[2]
    points[:, 0] = x * np.cos(angle) + z * np.sin(angle) + middle[0]
    points[:, 2] = z * np.cos(angle) - x * np.sin(angle) + middle[2]
    made = face.copy()
    assert not FaceTransfer(donor_of(finder, "mona"), 0.85, 1.0, PEOPLE, HANDS).render(face, made, Face(points))
    assert (made == face).all()


def test_memory_stays_flat(swapper: BasicFaceSwap, face: Picture, tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "long.mp4", [face] * 36)
    tracemalloc.start()
    try:
        list(swapper.swap(request(DONOR, clip, tmp_path / "r", 36)))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 24 * 2**20  # all pictures and their maps at once would be some 100 MiB


class _NoHands(HandFinder):
    def near(self, picture: Picture, face: Face) -> list[Hand]:
        return []


def test_a_hand_before_the_face_stays_in_front(finder: FaceMesh, face: Picture) -> None:
    """It has the colour of the face, so that only its shape tells it, and goes over the cheek, the mouth or an eye."""
    found, donor = finder.find(face)[0], donor_of(finder, "la-donna")
    kept: list[float] = []
    painted: list[float] = []
    for right, down, turn in ((0.1, 0.35, 100), (0.3, 0.0, 150)):
        clip, share = hand(face, found, right, down, turn)
        held = cv2.erode((share > 0.99).astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
        for finder_of_hands, changes in ((HANDS, kept), (_NoHands(ASSETS), painted)):
            made = clip.copy()
            assert FaceTransfer(donor, 0.85, 1.0, PEOPLE, finder_of_hands).render(clip, made, found)
            changes.append(float(np.abs(made.astype(int) - clip).mean(axis=2)[held].mean()))
    assert sum(kept) < 0.3 * sum(painted), (kept, painted)


def test_glasses_and_a_mask_of_the_clip_stay_in_front(finder: FaceMesh, face: Picture) -> None:
    found, donor = finder.find(face)[0], donor_of(finder, "la-donna")
    for draw in (glasses, mask, strands):
        clip = draw(face, found)
        made = swapped(donor, clip, finder.follow(clip, found) or found)
        there = cv2.erode((clip != face).any(axis=2).astype(np.uint8), np.ones((2, 2), np.uint8)) > 0
        bare = swapped(donor, face, found)
        kept = np.abs(made.astype(int) - clip)[there].mean()
        assert kept < 0.35 * np.abs(bare.astype(int) - clip)[there].mean(), draw.__name__


def test_hair_of_the_portrait_stays_off_the_cheek(finder: FaceMesh, face: Picture) -> None:
    """A strand on the portrait's cheek comes with it to nobody."""
    picture = read_image(PORTRAITS / "astronaut.png")
    hairy = strands(picture, finder.find(picture)[0])
    clip = read_image(DONOR)
    target = finder.find(clip)[0]
    plain, other = (
        swapped(SourceFace(one, finder.find(one)[0], TOPOLOGY, 0.1, PEOPLE), clip, target) for one in (picture, hairy)
    )
    cheek = np.round(target.points[[50, 187, 205], :2].mean(axis=0)).astype(int)
    around = (slice(cheek[1] - 30, cheek[1] + 30), slice(cheek[0] - 30, cheek[0] + 30))
    darker = plain[around].astype(int).mean(axis=2) - other[around].mean(axis=2)
    assert np.percentile(darker, 98) < 30
