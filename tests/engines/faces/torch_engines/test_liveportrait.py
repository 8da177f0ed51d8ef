"""LivePortrait through its worker on a tiny checkpoint: what it makes, what options do, what it refuses, how it ends."""

from __future__ import annotations

import shutil
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest

from engines.common.weights import repo_folder_name
from engines.contract.errors import EngineError
from engines.faces.liveportrait.engine import FILES, REPO
from media.errors import Cancelled
from media.video.images import write_picture
from studio.workers.pool import WorkerPool
from tests.engines.faces.torch_engines.asking import Pictures, change, made, performing, pictures_of, speaking

pytestmark = pytest.mark.slow

ENGINE = "liveportrait"
CODED = 1.5
"""Levels of 255, the mean over a picture, that encoding alone stays below."""


@pytest.fixture(scope="module")
def animated(face_host: WorkerPool, portrait: Path, performance: Path, tmp_path_factory: pytest.TempPathFactory) -> Pictures:
    parts, pictures = made(
        face_host, ENGINE, performing(portrait, performance, tmp_path_factory.mktemp("animated"), 6, part_frames=4)
    )
    assert [(part.first, part.frames, part.edited) for part in parts] == [(0, 4, 4), (4, 2, 2)]
    return pictures


def test_a_portrait_follows_a_performance(animated: Pictures, portrait: Path) -> None:
    assert animated.shape == (6, 256, 256, 3)
    assert change(animated[0][:140, 60:200], animated[5][:140, 60:200]) > 2 * CODED
    assert change(animated[:, 200:, :40], animated[:1, 200:, :40]) < CODED  # beyond the square nothing moves


@pytest.mark.parametrize(
    "options",
    [
        {"driving_multiplier": 1.6},
        {"animation_region": "pose"},
        {"animation_region": "lip"},
        {"flag_relative_motion": False},
        {"flag_stitching": False},
        {"flag_eye_retargeting": True, "flag_lip_retargeting": True},
        {"scale": 2.9},
        {"scale_crop_driving_video": 1.7},
        {"flag_do_rot": False},
    ],
    ids=lambda options: "-".join(options),
)
def test_an_option_reaches_the_networks(
    options: dict, animated: Pictures, face_host: WorkerPool, portrait: Path, performance: Path, tmp_path: Path
) -> None:
    _, pictures = made(face_host, ENGINE, performing(portrait, performance, tmp_path, 6, first_frame=4), **options)
    assert np.abs(pictures - animated[4:]).max() > 8


def test_no_driving_strength_means_no_movement(face_host: WorkerPool, portrait: Path, performance: Path, tmp_path: Path) -> None:
    _, pictures = made(face_host, ENGINE, performing(portrait, performance, tmp_path), driving_multiplier=0)
    assert change(pictures, pictures[:1]) < CODED


def test_a_resumed_performance_is_the_same(
    animated: Pictures, face_host: WorkerPool, portrait: Path, performance: Path, tmp_path: Path
) -> None:
    parts, pictures = made(face_host, ENGINE, performing(portrait, performance, tmp_path, 6, first_frame=4, part_frames=4))
    assert [part.first for part in parts] == [4]
    assert change(pictures, animated[4:]) < 0.05


def test_a_picture_speaks(face_host: WorkerPool, portrait: Path, sounds: tuple[Path, Path], tmp_path: Path) -> None:
    still: dict[str, Any] = {"blinks": False, "motion": 0.0}
    _, shut = made(face_host, ENGINE, speaking(portrait, sounds[0], tmp_path / "a", opening=0.0), **still)
    _, wide = made(face_host, ENGINE, speaking(portrait, sounds[0], tmp_path / "b", opening=0.6), **still)
    assert change(shut, shut[:1]) < CODED
    assert np.abs(wide - shut).max() > 8


def test_a_video_speaks_and_gaps_pass_through(
    face_host: WorkerPool, lost: Path, sounds: tuple[Path, Path], tmp_path: Path
) -> None:
    parts, pictures = made(face_host, ENGINE, speaking(lost, sounds[0], tmp_path, 30, opening=0.5))
    original = pictures_of(lost)
    assert len(parts) == 1 and len(pictures) == 30
    ((first, end),) = parts[0].gaps
    assert 9 <= first <= 11 and 20 <= end <= 26, "eleven pictures without a face, and some until it is found again"
    assert parts[0].edited == 30 - (end - first)
    assert change(pictures[12:19], original[12:19]) < 2.5  # a second encoding
    assert change(pictures[3], original[3]) > 2 * CODED
    assert change(pictures[3][:40, 200:], original[3][:40, 200:]) < 2.5


def test_a_picture_without_a_face_is_refused(face_host: WorkerPool, sounds: tuple[Path, Path], tmp_path: Path) -> None:
    empty = tmp_path / "empty.png"
    write_picture(empty, np.full((200, 200, 3), 90, np.uint8))
    with pytest.raises(EngineError, match="No face was found"):
        made(face_host, ENGINE, speaking(empty, sounds[0], tmp_path / "out"))


@pytest.mark.realtime
def test_cancel_while_pictures_are_made(face_host: WorkerPool, portrait: Path, sounds: tuple[Path, Path], tmp_path: Path) -> None:
    stop, asked = threading.Event(), [0.0]

    def heard(fraction: float, note: str) -> None:
        if "Picture 3" in note and not stop.is_set():
            asked[0] = time.monotonic()
            stop.set()

    with pytest.raises(Cancelled):
        made(
            face_host, ENGINE, speaking(portrait, sounds[0], tmp_path, 3000), cancelled=stop.is_set, on_progress=heard
        )  # fmt: skip
    assert time.monotonic() - asked[0] < 2


def test_cancel_while_loading_and_what_unloading_leaves(
    face_host: WorkerPool, portrait: Path, performance: Path, tmp_path: Path
) -> None:
    made(face_host, ENGINE, performing(portrait, performance, tmp_path, 1))
    worker = next(status.pid for status in face_host.snapshot() if status.engine_id == ENGINE)
    report = face_host.unload(ENGINE)
    assert report is not None and not psutil.pid_exists(worker)
    stop = threading.Event()
    threading.Timer(1.0, stop.set).start()
    with pytest.raises(Cancelled):
        made(face_host, ENGINE, performing(portrait, performance, tmp_path, 1), cancelled=stop.is_set)
    assert stop.is_set()


@pytest.mark.parametrize("broken", ["another network's", "cut off"])
def test_wrong_weights_are_refused_in_words(
    broken: str, spoilt_host: tuple[WorkerPool, Path], checkpoints: Path, portrait: Path, performance: Path, tmp_path: Path
) -> None:
    host, weights = spoilt_host
    folder = weights / repo_folder_name(REPO)
    shutil.copytree(checkpoints / folder.name, folder)
    warping = folder / FILES["warping"][0]
    if broken == "cut off":
        warping.write_bytes(warping.read_bytes()[:5000])
    else:
        shutil.copy(folder / FILES["generator"][0], warping)
    with pytest.raises(EngineError) as refused:
        made(host, ENGINE, performing(portrait, performance, tmp_path / "out"))
    told = str(refused.value)
    expected = ("warping_module.pth is damaged",) if broken == "cut off" else ("LivePortrait (warping)", "dense_motion_network")
    assert all(words in told for words in expected), told


def test_a_portrait_video_goes_on_moving_and_performs_as_well(
    face_host: WorkerPool, lost: Path, performance: Path, portrait: Path, tmp_path: Path
) -> None:
    """The face of `performance` drifts; it is given the performance once more, and keeps what it does itself."""
    parts, pictures = made(face_host, ENGINE, performing(performance, performance, tmp_path / "a", 6, part_frames=4))
    assert [(part.first, part.frames, part.edited) for part in parts] == [(0, 4, 4), (4, 2, 2)]
    _, alone = made(face_host, ENGINE, performing(performance, performance, tmp_path / "b", 6), driving_multiplier=0)
    original = pictures_of(performance)[:6]
    assert change(pictures[5], alone[5]) > 0.5, "the driving face moves it"
    assert change(alone[5], alone[0]) > CODED, "without one it moves as it did"
    assert change(pictures[:, 220:, :20], original[:, 220:, :20]) < CODED + 1, "beyond the square nothing changes"
    _, resumed = made(face_host, ENGINE, performing(performance, performance, tmp_path / "c", 6, first_frame=4))
    assert change(resumed, pictures[4:]) < 0.05
    _, lips = made(face_host, ENGINE, performing(performance, performance, tmp_path / "d", 6), animation_region="lip")
    assert np.abs(lips - pictures).max() > 8


def test_a_portrait_video_passes_where_its_face_is_hidden(
    face_host: WorkerPool, lost: Path, performance: Path, tmp_path: Path
) -> None:
    parts, pictures = made(face_host, ENGINE, performing(lost, performance, tmp_path, 16), flag_lip_retargeting=True)
    ((first, _),) = parts[0].gaps
    assert 9 <= first <= 11
    assert change(pictures[12:15], pictures_of(lost)[12:15]) < 2.5
