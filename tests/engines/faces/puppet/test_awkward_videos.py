"""Videos as they come: turned, huge, tall, silent, too short, too long, hidden mouths, damaged. A right result or a reason."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from engines.analysis.engine import FaceAnalysis
from engines.analysis.face_mesh import FaceMesh
from engines.contract.errors import EngineError
from engines.contract.faces import AnimateRequest, FaceChoice, MouthTrack
from engines.faces.puppet.engine import Puppet
from media.audio.decode import probe
from media.errors import MediaError
from media.video.read import Picture, probe_video, read_frames
from tests.engines.analysis.drawn import hand, microphone
from tests.engines.faces.puppet.conftest import SENTENCE, speak, write_video
from tests.engines.faces.puppet.test_puppet import sync


def turned_by_a_phone(path: Path) -> Path:
    """The same file with a display matrix that says: turn me by 90 degrees (ISO 14496-12)."""
    data = bytearray(path.read_bytes())
    at = data.index(b"tkhd") + 4 + 40
    matrix = [0, 1 << 16, 0, -(1 << 16), 0, 0, 0, 0, 1 << 30]
    data[at : at + 36] = b"".join(value.to_bytes(4, "big", signed=True) for value in matrix)
    turned = path.with_name("turned.mp4")
    turned.write_bytes(data)
    return turned


def test_a_phone_s_turned_video_speaks_upright(
    puppet: Puppet, finder: FaceMesh, face_picture: Picture, track: MouthTrack, tmp_path: Path
) -> None:
    tall = np.vstack([face_picture, np.full_like(face_picture, 90)[:100]])
    stored = np.ascontiguousarray(np.rot90(tall))
    video = turned_by_a_phone(write_video(tmp_path / "v.mp4", [stored] * 12))
    result, parts = speak(puppet, video, track, tmp_path / "r", 12)
    assert sum(part.edited for part in parts) == 12
    last = list(read_frames(result))[-1].picture
    assert last.shape == tall.shape and abs(finder.find(last)[0].centre - finder.find(tall)[0].centre).max() < 6


def test_four_thousand_pixels_across(puppet: Puppet, face_picture: Picture, track: MouthTrack, tmp_path: Path) -> None:
    large = np.full((2160, 3840, 3), 100, np.uint8)
    large[400:1480, 1400:2480] = cv2.resize(face_picture, (1080, 1080), interpolation=cv2.INTER_CUBIC)
    _, parts = speak(puppet, write_video(tmp_path / "v.mp4", [large] * 2), track, tmp_path / "r", 2)
    assert sum(part.edited for part in parts) == 2
    info = probe_video(parts[0].path)
    assert (info.width, info.height) == (3840, 2160)


def test_a_tall_video_without_sound_speaks_longer_than_it_lasts(
    puppet: Puppet, analysis: FaceAnalysis, face_picture: Picture, track: MouthTrack, tmp_path: Path
) -> None:
    """Half a second of pictures holds its last one for as long as the sound; the mouth goes on."""
    tall = np.vstack([face_picture, np.full((200, 240, 3), 60, np.uint8)])
    video = write_video(tmp_path / "v.mp4", [tall] * 12)
    assert not probe(video).has_audio
    result, parts = speak(puppet, video, track, tmp_path / "r", 45)
    assert sum(part.edited for part in parts) == 45
    assert abs(probe_video(result).duration - probe(SENTENCE).duration) < 0.06
    assert sync(analysis, result, track, 45)[0] >= 0.85


def test_beyond_its_sound_a_mouth_is_at_rest(
    puppet: Puppet, analysis: FaceAnalysis, face_picture: Picture, track: MouthTrack, tmp_path: Path
) -> None:
    """A video that lasts longer than the speech closes its mouth and goes on."""
    short = MouthTrack(track.values[:60], "exact")
    result, _ = speak(puppet, write_video(tmp_path / "v.mp4", [face_picture] * 30), short, tmp_path / "r", 30)
    gaps = analysis.measure(result, [25, 1], 30).gaps
    assert gaps[17:].max() < gaps[:14].max() - 0.05
    assert gaps[17:].std() < 0.01


def test_a_hand_over_the_mouth_is_left_alone_and_listed(
    puppet: Puppet, finder: FaceMesh, face_picture: Picture, track: MouthTrack, tmp_path: Path
) -> None:
    """Nothing is drawn on the hand, and the face speaks as ever before and after it."""
    hidden = face_picture.copy()
    mouth = finder.find(face_picture)[0].points[13, :2]
    cv2.ellipse(hidden, (int(mouth[0]), int(mouth[1]) + 6), (46, 26), 8, 0, 360, (196, 150, 128), -1, cv2.LINE_AA)
    frames = [face_picture] * 12 + [hidden] * 10 + [face_picture] * 12
    result, parts = speak(puppet, write_video(tmp_path / "v.mp4", frames), track, tmp_path / "r", 34)
    passed = {number for part in parts for start, end in part.gaps for number in range(start, end)}
    assert set(range(13, 21)) <= passed <= set(range(11, 23))
    shown = list(read_frames(result))[17].picture.astype(int)
    assert np.abs(shown - hidden)[120:200, 70:170].mean() < 4


def test_a_hand_at_the_chin_stays_in_front_of_a_mouth_that_speaks(
    puppet: Puppet, finder: FaceMesh, face_picture: Picture, track: MouthTrack, tmp_path: Path
) -> None:
    """It has the colour of the face and covers a corner of the mouth."""
    face = finder.find(face_picture)[0]
    held, share = hand(face_picture, face, 0.42, 0.42, 60)
    frames = [face_picture] * 10 + [held] * 12
    result, parts = speak(puppet, write_video(tmp_path / "v.mp4", frames), track, tmp_path / "r", 22)
    assert sum(part.edited for part in parts) == 22, "it speaks behind the hand"
    shown = [frame.picture.astype(int) for frame in read_frames(result)]
    own = cv2.erode((share > 0.99).astype(np.uint8), np.ones((7, 7), np.uint8)) > 0
    assert max(np.abs(shown[number] - held)[own].mean() for number in range(12, 21)) < 4


def test_a_microphone_that_is_raised_stays_in_front(
    puppet: Puppet, finder: FaceMesh, face_picture: Picture, track: MouthTrack, tmp_path: Path
) -> None:
    """It comes in from the side: beside the lips they speak behind it, before them they stay as filmed and are listed."""
    face = finder.find(face_picture)[0]
    frames = [face_picture] * 8 + [microphone(face_picture, face, 0.85)] * 8 + [microphone(face_picture, face)] * 10
    result, parts = speak(puppet, write_video(tmp_path / "v.mp4", frames), track, tmp_path / "r", 26)
    passed = {number for part in parts for start, end in part.gaps for number in range(start, end)}
    assert set(range(18, 25)) <= passed and not passed & set(range(8, 15))
    shown = [frame.picture.astype(int) for frame in read_frames(result)]
    held = (frames[10] != face_picture).any(axis=2)
    held = cv2.erode(held.astype(np.uint8), np.ones((7, 7), np.uint8)) > 0
    assert max(np.abs(shown[number] - frames[number])[held].mean() for number in range(9, 15)) < 8
    assert np.abs(shown[21] - frames[21])[held].mean() < 8 and np.abs(shown[21] - frames[21]).mean() < 6  # encoded twice


def test_the_chosen_one_of_two_people_in_a_video_speaks(
    puppet: Puppet, face_picture: Picture, track: MouthTrack, tmp_path: Path
) -> None:
    two = np.hstack([face_picture, face_picture])
    choice = FaceChoice(x=0.75, y=0.5)
    result, _ = speak(puppet, write_video(tmp_path / "v.mp4", [two] * 14), track, tmp_path / "r", 14, choice=choice)
    mouth = slice(130, 190)
    moved = [np.abs(frame.picture.astype(int) - two)[mouth].mean(axis=2) for frame in read_frames(result)]
    right, left = (np.mean([one[:, middle - 40 : middle + 40].mean() for one in moved]) for middle in (360, 120))
    assert right > 1.5 * left


def test_a_driving_video_without_a_face_at_first(
    puppet: Puppet, portrait: Callable, face_picture: Picture, tmp_path: Path
) -> None:
    """It begins to lead when somebody comes in; one with nobody is refused."""
    nobody = np.full_like(face_picture, 90)
    request = AnimateRequest(
        portrait("mona"), write_video(tmp_path / "v.mp4", [nobody] * 8 + [face_picture] * 12), tmp_path, (25, 1), 20
    )
    (part,) = puppet.animate(request)
    assert part.frames == 20 and 0 < part.edited <= 12
    empty = AnimateRequest(portrait("mona"), write_video(tmp_path / "e.mp4", [nobody] * 8), tmp_path, (25, 1), 8)
    with pytest.raises(EngineError, match="No face was found in the driving video"):
        list(puppet.animate(empty))


def test_a_damaged_video_is_refused(puppet: Puppet, face_picture: Picture, track: MouthTrack, tmp_path: Path) -> None:
    whole = write_video(tmp_path / "v.mp4", [face_picture] * 30).read_bytes()
    torn = tmp_path / "torn.mp4"
    torn.write_bytes(whole[: len(whole) // 3])
    with pytest.raises(MediaError, match=r"damaged|cannot be read"):
        speak(puppet, torn, track, tmp_path / "r", 30)
