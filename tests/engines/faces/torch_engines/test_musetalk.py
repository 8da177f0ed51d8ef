"""MuseTalk through its worker on tiny checkpoints: what it makes, what it keeps, what options do, what it refuses."""

from __future__ import annotations

import shutil
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from engines.common.weights import repo_folder_name
from engines.contract import EnginePaths
from engines.contract.errors import EngineError
from engines.faces.musetalk.engine import CODEC, UNET
from media.errors import Cancelled
from media.video.images import write_picture
from studio.workers.pool import WorkerPool
from tests.engines.faces.torch_engines.asking import Pictures, change, made, pictures_of, speaking

pytestmark = pytest.mark.slow

ENGINE = "musetalk"


@pytest.fixture(scope="module")
def spoken(
    face_host: WorkerPool, portrait: Path, sounds: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory
) -> Pictures:
    parts, pictures = made(face_host, ENGINE, speaking(portrait, sounds[0], tmp_path_factory.mktemp("spoken"), 5, part_frames=3))
    assert [(part.first, part.frames, part.edited) for part in parts] == [(0, 3, 3), (3, 2, 2)]
    return pictures


def test_a_picture_speaks(spoken: Pictures) -> None:
    assert spoken.shape == (5, 256, 256, 3)
    assert change(spoken[:, 130:], spoken[:1, 130:]) < 1.5  # below the chin nothing moves
    assert np.abs(spoken[1:, 80:116, 94:155] - spoken[:1, 80:116, 94:155]).max() > 4  # the mouth does


def test_the_sound_makes_the_difference(
    spoken: Pictures, face_host: WorkerPool, portrait: Path, sounds: tuple[Path, Path], tmp_path: Path
) -> None:
    _, other = made(face_host, ENGINE, speaking(portrait, sounds[1], tmp_path, 5))
    assert np.abs(other - spoken).max() > 4


def test_a_resumed_speech_is_the_same(
    spoken: Pictures, face_host: WorkerPool, portrait: Path, sounds: tuple[Path, Path], tmp_path: Path
) -> None:
    _, pictures = made(face_host, ENGINE, speaking(portrait, sounds[0], tmp_path, 5, first_frame=3))
    assert change(pictures, spoken[3:]) < 0.05


@pytest.mark.parametrize("options", [{"extra_margin": 40}, {"parsing_mode": "raw"}], ids=lambda options: "-".join(options))
def test_an_option_reaches_the_picture(
    options: dict, spoken: Pictures, face_host: WorkerPool, portrait: Path, sounds: tuple[Path, Path], tmp_path: Path
) -> None:
    _, pictures = made(face_host, ENGINE, speaking(portrait, sounds[0], tmp_path, 2), **options)
    assert np.abs(pictures - spoken[:2]).max() > 8


def test_a_second_clip_uses_the_prepared_face(
    face_host: WorkerPool, face_site: EnginePaths, lost: Path, sounds: tuple[Path, Path], tmp_path: Path
) -> None:
    """A video of its own: what was kept of it is read again, also under another name, and what is kept decides."""
    shelf = face_site.cache / ENGINE
    before = set(shelf.iterdir()) if shelf.is_dir() else set()
    parts, first = made(face_host, ENGINE, speaking(lost, sounds[0], tmp_path / "a", 30))
    ((start, end),) = parts[0].gaps
    assert 9 <= start <= 11 and 20 <= end <= 26 and change(first[12:19], pictures_of(lost)[12:19]) < 2.5
    (kept,) = set(shelf.iterdir()) - before
    (file,) = kept.iterdir()
    written = file.stat().st_mtime_ns
    copy = tmp_path / "renamed.mp4"
    shutil.copy(lost, copy)
    again, second = made(face_host, ENGINE, speaking(copy, sounds[0], tmp_path / "b", 30))
    assert again[0].gaps == parts[0].gaps and change(first, second) < 0.05
    assert file.stat().st_mtime_ns == written and set(shelf.iterdir()) - before == {kept}
    with np.load(file) as values:
        changed = {name: values[name] for name in values.files}
    np.savez(file, **{**changed, "latents": changed["latents"] * -2})
    assert np.abs(made(face_host, ENGINE, speaking(lost, sounds[0], tmp_path / "c", 5))[1] - first[:5]).max() > 4
    file.write_bytes(b"torn")
    assert change(made(face_host, ENGINE, speaking(lost, sounds[0], tmp_path / "d", 30))[1], first) < 0.05


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
        made(face_host, ENGINE, speaking(portrait, sounds[0], tmp_path, 3000), cancelled=stop.is_set, on_progress=heard)
    assert time.monotonic() - asked[0] < 2


@pytest.mark.parametrize("broken", ["codec", "settings"])
def test_wrong_weights_are_refused_in_words(
    broken: str,
    spoilt_host: tuple[WorkerPool, Path],
    checkpoints: Path,
    portrait: Path,
    sounds: tuple[Path, Path],
    tmp_path: Path,
) -> None:
    host, weights = spoilt_host
    shutil.copytree(checkpoints, weights, dirs_exist_ok=True)
    if broken == "codec":
        settings = weights / repo_folder_name(CODEC) / "config.json"
        settings.write_text(settings.read_text("utf-8").replace('"layers_per_block": 1', '"layers_per_block": 2'), "utf-8")
        expected = "are missing"
    else:
        settings = weights / repo_folder_name(UNET) / "musetalkV15" / "musetalk.json"
        settings.write_text(
            settings.read_text("utf-8").replace('"cross_attention_dim": 32', '"cross_attention_dim": 16'), "utf-8"
        )
        expected = "have another shape"
    with pytest.raises(EngineError, match=expected) as refused:
        made(host, ENGINE, speaking(portrait, sounds[0], tmp_path / "out"))
    assert "MuseTalk" in str(refused.value)
